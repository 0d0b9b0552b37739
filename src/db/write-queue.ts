import type { Transaction } from 'kysely';

import { createSerial } from '../lib/serial.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';
import type { StoreGuard } from './store-guard.ts';

/** One commit being stored and one that the storing thread finds ready after it; more would make commits smaller. */
const maxCommitsUnderWay = 2;

export type WriteQueue = ReturnType<typeof createWriteQueue>;

/**
 * One writer at a time. SQLite has one write lock, and this process has two connections: two writes at once
 * would make one wait blindly, and on the main thread the event loop would wait with it.
 *
 * Promises: `run` and `transaction` run alone. Commits of deliveries (`beginCommit`) run beside no other write
 * and beside one other commit at most. All wait in one line, which the other writes enter one at a time: at
 * most one of them is ahead of a commit. A write that fails does not stop the next one.
 *
 * Accepted races: another process may write at the same time (a command that replays a delivery); then the
 * busy timeout of the connection applies. A `work` that waits for the network, or for another write, holds up
 * every write; nothing prevents it.
 *
 * With a `guard`, a write rejects with `StoreUnavailable` when the files of the database are not in place
 * after it, so that nobody is told that it is stored.
 */
export function createWriteQueue(db: Database, guard?: StoreGuard) {
  const underWay = new Set<Promise<void>>();
  const serially = createSerial();

  /** Runs a write alone. `work` must wait for nothing but the database. */
  function run<T>(work: () => Promise<T>): Promise<T> {
    return serially('other writes', () =>
      serially('all', async () => {
        await Promise.all(underWay);
        guard?.assertUsable();
        const result = await work();
        guard?.assertUsable();
        return result;
      }),
    );
  }

  /** Runs a write alone, in a transaction. */
  function transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return run(() => db.transaction().execute(work));
  }

  /** Begins a commit when its turn comes, and resolves when it has begun. `commit` must not reject. */
  function beginCommit(commit: () => Promise<void>): Promise<void> {
    return serially('all', async () => {
      while (underWay.size >= maxCommitsUnderWay) await Promise.race(underWay);
      const ended = commit().finally(() => underWay.delete(ended));
      underWay.add(ended);
    });
  }

  /** Resolves when no commit of deliveries is under way. */
  async function committed(): Promise<void> {
    await Promise.all(underWay);
  }

  return { run, transaction, beginCommit, committed };
}
