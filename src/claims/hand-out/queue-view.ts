import type { IssueRef } from '../../issue/ref.ts';
import type { AgentProfile } from '../../planning/agent-profiles.ts';
import {
  countByReason,
  findPlan,
  listBlocked,
  listReady,
  type PlanStore,
  type QueueOptions,
} from '../../plans/plan-views.ts';
import { heldUpPlan, type HeldUpOf } from './held-up.ts';
import { viewDay } from '../spending.ts';
import { findWork, listClaims } from '../views.ts';

/** Reads the ready issues in queue order, the live claims, and the reasons why others wait. */
export async function readQueue(
  store: PlanStore,
  options: QueueOptions & {
    readonly now: number;
    readonly worker?: string | undefined;
    /** Of the agents whose spending is shown. */
    readonly profiles?: readonly AgentProfile[];
    /** Undefined: nobody looks whether ready issues are held up. */
    readonly heldUp?: HeldUpOf;
  },
) {
  const { heldUp = () => null } = options;
  const ready = await listReady(store, options);
  return {
    ready: ready.map((issue) => ({
      ...issue,
      /** Why it is not handed out now; null: the next worker that asks gets it. */
      heldUp: heldUpPlan(heldUp, issue.plan),
    })),
    /** Live claims, of one worker or of all, the oldest first. */
    claimed: await listClaims(store.db, options),
    /** The bot's open issues that no worker may have, with the reason. */
    blocked: await listBlocked(store.db, options),
    /** The bot's open issues that may not start, counted by reason code. */
    waiting: await countByReason(store.db, options.scope),
    /** What agents have spent today. */
    spending: await viewDay(store.db, options.now, options.profiles ?? []),
  };
}

/** Finds a plan with the live claim and the past claims of its issue; undefined when not known or deleted. */
export async function findFullPlan(
  store: PlanStore,
  ref: IssueRef,
  { now, readHeldUp }: { readonly now: number; readonly readHeldUp: () => Promise<HeldUpOf> },
) {
  const plan = await findPlan(store, ref);
  if (plan === undefined) return undefined;
  return {
    ...{ ...plan, ...(await findWork(store.db, plan, now)) },
    /** Why it is not handed out now although it is ready. */
    heldUp: plan.state === 'ready' ? heldUpPlan(await readHeldUp(), plan) : null,
  };
}

export type Queue = Awaited<ReturnType<typeof readQueue>>;
export type FullPlan = NonNullable<Awaited<ReturnType<typeof findFullPlan>>>;
