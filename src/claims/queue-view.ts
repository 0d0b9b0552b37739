import type { IssueRef } from '../issue/ref.ts';
import type { PlanView } from '../issue/plan.ts';
import {
  countByReason,
  findPlan,
  listBlocked,
  listReady,
  type BlockedIssue,
  type PlanStore,
  type ReadyIssue,
} from '../plans/plan-views.ts';
import { findWork, listClaims, type ClaimView, type IssueWork } from './views.ts';

export interface Queue {
  readonly ready: readonly ReadyIssue[];
  /** All live claims, the oldest first. */
  readonly claimed: readonly ClaimView[];
  /** The bot's open issues that no worker may have, with the reason. */
  readonly blocked: readonly BlockedIssue[];
  /** The bot's open issues that may not start, counted by reason code. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** Reads the ready issues in queue order, the live claims, and the reasons why others wait. */
export async function readQueue(
  store: PlanStore,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<Queue> {
  return {
    ready: await listReady(store, limit),
    claimed: await listClaims(store.db, { now, limit }),
    blocked: await listBlocked(store.db, limit),
    waiting: await countByReason(store.db),
  };
}

export type FullPlan = PlanView & IssueWork;

/** Finds a plan with the live claim and the past claims of its issue; undefined when not known or deleted. */
export async function findFullPlan(
  store: PlanStore,
  ref: IssueRef,
  now: number,
): Promise<FullPlan | undefined> {
  const plan = await findPlan(store, ref);
  return plan === undefined ? undefined : { ...plan, ...(await findWork(store.db, plan, now)) };
}
