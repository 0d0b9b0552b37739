import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueEvent } from '../issue/event.ts';
import type { IssueKey } from '../issue/ref.ts';
import { createArrivals, yieldToArrivals, type Arrivals } from './arrivals.ts';
import { createGroupCommit, type AddResult } from './group-commit.ts';
import type { InsertDeliveries } from './insert-deliveries.ts';
import { countDeliveries, pruneDeliveries, trimRejectedBytes } from './maintenance.ts';
import {
  claimGroup,
  completeGroup,
  nextDueAt,
  retryGroup,
  type DeliveryGroup,
  type QueueState,
} from './queue.ts';
import {
  addDifferences,
  addRefreshes,
  bringRefreshForward,
  makeRefreshesDue,
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
      await trimRejectedBytes(state).catch(() => undefined);
      return result;
    },
    settled: commits.settled,
    yieldToArrivals: (signal: AbortSignal) => yieldToArrivals(arrivals, signal),

    claim: (busy: readonly IssueKey[]) => claimGroup(state, busy),
    complete: (transaction: Transaction<Schema>, group: DeliveryGroup) =>
      completeGroup(state, transaction, group),
    retryLater: (group: DeliveryGroup, error: unknown) => retryGroup(state, group, error),
    nextDueAt: () => nextDueAt(state),

    addRefreshes: (transaction: Transaction<Schema>, events: readonly IssueEvent[]) =>
      addRefreshes(state, transaction, events),
    scheduleRefresh: (transaction: Transaction<Schema>, event: IssueEvent, group: DeliveryGroup) =>
      scheduleRefresh(state, transaction, event, group),
    requestRefreshes: (connection: Database, events: readonly IssueEvent[]) =>
      requestRefreshes(state, connection, events),
    addDifferences: (
      transaction: Transaction<Schema>,
      events: readonly IssueEvent[],
      inWork: ReadonlyMap<string, number>,
    ) => addDifferences(state, transaction, events, inWork),
    bringRefreshForward: (transaction: Transaction<Schema>, at: number) =>
      bringRefreshForward(state, transaction, at),
    makeRefreshesDue: (connection: Database = db) => makeRefreshesDue(state, connection),

    counts: () => countDeliveries(state),
    prune: (retentionDays: number) => pruneDeliveries(state, retentionDays),
  };
}
