import { StoreUnavailable, type StoreFault } from '../../errors.ts';

/** Faults by SQLite's primary result code. Every other code is a fault of the statement. */
const faults: ReadonlyMap<number, StoreFault> = new Map([
  [3, readOnly()],
  [
    5,
    {
      kind: 'busy',
      cause: 'Another program is writing to the database.',
      cure: 'End that program, for example a sqlite3 shell or a backup tool with an open transaction.',
    },
  ],
  [8, readOnly()],
  [10, failingDisk()],
  [11, damaged()],
  [
    13,
    {
      kind: 'full',
      cause: 'The disk of the database is full.',
      cure: 'Free some space on the file system of DATABASE_URL; the service goes on by itself.',
    },
  ],
  [
    14,
    {
      kind: 'cannot_open',
      cause: 'The file of the database cannot be opened.',
      cure: 'Give the user of the service the right to read and write the file and its folder.',
    },
  ],
  [15, failingDisk()],
  [26, damaged()],
]);

function readOnly(): StoreFault {
  return {
    kind: 'read_only',
    cause: 'The database is read-only.',
    cure: 'Make its file system writable, or give the user of the service the right to write the file and its folder.',
  };
}

function failingDisk(): StoreFault {
  return {
    kind: 'disk',
    cause: 'The disk of the database fails.',
    cure: 'Look for errors of the disk in the log of the system, for a quota, and for a limit on the size of files.',
  };
}

function damaged(): StoreFault {
  return {
    kind: 'damaged',
    cause: 'The database is damaged.',
    cure: 'Stop the service, check the disk, and restore a backup (docs/operations.md).',
  };
}

/** The fault of an error that the store threw. */
export function faultOf(error: unknown): StoreFault | undefined {
  return error instanceof StoreUnavailable ? error.fault : undefined;
}

/** SQLite's primary result code of an error, or of the error that it wraps. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return error instanceof StoreUnavailable ? sqliteCode(error.cause) : undefined;
}

/** An error of SQLite as `StoreUnavailable` where the store is at fault, else the error itself. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  const fault = faults.get(sqliteCode(error) ?? 0);
  return fault === undefined ? error : new StoreUnavailable(fault, { cause: error });
}

/** The fault of a damaged database with what a check found; `found` is one line of SQLite. */
export function damageFault(found: string): StoreFault {
  const { cure, kind } = damaged();
  return { kind, cause: `The database is damaged: ${found}.`, cure };
}

/** SQLITE_BUSY: another process holds the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === 5;
}

/** SQLITE_NOTADB: the file is of another program, as opposed to a locked, damaged or unreadable database. */
export function isNoDatabase(error: unknown): boolean {
  return sqliteCode(error) === 26;
}
