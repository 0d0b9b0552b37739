import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Maximum prepared statements in the cache; the service has a few dozen queries, plus one per batch size of deliveries. */
const statementLimit = 500;
/** Maximum characters of a cached statement: the text of a large batch hardly ever repeats. */
const maxCachedLength = 10_000;

/**
 * Pages of 4 KB in the write-ahead log before a checkpoint copies them to the database: 32 MB. A page that
 * many commits change is copied once.
 */
const checkpointPages = 8_000;

/**
 * Opens a connection. WAL with synchronous=FULL: a commit is on disk before it returns, power loss
 * included. `busyTimeoutMs`: how long a statement waits, synchronously, for another connection's write.
 */
export function openConnection(path: string, busyTimeoutMs: number): SqliteDatabase {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec(`pragma journal_mode = wal; pragma synchronous = full;
    pragma wal_autocheckpoint = ${checkpointPages}`);
  return adaptNodeSqlite(database);
}

/** Adapts `node:sqlite` to the few methods of better-sqlite3 that Kysely uses. */
export function adaptNodeSqlite(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => {
      if (database.isOpen) database.close();
    },
    prepare: (text) => {
      const known = statements.get(text);
      if (known !== undefined) return known;
      // A transaction that begins with a read fails when it writes while another process does. Taking the
      // write lock first makes it wait instead.
      const statement = adapt(database.prepare(text === 'begin' ? 'begin immediate' : text));
      if (text.length <= maxCachedLength) {
        if (statements.size >= statementLimit) statements.clear();
        statements.set(text, statement);
      }
      return statement;
    },
  };
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
    throw new TypeError(`Only text, numbers and null are stored, not ${typeof value}.`);
  });
}
