import type { Database } from '../db/database.ts';
import { claimGroup, releaseGroup } from './claim-group.ts';
import { countDeliveries, createRejectedBytes, pruneDeliveries } from './maintenance.ts';
import { completeGroup, dropTexts, nextDueAt, retryGroup, type QueueState } from './queue.ts';
import {
  addDifferences,
  addRefreshes,
  bringRefreshForward,
  makeRefreshesDue,
  refreshAfterDuplicate,
  requestRefreshes,
  scheduleRefresh,
} from './refreshes.ts';

export type Inbox = ReturnType<typeof createInbox>;

/**
 * The durable queue that every event goes through; what webhooks bring comes in by `intake.ts`. Promises: the
 * deliveries of one issue are handed out one group at a time (the consumer says which issues are busy); a row
 * stays `waiting` until the transaction that stores its effect marks it done, so a crash repeats it. One
 * replica at a time handles the rows of an issue; commands beside the service only list and replay.
 */
export function createInbox(state: QueueState) {
  const { db } = state;
  const rejectedBytes = createRejectedBytes(state);

  return {
    /** The bytes of a rejected delivery were stored: the oldest ones may have to go. */
    keptRejected: rejectedBytes.added,

    /** True where other replicas may take what is due. */
    isShared: (state.replica?.id ?? '') !== '',
    claim: bind(state, claimGroup),
    release: bind(state, releaseGroup),
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

    counts: bind(state, countDeliveries),
    prune: bind(state, pruneDeliveries),
  };
}

/** The verb with its state given. */
function bind<S, A extends unknown[], R>(state: S, verb: (state: S, ...rest: A) => R) {
  return (...rest: A): R => verb(state, ...rest);
}
