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
/** One being stored and one that the storing thread finds ready after it; more would make for smaller ones. */
const mostUnderWay = 2;
/** Deliveries that may wait for a commit, by number and by size, before new ones are refused. */
const waitingLimit = 2_000;
const waitingCharacters = 128 * 1024 * 1024;

/**
 * Inserts deliveries so that those which arrive together commit together: one flush to disk for all, and
 * each caller hears of its own row only after that commit. The writes of others stand in one line with the
 * commits, since SQLite would make two at once wait blindly for each other.
 */
export function createGroupCommit(insert: InsertDeliveries) {
  const queue: Waiting[] = [];
  const underWay = new Set<Promise<void>>();
  let characters = 0;
  let running: Promise<void> | undefined;
  let line: Promise<unknown> = Promise.resolve();
  let lineOfOthers: Promise<unknown> = Promise.resolve();

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
      await standInLine(beginCommit);
    }
    running = undefined;
  }

  async function beginCommit(): Promise<void> {
    while (underWay.size >= mostUnderWay) await Promise.race(underWay);
    const batch = queue.splice(0, rowsPerCommit);
    for (const { row } of batch) characters -= sizeOf(row);
    const committed = commit(batch).finally(() => underWay.delete(committed));
    underWay.add(committed);
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

  function standInLine<T>(work: () => Promise<T>): Promise<T> {
    const done = line.then(work);
    line = done.catch(() => undefined);
    return done;
  }

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    await Promise.all(underWay);
    return work();
  }

  /**
   * Runs a write of somebody else while no commit is under way. They go one by one into the line, so that
   * at most one of them is ahead of a commit. `work` must wait for nothing but the database.
   */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = lineOfOthers.then(() => standInLine(() => alone(work)));
    lineOfOthers = done.catch(() => undefined);
    return done;
  }

  /** Resolves when nothing waits any more. */
  async function settled(): Promise<void> {
    await running;
    await Promise.all(underWay);
  }

  return { add, exclusively, settled };
}

function sizeOf(row: NewDelivery): number {
  return (row.body?.length ?? 0) + (row.raw?.length ?? 0) + (row.event?.length ?? 0);
}
