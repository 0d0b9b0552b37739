import { z } from 'zod';

import { findFullPlan } from '../claims/queue-view.ts';
import type { IssueTextAnswer } from '../issue/claim-answers.ts';
import type { IssueRef } from '../issue/ref.ts';
import { states } from '../issue/state.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { explainAgents } from '../planning/explain.ts';
import { findPlan, listPlans, type PlanStore } from '../plans/plan-views.ts';
import { isInScope } from '../plans/scope.ts';
import { findFacts } from '../plans/stored-facts.ts';
import { callerOfRequest } from './auth.ts';
import { notFound, unknownAgent } from './errors.ts';
import { maskPlan, maskSentence } from './mask.ts';
import { cursorSchema, limitSchema, type Api, type ApiDeps } from './route.ts';

const listQuery = z.strictObject({
  state: z.enum(states).optional(),
  repository: z.string().max(300).optional(),
  limit: limitSchema,
  cursor: cursorSchema,
});
export const issueParams = z.object({
  owner: z.string(),
  repo: z.string(),
  number: z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be the number of an issue')
    .transform(Number)
    .pipe(z.int()),
});
const whyQuery = z.strictObject({ agent: z.string().max(100).optional() });
const unknownIssue = notFound('That issue is not known here.');

/** Lists plans, shows one, and explains the choice of its agent. */
export function registerIssues(api: Api, { store, agents, now }: ApiDeps): void {
  api.get('/issues', { schema: { querystring: listQuery } }, async (request) => {
    const caller = callerOfRequest(request);
    const { repositories: scope, agents: own } = caller;
    const page = await listPlans(store, { ...request.query, scope, agents: own });
    return { ...page, items: page.items.map((plan) => maskPlan(plan, caller)) };
  });
  api.get(
    '/issues/:owner/:repo/:number',
    { schema: { params: issueParams } },
    async (request, reply) => {
      const caller = callerOfRequest(request);
      const ref = refOf(request.params);
      const plan = isInScope(caller.repositories, ref.repository)
        ? await findFullPlan(store, ref, now())
        : undefined;
      if (plan === undefined) return reply.code(404).send(unknownIssue);
      const isOwn = ({ worker }: { readonly worker: string }) =>
        caller.role !== 'worker' || worker === caller.name;
      const { claim, pastClaims } = plan;
      return {
        ...maskPlan(plan, caller),
        claim: claim !== null && isOwn(claim) ? claim : null,
        pastClaims: pastClaims.filter(isOwn),
      };
    },
  );
  api.get(
    '/issues/:owner/:repo/:number/text',
    { schema: { params: issueParams } },
    async (request, reply) => {
      const ref = refOf(request.params);
      const plan = isInScope(callerOfRequest(request).repositories, ref.repository)
        ? await findPlan(store, ref)
        : undefined;
      const facts = plan && (await findFacts(store.db, plan));
      if (plan === undefined || facts === undefined) return reply.code(404).send(unknownIssue);
      const { title, body, bodyCut } = facts;
      return { ref: plan.ref, title, body, cut: bodyCut } satisfies IssueTextAnswer;
    },
  );
  api.get(
    '/issues/:owner/:repo/:number/why',
    { schema: { params: issueParams, querystring: whyQuery } },
    async (request, reply) => {
      const { params, query } = request;
      const caller = callerOfRequest(request);
      const { repositories: scope } = caller;
      const profile = agents.find(({ name }) => name === query.agent?.toLowerCase());
      if (query.agent !== undefined && profile === undefined)
        return reply.code(404).send(unknownAgent(agents));
      const ref = refOf(params);
      const found = isInScope(scope, ref.repository)
        ? await readWhy(store, ref, agents)
        : undefined;
      if (found === undefined) return reply.code(404).send(unknownIssue);
      const why = { ...found, reason: maskSentence(found.reason, caller) };
      if (profile === undefined) return why;
      return { ...why, agents: why.agents.filter(({ agent }) => agent === profile.name) };
    },
  );
}

export function refOf({ owner, repo, number }: z.infer<typeof issueParams>) {
  return { repository: `${owner}/${repo}`, number };
}

/** Explains the stored plan by the profiles in force; undefined when the issue is not stored. */
export async function readWhy(store: PlanStore, ref: IssueRef, profiles: readonly AgentProfile[]) {
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
