import { chmodSync, closeSync, existsSync, openSync, realpathSync, statSync } from 'node:fs';

/** Others than the owner may do nothing: the texts of private repositories are in it. */
const ownerOnly = 0o600;
const others = 0o077;

/** Creates an empty file for its owner alone, unless there is one. SQLite gives its log the mode of the database. */
export function createPrivateFile(file: string): void {
  // An existing file must not be opened: closing it would release the locks this process has on it.
  if (existsSync(file)) return;
  try {
    closeSync(openSync(file, 'wx', ownerOnly));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
}

/** The files of a database that others than their owner may read or write. */
export function openToOthers(path: string): string[] {
  const real = realpathSync(path);
  return ['', '-wal', '-shm', '.lock', '.spool', '.spool-wal', '.spool-shm']
    .map((suffix) => `${real}${suffix}`)
    .filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & others) !== 0);
}

/** Takes the files of a database away from others than their owner; returns those for which it has no right. */
export function closeToOthers(path: string): string[] {
  return openToOthers(path).filter((file) => {
    try {
      chmodSync(file, ownerOnly);
      return false;
    } catch {
      return true;
    }
  });
}
