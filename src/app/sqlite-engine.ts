import type { Config } from '../config.ts';
import { createDatabase } from '../db/database.ts';
import type { Engine, Replica } from '../db/engine.ts';
import { createStoreCheck } from '../db/health.ts';
import type { DatabaseLock } from '../db/sqlite/lock.ts';
import { quickCheck } from '../db/sqlite/quick-check.ts';
import { createSqliteThread } from '../db/sqlite/thread.ts';
import { spoolPath } from '../db/spool/file.ts';
import { createStoreGuard, type StoreGuard } from '../db/sqlite/store-guard.ts';
import { createWriteQueue } from '../db/write-queue.ts';
import { fileSizes } from '../db/file-sizes.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Overrides } from './overrides.ts';
import { claimDatabase, openStore } from './store-opening.ts';

/** Size of the write-ahead log from which it is cut although there are writes: twice its usual maximum. */
const maxLogBytes = 64 * 1024 * 1024;

interface SqliteEngineParts {
  readonly config: Pick<Config, 'database' | 'allowNetworkDatabase'>;
  readonly overrides: Overrides;
  readonly now: () => number;
  readonly log: Logger;
}

/** One coordinator: it holds what it handles in memory, and always leads. */
const onlyReplica: Replica = {
  id: '',
  hold: (issues) => Promise.resolve(issues[0]),
  release: () => undefined,
  heldElsewhere: () => Promise.resolve([]),
  isLeader: () => true,
  onLeader: () => undefined,
  gone: () => Promise.resolve([]),
  notify: () => undefined,
  onNotify: () => undefined,
};

/** SQLite: one file, locked for one coordinator, with a connection in a thread of its own that takes in the spool. */
export function createSqliteEngine({ config, overrides, now, log }: SqliteEngineParts) {
  const path = config.database;
  const guard = createStoreGuard({ path, quickCheck, now });
  const opened = createDatabase(path, guard.observe('main'));
  const db = overrides.aroundDatabase?.(opened) ?? opened;
  const thread = createSqliteThread(path, { guard, spool: spoolPath(path) });
  const writes = createWriteQueue(db, guard);
  let lock: DatabaseLock | undefined;
  let commitsBefore = -1;

  async function open(): Promise<void> {
    lock = claimDatabase({ config, overrides, log });
    await openStore({ config, db, thread, guard, log });
  }

  /** Notices when the lock is gone. */
  function look(): void {
    try {
      if (lock?.renew() === true) log.warn('the lock file of the database was gone: locked again');
    } catch (error) {
      guard.latch({
        kind: 'displaced',
        cause: 'The lock file of the database is gone, and cannot be taken again.',
        cure: `Make sure that no other coordinator uses the database, and restart the service (${describeError(error, 200)}).`,
      });
    }
  }

  /** Empties the write-ahead log when nothing is written, so that a copy of the idle database is whole. */
  async function tidy(): Promise<void> {
    const commits = guard.commits();
    const isIdle = commits === commitsBefore;
    commitsBefore = commits;
    const bytes = guard.logBytes();
    if (bytes === 0 || (!isIdle && bytes <= maxLogBytes)) return;
    await cutLog();
  }

  /** In the thread, so that the event loop does not wait for the disk. */
  function cutLog(): Promise<unknown> {
    return writes.run(() => thread.all('pragma main.wal_checkpoint(truncate)', []));
  }

  /** Copies the write-ahead log into the database, so that the one file holds everything. */
  async function finish(): Promise<void> {
    try {
      if (lock !== undefined && guard.fault() === undefined) await cutLog();
    } catch (error) {
      log.warn({ err: error }, 'the log of the database stays beside it: keep both files');
    }
    await thread.close();
  }

  return {
    ...{ db, writes, now, open, look, tidy, finish, guard, replica: onlyReplica },
    spooled: thread.all,
    check: createStoreCheck({ thread, writes, guard }),
    fault: guard.fault,
    refusals: guard.refusals,
    sizes: () => new Promise((resolve) => resolve(fileSizes(path))),
    close: async () => {
      await db.destroy();
      lock?.release();
    },
  } satisfies Engine & { readonly guard: StoreGuard };
}
