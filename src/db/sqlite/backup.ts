import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { CoordinatorError, describeError } from '../../errors.ts';
import { explainUnwritable } from './file-system.ts';
import { isPostgresUrl } from '../location.ts';
import { quickCheck } from './quick-check.ts';
import { asStoreError, sqliteCode } from './store-fault.ts';
import { holdSpool } from '../spool/take-in.ts';

/** Maximum wait for a write of the running service. */
const busyTimeoutMs = 5_000;
/** Names of unfinished copies. Not by the process: in a container each backup has the same id. */
const partPrefix = '.coordinator-backup-';
const partSuffix = '.part';
/** Time without a write after which an unfinished copy was left by a backup that was killed. */
const leftoverMs = 3_600_000;

/**
 * Writes a consistent copy of a database into a new file, whether a service uses it or not, and verifies it. The
 * copy is one file, without a log beside it, and holds what waits in the spool. Throws `no_database`, `backup_exists`, `backup_failed` or
 * `database_unwritable`, and then leaves no file behind.
 *
 * It reads one state of the database for as long as it takes, and the write-ahead log grows meanwhile.
 */
export function backUp(path: string, target: string): void {
  if (isPostgresUrl(path))
    throw new CoordinatorError(
      'backup_failed',
      'The database is on a PostgreSQL server: back it up with pg_dump, or as the server is backed up.',
    );
  if (!existsSync(path))
    throw new CoordinatorError(
      'no_database',
      `There is no database at ${path}. Correct DATABASE_URL.`,
    );
  const file = resolve(target);
  if (existsSync(file)) throw existing(file);
  removeLeftovers(dirname(file));
  // Complete or not there at all: the name is given when the copy has been verified.
  const part = join(dirname(file), `${partPrefix}${randomUUID()}${partSuffix}`);
  create(part, file);
  try {
    copy(path, part, file);
    verify(part);
    giveName(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Removes what killed backups left; one that is being written has changed lately. */
function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(partPrefix) || !name.endsWith(partSuffix)) continue;
      const part = join(folder, name);
      if (Date.now() - statSync(part).mtimeMs > leftoverMs) rmSync(part, { force: true });
    }
  } catch {
    // Another backup was faster, or the folder cannot be read: that it cannot be written is said below.
  }
}

/** Unlike a rename, a link never replaces a file that appeared meanwhile. */
function giveName(part: string, file: string): void {
  try {
    linkSync(part, file);
  } catch {
    if (existsSync(file)) throw existing(file);
    // A file system without links.
    renameSync(part, file);
  }
}

function existing(file: string): CoordinatorError {
  return new CoordinatorError(
    'backup_exists',
    `${file} exists already. A backup never overwrites a file: choose another name, or move that file away.`,
  );
}

/** Empty, for its owner alone: SQLite keeps the mode, and VACUUM INTO takes an empty file. */
function create(part: string, file: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
    chmodSync(part, 0o600);
  } catch (error) {
    throw explainUnwritable(file, error, 'The backup');
  }
}

function copy(path: string, part: string, file: string): void {
  const database = new DatabaseSync(realpathSync(path), { timeout: busyTimeoutMs });
  let spool: ReturnType<typeof holdSpool>;
  try {
    // Before the copy begins: what leaves the spool meanwhile is in one of the two.
    spool = holdSpool(path);
    database.prepare('vacuum into ?').run(part);
    spool?.takeInto(part);
  } catch (error) {
    throw failed(path, file, error);
  } finally {
    spool?.close();
    database.close();
  }
}

/** SQLITE_FULL, SQLITE_IOERR and SQLITE_READONLY concern the file that is written. */
const concernsTarget: readonly (number | undefined)[] = [8, 10, 13];

function failed(path: string, file: string, error: unknown): CoordinatorError {
  if (concernsTarget.includes(sqliteCode(error)))
    return explainUnwritable(file, error, 'The backup');
  const store = asStoreError(error);
  const why = store instanceof CoordinatorError ? store.message : describeError(error);
  return new CoordinatorError('backup_failed', `The database ${path} could not be copied. ${why}`, {
    cause: error,
  });
}

function verify(part: string): void {
  const found = quickCheck(part);
  if (found === undefined) return;
  throw new CoordinatorError(
    'backup_failed',
    `The copy is damaged (${found}), and so was not kept. Check the database with doctor.`,
  );
}
