import { z } from 'zod';

import { states } from '../issue/state.ts';
import { listPlans } from '../plans/plan-views.ts';
import { callerOfRequest } from './auth.ts';
import { planFor, sendDenied, textFor, unknownIssue, whyFor } from './for-caller.ts';
import { maskPlan } from './mask.ts';
import { cursorSchema, issueNumber, limitSchema, type Api, type ApiDeps } from './route.ts';

const listQuery = z.strictObject({
  state: z.enum(states).optional().meta({ description: 'Issues in this state alone.' }),
  repository: z.string().max(300).optional().meta({ description: 'As owner/name.' }),
  limit: limitSchema,
  cursor: cursorSchema,
});
export const issueParams = z.object({
  owner: z.string().meta({ description: 'Owner of the repository.' }),
  repo: z.string().meta({ description: 'Name of the repository.' }),
  number: issueNumber,
});
const whyQuery = z.strictObject({
  agent: z.string().max(100).optional().meta({ description: 'Of this agent alone.' }),
});

/** Lists plans, shows one, and explains the choice of its agent. */
export function registerIssues(api: Api, { store, agents, now, claims }: ApiDeps): void {
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
      const plan = await planFor({ store, now, claims }, caller, refOf(request.params));
      return plan ?? reply.code(404).send(unknownIssue);
    },
  );
  api.get(
    '/issues/:owner/:repo/:number/text',
    { schema: { params: issueParams } },
    async (request, reply) => {
      const answer = await textFor(store, callerOfRequest(request), refOf(request.params));
      return 'denied' in answer ? sendDenied(reply, answer) : answer.text;
    },
  );
  api.get(
    '/issues/:owner/:repo/:number/why',
    { schema: { params: issueParams, querystring: whyQuery } },
    async (request, reply) => {
      const { params, query } = request;
      const asked = { ref: refOf(params), agent: query.agent };
      const answer = await whyFor({ store, agents, claims }, callerOfRequest(request), asked);
      return 'denied' in answer ? sendDenied(reply, answer) : answer.why;
    },
  );
}

export function refOf({ owner, repo, number }: z.infer<typeof issueParams>) {
  return { repository: `${owner}/${repo}`, number };
}
