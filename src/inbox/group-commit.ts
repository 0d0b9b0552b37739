import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Insertable } from 'kysely';

import { StoreUnavailable } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { isBusy } from '../store/lock.ts';
import type { DeliveriesTable } from '../store/schema.ts';

type NewRow = Insertable<DeliveriesTable>;

export type AddResult = 'accepted' | 'duplicate';

interface Waiting {
  readonly row: NewRow;
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Rows of one commit: 17 columns each, far below SQLite's limit of 32,766 parameters. */
const rowsPerCommit = 256;
/** Deliveries that may wait for a commit, by number and by size, before new ones are refused. */
const waitingLimit = 2_000;
const waitingCharacters = 128 * 1024 * 1024;
/** How long a commit may keep finding the database locked; Gitea hangs up after 5 s. */
const busyDeadlineMs = 2_000;
const busyPauseMs = 20;

/**
 * Inserts deliveries so that those which arrive together commit together: one flush to disk for all, and
 * each caller hears of its own row only after that commit.
 */
export function createGroupCommit(db: Database) {
  const queue: Waiting[] = [];
  let characters = 0;
  let running: Promise<void> | undefined;

  function add(row: NewRow): Promise<AddResult> {
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
    // After the sockets that are readable in this turn have been read.
    await nextTurn();
    while (queue.length > 0) {
      const batch = queue.splice(0, rowsPerCommit);
      for (const { row } of batch) characters -= sizeOf(row);
      await commit(batch);
    }
    running = undefined;
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const inserted = await insert(db, batch);
      for (const { row, resolve } of batch)
        resolve(inserted.delete(row.id) ? 'accepted' : 'duplicate');
    } catch (error) {
      const unavailable = new StoreUnavailable('The delivery could not be stored', {
        cause: error,
      });
      for (const { reject } of batch) reject(unavailable);
    }
  }

  return { add, settled: () => running ?? Promise.resolve() };
}

async function insert(db: Database, batch: readonly Waiting[]): Promise<Set<string>> {
  const rows = batch.map(({ row }) => row);
  const deadline = performance.now() + busyDeadlineMs;
  for (;;) {
    try {
      const inserted = await db
        .insertInto('deliveries')
        .values(rows)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id')
        .execute();
      return new Set(inserted.map(({ id }) => id));
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await sleep(busyPauseMs);
    }
  }
}

function sizeOf(row: NewRow): number {
  return (row.body?.length ?? 0) + (row.raw?.length ?? 0) + (row.event?.length ?? 0);
}
