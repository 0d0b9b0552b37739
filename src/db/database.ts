import { existsSync } from 'node:fs';

import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely';

import { CoordinatorError, describeError, StoreUnavailable } from '../errors.ts';
import { isPostgresUrl, shownLocation } from './location.ts';
import { isMigrated } from './migrations.ts';
import { openConnection, type WriteObserver } from './sqlite/connection.ts';
import { openConnections } from './postgres/connections.ts';
import type { Schema } from './schema.ts';
import { isNoDatabase } from './sqlite/store-fault.ts';

export type Database = Kysely<Schema>;

/**
 * Maximum wait of a query for another connection's write. SQLite is called synchronously, so the event loop
 * blocks meanwhile; all other processes write single statements only.
 */
const busyTimeoutMs = 250;

/**
 * The connection for everything but taking in deliveries; the first query opens it. `location` is the path of a
 * file of SQLite, or a `postgres://` URL.
 */
export function createDatabase(location: string, observer?: WriteObserver): Database {
  if (isPostgresUrl(location)) return openConnections({ url: location });
  const database = () => Promise.resolve(openConnection(location, busyTimeoutMs, observer));
  return new Kysely<Schema>({ dialect: new Dialect({ database }) });
}

/**
 * SQLite can roll back a schema change, but Kysely's adapter denies it: its migrator would leave a half-made
 * schema behind when the process is killed.
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
 * Opens a second connection, for a command that may run beside the service. The command must write single
 * statements only. Throws `no_database`, `not_migrated` or `development_database`.
 */
export async function openExisting(location: string): Promise<Database> {
  const path = shownLocation(location);
  if (!isPostgresUrl(location) && !existsSync(location)) {
    const message = `There is no database at ${path}. Start the coordinator once, or correct DATABASE_URL.`;
    throw new CoordinatorError('no_database', message);
  }
  const db = createDatabase(location);
  try {
    if (await isMigrated(db)) return db;
  } catch (error) {
    await db.destroy();
    if (error instanceof CoordinatorError && !(error instanceof StoreUnavailable)) throw error;
    const message = isNoDatabase(error)
      ? `${path} is not a coordinator database.`
      : `The database at ${path} could not be read. ${error instanceof StoreUnavailable ? error.message : describeError(error)}`;
    throw new CoordinatorError('no_database', message, { cause: error });
  }
  await db.destroy();
  const message = `The database at ${path} is of another version. If it is older, start this version of the coordinator once to bring it up to date; if it is newer, use the version that wrote it.`;
  throw new CoordinatorError('not_migrated', message);
}
