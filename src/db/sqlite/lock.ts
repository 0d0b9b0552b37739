import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import { explainUnwritable } from './file-system.ts';
import { createPrivateFile } from './private-files.ts';
import { isBusy } from './store-fault.ts';

/** Maximum wait for a second start that is about to be refused: it holds a new lock file for a moment. */
const refusedStartMs = 250;

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
 * take it. A coordinator that runs does not know at once that its lock file was deleted or replaced. So with a
 * lock file that no coordinator made its own, nobody may have the database open either.
 */
export function lockDatabase(path: string): DatabaseLock {
  makeFolder(path);
  let lock = take(path);
  const release = () => {
    if (lock.isOpen) lock.close();
  };
  if (!isMarked(lock, path) && isOpenElsewhere(path)) {
    release();
    throw new CoordinatorError(
      'database_in_use',
      `Another program has ${path} open, and the file ${lockFile(path)} was missing or is not the one it was: a coordinator may be running on it. Stop it first, or close what reads the database, and start again.`,
    );
  }
  mark(lock, path);
  let identity = identityOf(lockFile(path));

  function renew(): boolean {
    if (identityOf(lockFile(path)) === identity) return false;
    const next = take(path, refusedStartMs);
    mark(next, path);
    release();
    lock = next;
    identity = identityOf(lockFile(path));
    return true;
  }

  return { release, renew };
}

const versionRow = z.object({ user_version: z.int() });

/** True when a coordinator marked this very file; a copy of a marked file is another file. */
function isMarked(lock: DatabaseSync, path: string): boolean {
  const { user_version } = versionRow.parse(lock.prepare('pragma user_version').get());
  return user_version === markOf(path);
}

/** Marks the file as the lock of a coordinator. Without the mark, on a full disk, the next start looks again. */
function mark(lock: DatabaseSync, path: string): void {
  if (isMarked(lock, path)) return;
  try {
    lock.exec(`pragma user_version = ${markOf(path)}; commit`);
  } catch {
    if (lock.isTransaction) lock.exec('rollback');
  }
  // Unlocked for a moment: whoever is faster finds the mark and has the lock.
  begin(lock, path);
}

/** From the number of the file, as a positive 32-bit integer. */
function markOf(path: string): number {
  return (statSync(lockFile(path)).ino % 0x7fff_ffff) + 1;
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

function take(path: string, waitMs = 0): DatabaseSync {
  const lock = openLock(path, waitMs);
  begin(lock, path);
  return lock;
}

/** Takes the lock, or closes the file and throws. */
function begin(lock: DatabaseSync, path: string): void {
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw explainUnwritable(path, error);
    const message = `Another coordinator is using ${path}. Stop it first, or give this one a DATABASE_URL of its own.`;
    throw new CoordinatorError('database_in_use', message, { cause: error });
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainUnwritable(path, error);
  }
}

function openLock(path: string, waitMs: number): DatabaseSync {
  try {
    createPrivateFile(lockFile(path));
    return new DatabaseSync(lockFile(path), { timeout: waitMs });
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
