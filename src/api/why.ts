import { findFacts } from '../plans/stored-facts.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { IssueRef } from '../issue/ref.ts';
import type { State } from '../issue/state.ts';
import type { CodedSentence } from '../issue/coded.ts';
import { explainAgents, type Explanation } from '../planning/explain.ts';
import { findPlan, type PlanStore } from '../plans/plan-views.ts';

/** Explanation of the choice of an agent: why each one was, or was not, chosen. */
interface Why {
  readonly ref: string;
  readonly state: State;
  readonly reason: CodedSentence;
  /** Agent of the stored plan. */
  readonly assigned: string | null;
  /** One explanation for each profile in force, in their order; empty while the issue has no plan. */
  readonly agents: readonly Explanation[];
  /** Set when the profiles in force would choose another agent than the plan has. */
  readonly note: string | null;
}

/** Explains the stored plan by the profiles in force; undefined when the issue is not stored. */
export async function readWhy(
  store: PlanStore,
  ref: IssueRef,
  profiles: readonly AgentProfile[],
): Promise<Why | undefined> {
  const plan = await findPlan(store, ref);
  if (plan === undefined) return undefined;
  const { reading, estimate, assignment } = plan;
  const facts = await findFacts(store.db, plan);
  const labels = facts?.labels ?? [];
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
    assigned,
    agents,
    note: agents.length === 0 || chosen === assigned ? null : otherProfiles,
  };
}

const otherProfiles =
  'The plan was made with other profiles than those in force: the next start or event makes it again.';
