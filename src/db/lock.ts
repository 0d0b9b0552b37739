import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { CoordinatorError } from '../errors.ts';

/**
 * Locks `<database>.lock` for this process, and returns the function that unlocks it. The lock is an exclusive
 * transaction on a small database of its own, so the operating system releases it however the process dies.
 * Commands that only read or replay do not take it.
 */
export function lockDatabase(path: string): () => void {
  const lock = openLock(path);
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw unwritable(path, error);
    const message = `Another coordinator is using ${path}. Stop it first, or give this one a DATABASE_URL of its own.`;
    throw new CoordinatorError('database_in_use', message, { cause: error });
  }
  return () => {
    if (lock.isOpen) lock.close();
  };
}

function openLock(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return new DatabaseSync(`${realPath(path)}.lock`, { timeout: 0 });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** One path for all links to the database. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

function unwritable(path: string, cause: unknown): CoordinatorError {
  const message = `The database ${path} cannot be written. Give this user the right to write its folder, or correct DATABASE_URL.`;
  return new CoordinatorError('database_unwritable', message, { cause });
}

/** SQLITE_BUSY: another process holds the lock. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}
