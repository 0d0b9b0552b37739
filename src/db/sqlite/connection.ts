import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import type { SqliteDatabase, SqliteStatement } from 'kysely';

import { asStoreError } from './store-fault.ts';

/** Maximum prepared statements in the cache; the service has a few dozen queries, plus one per batch size of deliveries. */
const statementLimit = 500;
/** Maximum characters of a cached statement: the text of a large batch hardly ever repeats. */
const maxCachedLength = 10_000;

/**
 * Pages of 4 KB in the write-ahead log before a checkpoint copies them to the database: 32 MB. A page that
 * many commits change is copied once.
 */
const checkpointPages = 8_000;
/** Size to which the log is cut after it grew beyond: as much as the pages above. */
const logLimitBytes = 32 * 1024 * 1024;

/** Hears how the writes of a connection ended. */
export interface WriteObserver {
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Opens a connection. WAL with synchronous=FULL: a commit is on disk before it returns, power loss
 * included. `busyTimeoutMs`: how long a statement waits, synchronously, for another connection's write.
 * It and its statements throw `StoreUnavailable` where the store is at fault.
 */
export function openConnection(
  path: string,
  busyTimeoutMs: number,
  observer?: WriteObserver,
): SqliteDatabase {
  return guarded(observer, () => {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      database.exec(`pragma journal_mode = wal; pragma synchronous = full;
        pragma wal_autocheckpoint = ${checkpointPages}; pragma journal_size_limit = ${logLimitBytes}`);
    } catch (error) {
      database.close();
      throw error;
    }
    return adaptNodeSqlite(database, observer);
  });
}

/** Adapts `node:sqlite` to the few methods of better-sqlite3 that Kysely uses. */
export function adaptNodeSqlite(database: DatabaseSync, observer?: WriteObserver): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  /** Of the transaction under way, when SQLite ended it by itself. */
  let firstFailure: Error | undefined;
  let changesBefore: unknown;
  let countChanges: StatementSync | undefined;
  const watch: WriteObserver = {
    committed: () => observer?.committed(),
    failed: (error) => {
      if (error instanceof Error) firstFailure ??= error;
      observer?.failed(error);
    },
  };

  /** Number of rows that this connection has changed since it was opened. */
  function totalChanges(): unknown {
    countChanges ??= database.prepare('select total_changes() as changes');
    return countChanges.get()?.['changes'];
  }

  function prepare(text: string): SqliteStatement {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = special(text) ?? adapt(database.prepare(text), watch);
    if (text.length <= maxCachedLength) {
      if (statements.size >= statementLimit) statements.clear();
      statements.set(text, statement);
    }
    return statement;
  }

  /** The statements around a transaction, which need more than to be run. */
  function special(text: string): SqliteStatement | undefined {
    if (text === 'begin') return command(begin);
    if (text === 'rollback') return command(rollBack);
    return text === 'commit' ? command(commit) : undefined;
  }

  /**
   * A transaction that begins with a read fails when it writes while another process does. Taking the
   * write lock first makes it wait instead.
   */
  function begin(): void {
    // Of a transaction that could not be rolled back.
    if (database.isTransaction) database.exec('rollback');
    database.exec('begin immediate');
    firstFailure = undefined;
    changesBefore = totalChanges();
  }

  /**
   * Never throws, so that the caller gets the error that ended the transaction. SQLite has rolled back by
   * itself when the disk is full; what it could not roll back, the next `begin` does.
   */
  function rollBack(): void {
    if (!database.isTransaction) return;
    try {
      database.exec('rollback');
    } catch (error) {
      watch.failed(asStoreError(error));
    }
  }

  function commit(): void {
    if (!database.isTransaction && firstFailure !== undefined) throw firstFailure;
    const hasWritten = totalChanges() !== changesBefore;
    database.exec('commit');
    // A transaction that changed nothing wrote no page, and so says nothing about the disk.
    if (hasWritten) watch.committed();
  }

  function command(run: () => void): SqliteStatement {
    const act = () => guarded(watch, run);
    return {
      reader: false,
      all: () => (act(), []),
      run: () => (act(), { changes: 0, lastInsertRowid: 0 }),
      iterate: () => [][Symbol.iterator](),
    };
  }

  return {
    close: () => {
      if (database.isOpen) database.close();
    },
    prepare: (text) => guarded(watch, () => prepare(text)),
  };
}

function adapt(statement: StatementSync, observer: WriteObserver): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guarded(observer, () => statement.all(...values(parameters))),
    run: (parameters) => guarded(observer, () => statement.run(...values(parameters))),
    iterate: (parameters) => guarded(observer, () => statement.iterate(...values(parameters))),
  };
}

/** Runs a call of SQLite; an error for which the store is at fault becomes `StoreUnavailable`. */
function guarded<T>(observer: WriteObserver | undefined, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const failure = asStoreError(error);
    observer?.failed(failure);
    throw failure;
  }
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
    throw new TypeError(`Only text, numbers and null are stored, not ${typeof value}.`);
  });
}
