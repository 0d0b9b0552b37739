import { heldUpPlan, type HeldUpOf } from '../claims/hand-out/held-up.ts';
import type { IssueRef } from '../issue/ref.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { explainAgents } from '../planning/explain.ts';
import { findPlan, type PlanStore } from '../plans/plan-views.ts';
import { findFacts } from '../plans/stored-facts.ts';

/** Explains the stored plan by the profiles in force; undefined when the issue is not stored. */
export async function readWhy(
  store: PlanStore,
  ref: IssueRef,
  {
    profiles,
    readHeldUp,
  }: {
    readonly profiles: readonly AgentProfile[];
    readonly readHeldUp: () => Promise<HeldUpOf>;
  },
) {
  const plan = await findPlan(store, ref);
  if (plan === undefined) return undefined;
  const { reading, estimate, assignment } = plan;
  const labels = (await findFacts(store.db, plan))?.labels ?? [];
  const agents =
    reading === null || estimate === null
      ? []
      : explainAgents({ reading, estimate, profiles, labels });
  const assigned = assignment?.agent ?? null;
  const chosen = agents.find((agent) => agent.chosen)?.agent ?? null;
  return {
    ref: plan.ref,
    state: plan.state,
    reason: plan.reason,
    /** Why it is not handed out now although it is ready. */
    heldUp: plan.state === 'ready' ? heldUpPlan(await readHeldUp(), plan) : null,
    /** Agent of the stored plan. */
    assigned,
    /** One explanation for each profile in force, in their order; empty while the issue has no plan. */
    agents,
    /** Set when the profiles in force would choose another agent than the plan has. */
    note: agents.length === 0 || chosen === assigned ? null : otherProfiles,
  };
}

const otherProfiles =
  'The plan was made with other profiles than those in force: the next start or event makes it again.';
