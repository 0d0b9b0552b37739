import { existsSync } from 'node:fs';

import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely';

import { CoordinatorError, describeError } from '../errors.ts';
import { isMigrated } from './migrations.ts';
import { openConnection } from './node-sqlite.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

/**
 * Longest a query waits for another connection's write, in milliseconds. SQLite is called synchronously, so
 * this long the event loop would stand still; everybody else writes single statements only.
 */
const busyTimeoutMs = 250;

/** The connection everything but taking deliveries in goes through; opened with the first query. */
export function createDatabase(path: string): Database {
  return new Kysely<Schema>({
    dialect: new Dialect({
      database: () => Promise.resolve(openConnection(path, busyTimeoutMs)),
    }),
  });
}

/**
 * SQLite rolls a schema change back like anything else; Kysely's own adapter denies it, and its migrator
 * would then leave a half-made schema behind when it is killed.
 */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter();
  }
}

/**
 * A second connection for a command beside the service, which may be running. The command must keep its
 * writes to single statements.
 */
export async function openExisting(path: string): Promise<Database> {
  if (!existsSync(path)) {
    const message = `There is no database at ${path}. Start the coordinator once, or correct DATABASE_URL.`;
    throw new CoordinatorError('no_database', message);
  }
  const db = createDatabase(path);
  try {
    if (await isMigrated(db)) return db;
  } catch (error) {
    await db.destroy();
    if (error instanceof CoordinatorError) throw error;
    const message = isNotADatabase(error)
      ? `${path} is not a coordinator database.`
      : `The database at ${path} could not be read. ${describeError(error)}`;
    throw new CoordinatorError('no_database', message, { cause: error });
  }
  await db.destroy();
  const message = `The database at ${path} is of another version. Start this version of the coordinator once to bring it up to date.`;
  throw new CoordinatorError('not_migrated', message);
}

/** SQLITE_NOTADB, as opposed to a database that is locked, damaged or not readable. */
function isNotADatabase(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 26;
}
