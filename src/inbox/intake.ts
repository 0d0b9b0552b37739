import type { StoreCheck } from '../db/health.ts';
import type { KnownLabels } from '../issue/own-marks.ts';
import type { PullHint } from '../issue/pull-hint.ts';
import type { IssueKey, IssueRef } from '../issue/ref.ts';
import { createGroupCommit, type AddResult } from './group-commit.ts';
import type { InsertDeliveries } from './insert-deliveries.ts';
import { deliveryRow, rejectedRow, type Delivery, type RejectedDelivery } from './rows.ts';

/**
 * What whoever receives deliveries needs of the store. Nothing here waits for what is being handled: with SQLite a
 * spool takes the deliveries, and the database is only read (`db/spool/spool.ts`).
 */
export interface IntakeStore {
  /** Epoch milliseconds by the clock of the store, where that is another machine's; undefined: it is ours. */
  readonly now?: () => number;
  readonly open: () => Promise<void>;
  /** Resolves when nothing is under way any more. */
  readonly close: () => Promise<void>;
  readonly insert: InsertDeliveries;
  /** Whether a delivery of these bytes is stored, other than as rejected or given up. */
  readonly isStored: (bodyHash: string) => Promise<boolean>;
  readonly labelsOf: (issue: IssueKey) => Promise<KnownLabels | undefined>;
  /** Whether an issue waits for this one. */
  readonly isNamedBlocker: (issue: IssueKey & IssueRef) => Promise<boolean>;
  /** Whether something may have happened to a pull request of ours. */
  readonly isOurPull: (hint: PullHint) => Promise<boolean>;
  /** A time that is past for sure, whatever the clock says; undefined while nothing is known. */
  readonly provenTime: () => Promise<number | undefined>;
  /** Deliveries up to this number were taken in. */
  readonly forget: (upTo: number) => Promise<void>;
  /** Tries whether deliveries can be stored; for health. Never rejects. */
  readonly check: StoreCheck;
}

/** The way of webhooks into the inbox: a delivery that `add` accepted is on disk. */
export function createIntake(insert: InsertDeliveries, now: () => number) {
  const commits = createGroupCommit(insert);
  return {
    /** Stores a delivery; resolves after the commit. Rejects with `StoreUnavailable`. */
    add: (delivery: Delivery): Promise<AddResult> => commits.add(deliveryRow(delivery, now())),
    /** Stores the bytes of a rejected delivery, for a replay after an upgrade. */
    addRejected: (delivery: RejectedDelivery): Promise<AddResult> =>
      commits.add(rejectedRow(delivery, now())),
    /** Resolves when no delivery waits for a commit any more. */
    settled: commits.settled,
  };
}
