import type { Transaction } from 'kysely';

import { createSerial } from '../lib/serial.ts';
import { runTransaction } from './after-commit.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';
import type { StoreGuard } from './sqlite/store-guard.ts';

export type WriteQueue = ReturnType<typeof createWriteQueue>;

/**
 * The write queue on SQLite (that on PostgreSQL, where `run` locks nothing: postgres/decisions.ts). One writer at a
 * time. SQLite has one write lock, and this process has two connections to the database: two writes
 * at once would make one wait blindly, and on the main connection the event loop would wait with it.
 *
 * Promises: `run` and `transaction` run alone, in the order of the calls. A write that fails does not stop the next one.
 *
 * Accepted races: another process may write at the same time (a command that replays a delivery); then the
 * busy timeout of the connection applies. A `work` that waits for the network, or for another write, holds up
 * every write; nothing prevents it.
 *
 * With a `guard`, a write rejects with `StoreUnavailable` when the files of the database are not in place
 * after it, so that nobody is told that it is stored.
 */
export function createWriteQueue(db: Database, guard?: StoreGuard) {
  const serially = createSerial();

  /** Runs a write alone. `work` must wait for nothing but the database. */
  function run<T>(work: () => Promise<T>): Promise<T> {
    return serially('all', async () => {
      guard?.assertUsable();
      const result = await work();
      guard?.assertUsable();
      return result;
    });
  }

  /** Runs a write alone, in a transaction. */
  function transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return run(() => runTransaction(db, work));
  }

  return { run, transaction };
}

/** The same queue, which calls `onWrite` after each write that succeeded. */
export function watchWrites({ run, transaction }: WriteQueue, onWrite: () => void): WriteQueue {
  const watched = async <T>(write: Promise<T>): Promise<T> => {
    const result = await write;
    onWrite();
    return result;
  };
  return {
    run: (work) => watched(run(work)),
    transaction: (work) => watched(transaction(work)),
  };
}
