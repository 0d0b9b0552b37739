import { statSync } from 'node:fs';

import { networkMessage, explainUnwritable, unsafeFileSystem } from '../db/sqlite/file-system.ts';
import { lockDatabase, type DatabaseLock } from '../db/sqlite/lock.ts';
import { isMigrated, migrate } from '../db/migrations.ts';
import { closeToOthers, createPrivateFile } from '../db/sqlite/private-files.ts';
import { quickCheckInThread, quickCheckOn } from '../db/sqlite/quick-check.ts';
import { prepareSpool, spoolPath } from '../db/spool/file.ts';
import { damageFault } from '../db/sqlite/store-fault.ts';
import { CoordinatorError, describeError, StoreUnavailable } from '../errors.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { SqliteThread } from '../db/sqlite/thread.ts';
import type { StoreGuard } from '../db/sqlite/store-guard.ts';
import type { Logger } from '../log.ts';
import type { Overrides } from './overrides.ts';

/** Size up to which the start waits for the check of every page: about three seconds on a slow disk. */
const maxCheckedAtStart = 256 * 1024 * 1024;
/** Size up to which reading every page takes less time than starting a thread for it. */
const maxCheckedInPlace = 4 * 1024 * 1024;

interface ClaimParts {
  readonly config: Pick<Config, 'database' | 'allowNetworkDatabase'>;
  readonly overrides: Overrides;
  readonly log: Logger;
}

interface OpeningParts extends Omit<ClaimParts, 'overrides'> {
  readonly db: Database;
  readonly thread: SqliteThread;
  readonly guard: StoreGuard;
}

/** Refuses a database on a network file system, unless the operator insists; locks it otherwise. */
export function claimDatabase({ config, overrides, log }: ClaimParts): DatabaseLock {
  const { database, allowNetworkDatabase } = config;
  const unsafe = unsafeFileSystem(database, overrides.statFs);
  if (unsafe?.certain === true && !allowNetworkDatabase)
    throw new CoordinatorError('network_file_system', networkMessage(database, unsafe));
  if (unsafe !== undefined)
    log.warn(
      { fileSystem: unsafe.name },
      'the database is on a file system that may not be a local disk',
    );
  return lockDatabase(database);
}

/**
 * Checks and migrates the database, and opens both connections. A damaged database is opened all the same, so
 * that `/health` can say so, but nothing can be written to it.
 */
export async function openStore(parts: OpeningParts): Promise<void> {
  const { config, db, thread, guard, log } = parts;
  const path = config.database;
  try {
    const found = await checkPages(parts);
    createPrivateFile(path);
    await migrate(db);
    prepareSpool(spoolPath(path));
    await thread.open();
    const open = closeToOthers(path);
    if (open.length > 0)
      log.warn(
        { files: open },
        'other users may read the database: its files belong to another user',
      );
    guard.remember();
    if (found !== undefined) guard.latch(damageFault(found));
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || error.fault?.kind === 'damaged') throw error;
    throw explainUnwritable(path, error.cause ?? error);
  }
}

/** What is wrong with a page; throws when a database that has to be migrated is damaged. */
async function checkPages(parts: OpeningParts): Promise<string | undefined> {
  const { config, db, log } = parts;
  const path = config.database;
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return undefined;
  if (size > maxCheckedAtStart) {
    log.info({ bytes: size }, 'the database is large: its pages are checked beside the service');
    void checkBeside(parts);
    return undefined;
  }
  const found = await (size > maxCheckedInPlace ? quickCheckInThread(path) : quickCheckOn(db));
  if (found === undefined || (await isMigrated(db).catch(() => false))) return found;
  throw new CoordinatorError(
    'database_damaged',
    `The database ${path} is damaged (${found}). Restore a backup (docs/operations.md), or correct DATABASE_URL.`,
  );
}

async function checkBeside({ config, guard, log }: OpeningParts): Promise<void> {
  try {
    const found = await quickCheckInThread(config.database);
    if (found !== undefined) guard.latch(damageFault(found));
  } catch (error) {
    log.warn({ reason: describeError(error) }, 'the pages of the database could not be checked');
  }
}
