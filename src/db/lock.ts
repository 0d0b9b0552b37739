import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { CoordinatorError } from '../errors.ts';
import { explainUnwritable } from './file-system.ts';
import { createPrivateFile } from './private-files.ts';
import { isBusy } from './store-fault.ts';

export interface DatabaseLock {
  /** Unlocks; may be called twice. */
  readonly release: () => void;
  /**
   * Takes the lock anew when its file was deleted or replaced; returns whether it had to. Throws
   * `database_in_use` when another coordinator was faster.
   */
  readonly renew: () => boolean;
}

/**
 * Locks `<database>.lock` for this process. The lock is an exclusive transaction on a small database of its
 * own, so the operating system releases it however the process dies. Commands that only read or replay do not
 * take it. When the file of the lock is missing, nobody may have the database open either: a coordinator that
 * runs would go on without knowing that its lock is gone.
 */
export function lockDatabase(path: string): DatabaseLock {
  const isNew = makeFolder(path) && !existsSync(lockFile(path));
  let lock = take(path);
  let identity = identityOf(lockFile(path));
  const release = () => {
    if (lock.isOpen) lock.close();
  };
  if (isNew && isOpenElsewhere(path)) {
    release();
    throw new CoordinatorError(
      'database_in_use',
      `Another program has ${path} open, and the file ${lockFile(path)} was missing: a coordinator may be running on it. Stop it first, or close what reads the database, and start again.`,
    );
  }

  function renew(): boolean {
    if (identityOf(lockFile(path)) === identity) return false;
    const next = take(path);
    release();
    lock = next;
    identity = identityOf(lockFile(path));
    return true;
  }

  return { release, renew };
}

/** True when another process has the database open, whatever became of its lock file. */
export function isOpenElsewhere(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // An open connection in WAL mode holds a shared lock on the file for as long as it lives.
    database.exec('pragma locking_mode = exclusive');
    database.prepare('select 1 from sqlite_schema').get();
    return false;
  } catch (error) {
    // What else is wrong with it is found, and said, when it is opened.
    return isBusy(error);
  } finally {
    database.close();
  }
}

function take(path: string): DatabaseSync {
  const lock = openLock(path);
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw explainUnwritable(path, error);
    const message = `Another coordinator is using ${path}. Stop it first, or give this one a DATABASE_URL of its own.`;
    throw new CoordinatorError('database_in_use', message, { cause: error });
  }
}

function makeFolder(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return true;
  } catch (error) {
    throw explainUnwritable(path, error);
  }
}

function openLock(path: string): DatabaseSync {
  try {
    createPrivateFile(lockFile(path));
    return new DatabaseSync(lockFile(path), { timeout: 0 });
  } catch (error) {
    throw explainUnwritable(path, error);
  }
}

/** One lock for all links to the database. */
function lockFile(path: string): string {
  const real = existsSync(path)
    ? realpathSync(path)
    : join(realpathSync(dirname(path)), basename(path));
  return `${real}.lock`;
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
