import { setImmediate as nextTurn } from 'node:timers/promises';

import { StoreUnavailable } from '../errors.ts';
import type { InsertDeliveries, NewDelivery } from './insert-deliveries.ts';

export type AddResult = 'accepted' | 'duplicate';

interface Waiting {
  readonly row: NewDelivery;
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Rows of one commit: more save no flush worth having, and each number has a statement of its own. */
const rowsPerCommit = 128;
/** While one is flushed to disk, the next is already on its way to the thread. */
const commitsAtOnce = 2;
/** Deliveries that may wait for a commit, by number and by size, before new ones are refused. */
const waitingLimit = 2_000;
const waitingCharacters = 128 * 1024 * 1024;

/**
 * Inserts deliveries so that those which arrive together commit together: one flush to disk for all, and
 * each caller hears of its own row only after that commit.
 */
export function createGroupCommit(insert: InsertDeliveries) {
  const queue: Waiting[] = [];
  let characters = 0;
  let running: Promise<void> | undefined;
  let commits = 0;
  /** While somebody else writes no commit begins. */
  let held = false;
  let lastWork: Promise<unknown> = Promise.resolve();
  let wakers: (() => void)[] = [];

  function add(row: NewDelivery): Promise<AddResult> {
    if (queue.length >= waitingLimit || characters >= waitingCharacters) {
      const message = `${queue.length} deliveries already wait to be stored`;
      return Promise.reject(new StoreUnavailable(message));
    }
    characters += sizeOf(row);
    return new Promise((resolve, reject) => {
      queue.push({ row, resolve, reject });
      running ??= commitAll();
    });
  }

  async function commitAll(): Promise<void> {
    while (queue.length > 0) {
      // After the sockets that are readable in this turn have been read.
      await nextTurn();
      while (commits >= commitsAtOnce || held) await change();
      const batch = queue.splice(0, rowsPerCommit);
      for (const { row } of batch) characters -= sizeOf(row);
      commits += 1;
      changed();
      void commit(batch).then(() => {
        commits -= 1;
        changed();
      });
    }
    while (commits > 0) await change();
    running = undefined;
    if (queue.length > 0) running = commitAll();
  }

  function change(): Promise<void> {
    return new Promise((resolve) => wakers.push(resolve));
  }

  function changed(): void {
    const waiting = wakers;
    wakers = [];
    for (const wake of waiting) wake();
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const inserted = await insert(batch.map(({ row }) => row));
      for (const { row, resolve } of batch)
        resolve(inserted.delete(row.id) ? 'accepted' : 'duplicate');
    } catch (error) {
      const unavailable = new StoreUnavailable('The delivery could not be stored', {
        cause: error,
      });
      for (const { reject } of batch) reject(unavailable);
    }
  }

  /**
   * Runs a write of somebody else while no commit is under way: SQLite would make one of the two wait
   * blindly for the other. One at a time, and deliveries that wait already are stored first, so neither
   * keeps the other out. `work` must wait for nothing but the database.
   */
  async function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve: finish } = Promise.withResolvers<undefined>();
    const before = lastWork;
    lastWork = promise;
    await before;
    try {
      while (queue.length > 0 && commits === 0) await change();
      held = true;
      while (commits > 0) await change();
      return await work();
    } finally {
      held = false;
      changed();
      finish(undefined);
    }
  }

  /** Resolves when nothing waits any more. */
  async function settled(): Promise<void> {
    while (running !== undefined) await running;
  }

  return { add, exclusively, settled };
}

function sizeOf(row: NewDelivery): number {
  return (row.body?.length ?? 0) + (row.raw?.length ?? 0) + (row.event?.length ?? 0);
}
