import { setImmediate as nextTurn } from 'node:timers/promises';

import { StoreUnavailable } from '../errors.ts';
import type { NewDelivery } from '../db/delivery-rows.ts';
import type { InsertDeliveries } from './insert-deliveries.ts';
import { bytesId } from './rows.ts';

export type AddResult = 'accepted' | 'duplicate';

interface WaitingRow {
  readonly row: NewDelivery;
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Maximum rows of one commit: more save no flush worth having, and each number has a statement of its own. */
const rowsPerCommit = 128;
/** Deliveries that may wait for a commit, by number and by size, before new ones are refused. */
const maxWaitingRows = 2_000;
const maxWaitingCharacters = 128 * 1024 * 1024;

/**
 * Inserts deliveries so that those which arrive together commit together: one flush to disk for all.
 * Promise: a caller gets the result of its own row, and only after the commit.
 */
export function createGroupCommit(insert: InsertDeliveries) {
  const waitingRows: WaitingRow[] = [];
  let characters = 0;
  let running: Promise<void> | undefined;

  function add(row: NewDelivery): Promise<AddResult> {
    if (waitingRows.length >= maxWaitingRows || characters >= maxWaitingCharacters) {
      const message = `${waitingRows.length} deliveries already wait to be stored`;
      return Promise.reject(new StoreUnavailable(message));
    }
    characters += sizeOf(row);
    return new Promise((resolve, reject) => {
      waitingRows.push({ row, resolve, reject });
      running ??= commitAll();
    });
  }

  async function commitAll(): Promise<void> {
    while (waitingRows.length > 0) {
      // After the sockets that are readable in this turn have been read.
      await nextTurn();
      await commit();
    }
    running = undefined;
  }

  async function commit(): Promise<void> {
    const batch = waitingRows.splice(0, rowsPerCommit);
    for (const { row } of batch) characters -= sizeOf(row);
    try {
      const inserted = await insert(batch.map(({ row }) => row));
      const stored = new Set<string>();
      const refused = batch.filter(({ row, resolve }) => {
        const isNew = inserted.delete(row.id);
        if (isNew) {
          stored.add(row.body_hash);
          resolve('accepted');
        }
        return !isNew;
      });
      // The bytes of some came in this very commit, which needs no second look.
      for (const { row, resolve } of refused) if (stored.has(row.body_hash)) resolve('duplicate');
      await addUnderOwnIds(refused.filter(({ row }) => !stored.has(row.body_hash)));
    } catch (error) {
      const message = 'The delivery could not be stored';
      const unavailable = new StoreUnavailable(message, { cause: error });
      for (const { reject } of batch) reject(unavailable);
    }
  }

  /**
   * Inserts rows again that were not: the id of a delivery is not signed, so another one may have it. Under the
   * hash of its bytes, each is stored unless the same bytes are.
   */
  async function addUnderOwnIds(refused: readonly WaitingRow[]): Promise<void> {
    const rows = refused.map(({ row }) => ({ ...row, id: bytesId(row.body_hash) }));
    const hashed = rows.filter(({ body_hash }) => body_hash !== '');
    const inserted = hashed.length === 0 ? new Set<string>() : await insert(hashed);
    for (const { row, resolve } of refused)
      resolve(inserted.delete(bytesId(row.body_hash)) ? 'accepted' : 'duplicate');
  }

  /** Resolves when no row waits for a commit any more. */
  async function settled(): Promise<void> {
    await running;
  }

  return { add, settled };
}

function sizeOf(row: NewDelivery): number {
  return (row.body?.length ?? 0) + (row.raw?.length ?? 0) + (row.event?.length ?? 0);
}
