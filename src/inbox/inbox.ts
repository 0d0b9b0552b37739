import type { Database } from '../db/database.ts';
import { createArrivals, yieldToArrivals, type Arrivals } from './arrivals.ts';
import { isStored } from './delivery-views.ts';
import { createGroupCommit, type AddResult } from './group-commit.ts';
import type { InsertDeliveries } from './insert-deliveries.ts';
import {
  countDeliveries,
  createRejectedBytes,
  pruneDeliveries,
  provenTime,
} from './maintenance.ts';
import {
  claimGroup,
  completeGroup,
  dropTexts,
  nextDueAt,
  retryGroup,
  type QueueState,
} from './queue.ts';
import {
  addDifferences,
  addRefreshes,
  bringRefreshForward,
  makeRefreshesDue,
  refreshAfterDuplicate,
  requestRefreshes,
  scheduleRefresh,
} from './refreshes.ts';
import { deliveryRow, rejectedRow, type Delivery, type RejectedDelivery } from './rows.ts';

export interface InboxOptions extends QueueState {
  /** Inserts the deliveries of webhooks; everything else goes through `db`. */
  readonly insert: InsertDeliveries;
  /** Rate of deliveries; measured by default. */
  readonly arrivals?: Arrivals;
}

export type Inbox = ReturnType<typeof createInbox>;

/**
 * The durable queue that every event goes through. Promises: a delivery that `add` accepted is on disk; the
 * deliveries of one issue are handed out one group at a time (the consumer says which issues are busy); a row
 * stays `waiting` until the transaction that stores its effect marks it done, so a crash repeats it. One
 * process hands out rows, which the database lock ensures; others may only list and replay.
 */
export function createInbox({ insert, arrivals = createArrivals(), ...state }: InboxOptions) {
  const { db, writes, now } = state;
  const commits = createGroupCommit(insert, writes);
  const rejectedBytes = createRejectedBytes(state);

  return {
    /** Stores a delivery; resolves after the commit. Rejects with `StoreUnavailable`. */
    add: (delivery: Delivery): Promise<AddResult> => {
      arrivals.count();
      return commits.add(deliveryRow(delivery, now()));
    },
    /** Stores the bytes of a rejected delivery, for a replay after an upgrade. */
    addRejected: async (delivery: RejectedDelivery): Promise<AddResult> => {
      const result = await commits.add(rejectedRow(delivery, now()));
      // The delivery is stored. When trimming fails, the next rejected delivery trims.
      await rejectedBytes.added(delivery.raw.length).catch(() => undefined);
      return result;
    },
    settled: commits.settled,
    yieldToArrivals: (signal: AbortSignal) => yieldToArrivals(arrivals, signal),

    claim: bind(state, claimGroup),
    complete: bind(state, completeGroup),
    dropTexts,
    retryLater: bind(state, retryGroup),
    nextDueAt: bind(state, nextDueAt),

    addRefreshes: bind(state, addRefreshes),
    scheduleRefresh: bind(state, scheduleRefresh),
    requestRefreshes: bind(state, requestRefreshes),
    refreshAfterDuplicate: bind(state, refreshAfterDuplicate),
    addDifferences: bind(state, addDifferences),
    bringRefreshForward: bind(state, bringRefreshForward),
    makeRefreshesDue: (connection: Database = db) => makeRefreshesDue(state, connection),

    isStored: (bodyHash: string) => isStored(db, bodyHash),
    provenTime: () => provenTime(state),
    counts: bind(state, countDeliveries),
    prune: bind(state, pruneDeliveries),
  };
}

/** The verb with its state given. */
function bind<S, A extends unknown[], R>(state: S, verb: (state: S, ...rest: A) => R) {
  return (...rest: A): R => verb(state, ...rest);
}
