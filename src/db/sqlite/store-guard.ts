import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import { StoreUnavailable, type StoreFault } from '../../errors.ts';
import type { WriteObserver } from './connection.ts';
import { damageFault, faultOf } from './store-fault.ts';

/** The two connections that write: `main`, and `deliveries`, which brings them in. Stored in `store_checks`. */
export type Writer = 'main' | 'deliveries';

interface StoreGuardOptions {
  readonly path: string;
  /** What is wrong with the pages of a database; undefined: nothing. */
  readonly quickCheck: (path: string) => string | undefined;
  readonly now: () => number;
}

export type StoreGuard = ReturnType<typeof createStoreGuard>;

/**
 * Knows whether what the service stores can still be found again: how the latest write of each connection
 * ended, and whether the files under the database's path are the ones that are open.
 *
 * Promise: after `remember`, `assertUsable` throws `StoreUnavailable` as soon as a file is gone, replaced or
 * cut, and for good once the database is damaged, so nothing that is lost is acknowledged.
 * Accepted race: a file that goes between this check and the answer.
 *
 * Files are only looked at, never opened: closing any descriptor of a database file in this process would
 * release the locks that SQLite holds on it (POSIX locks belong to the process).
 */
export function createStoreGuard({ path, quickCheck, now }: StoreGuardOptions) {
  const failing = new Map<Writer, StoreUnavailable>();
  let files: ReadonlyMap<string, FileIdentity> | undefined;
  let size = 0;
  let damage: StoreUnavailable | undefined;
  let commits = 0;
  let refused = 0;
  let lastRefusedAt: number | undefined;

  function observe(writer: Writer): WriteObserver {
    return {
      committed: () => {
        commits += 1;
        failing.delete(writer);
      },
      failed: (error) => {
        if (error instanceof StoreUnavailable) failed(writer, error);
      },
    };
  }

  function failed(writer: Writer, error: StoreUnavailable): void {
    failing.set(writer, error);
    countRefusal();
    if (error.fault?.kind === 'damaged') damage ??= error;
  }

  /** Takes the files that are there now as the ones that are open; call it when both connections are. */
  function remember(): void {
    const database = realpathSync(path);
    const present = [database, `${database}-wal`, `${database}-shm`].filter((file) =>
      existsSync(file),
    );
    files = new Map(present.map((file) => [file, identityOf(file)]));
    size = statSync(database).size;
  }

  /** Throws, and counts a refused write, when nothing may be acknowledged any more. */
  function assertUsable(): void {
    try {
      check();
    } catch (error) {
      countRefusal();
      throw error;
    }
  }

  function countRefusal(): void {
    refused += 1;
    lastRefusedAt = now();
  }

  function check(): void {
    if (damage !== undefined) throw damage;
    for (const [file, identity] of files ?? []) {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found === undefined || !isSame(found, identity))
        throw new StoreUnavailable(displaced(file, found !== undefined));
      if (file.endsWith('-wal') || file.endsWith('-shm')) continue;
      if (found.size < size) assertUndamaged(file);
      size = found.size;
    }
  }

  /** A database shrinks when somebody runs VACUUM on it, and when it is cut. */
  function assertUndamaged(file: string): void {
    const found = quickCheck(file);
    if (found === undefined) return;
    damage = new StoreUnavailable(damageFault(found));
    throw damage;
  }

  /** Refuses every write from now on. */
  function latch(fault: StoreFault): void {
    damage ??= new StoreUnavailable(fault);
  }

  /** Why the store is down, as far as writes and files tell; undefined while it is not. */
  function fault(): StoreFault | undefined {
    try {
      check();
    } catch (error) {
      return faultOf(error);
    }
    return [...failing.values()].map(faultOf).find((found) => found !== undefined);
  }

  /** Says that the latest commit was of a check, and so is no sign that the service is in use. */
  function commitWasACheck(): void {
    commits -= 1;
  }

  /** Number of writes that the store refused since the start, and when it refused the last one. */
  function refusals() {
    return { refusedWrites: refused, lastRefusedAt };
  }

  /** Bytes in the write-ahead log; 0 when a checkpoint has copied them all. */
  function logBytes(): number {
    return statSync(`${realpathSync(path)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  return {
    ...{ observe, remember, assertUsable, latch, fault, refusals, logBytes, commitWasACheck },
    /** Number of commits so far, without those of checks. */
    commits: () => commits,
  };
}

interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

function identityOf(file: string): FileIdentity {
  const { dev, ino } = statSync(file);
  return { dev, ino };
}

function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function displaced(file: string, isThere: boolean): StoreFault {
  const part = /-(wal|shm)$/.test(file) ? 'A file of the running database' : 'The database';
  const what = isThere ? 'was replaced' : 'was deleted or moved';
  return {
    kind: 'displaced',
    cause: `${part} (${basename(file)}) ${what} under the running service.`,
    cure: /-(wal|shm)$/.test(file)
      ? 'Restart the service: it saves what it holds when it stops.'
      : 'Put the file back, or stop the service, restore a backup and start it (docs/operations.md).',
  };
}
