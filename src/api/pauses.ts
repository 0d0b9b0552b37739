import { z } from 'zod';

import type { Pause, Pauses } from '../claims/pauses.ts';
import { parseRef } from '../issue/ref.ts';
import { accountOf, agentsOfAccount, type AgentProfile } from '../planning/agent-profiles.ts';
import { callerOfRequest } from './auth.ts';
import { notFound, unknownAccount, unknownAgent } from './errors.ts';
import { workerOf, type Caller } from './roles.ts';
import { noQuery, type Api, type ApiDeps } from './route.ts';

const agentName = z.string().max(100).toLowerCase();
const pauseBody = z
  .strictObject({
    agent: agentName.optional().meta({ description: 'Its name; all agents without it.' }),
    reason: z.string().trim().min(1).max(500).optional(),
  })
  .meta({ examples: [{ agent: 'sonnet', reason: 'Maintenance.' }] })
  .nullish();
const resumeBody = z
  .strictObject({
    agent: agentName.optional().meta({ description: 'Its name; the pause of all without it.' }),
    account: agentName.optional().meta({ description: 'All agents that use its allowance.' }),
    issue: z.string().max(400).optional().meta({ description: 'A parked issue: owner/name#12.' }),
  })
  .refine((named) => Object.values(named).filter((name) => name !== undefined).length <= 1, {
    message: 'name an agent, an account or an issue, only one of them',
  })
  .meta({ examples: [{ agent: 'sonnet' }] })
  .nullish();

/** Each with the name whose allowance its agent uses: a limit pauses all of an account. */
function withAccounts(agents: readonly AgentProfile[], items: readonly Pause[]) {
  return items.map((pause) => ({
    ...pause,
    account: pause.agent === null ? null : accountOf(agents, pause.agent),
  }));
}

/** The pauses in force that concern a caller; which other worker has a limit is not a worker's business. */
export async function pausesFor(pauses: Pick<Pauses, 'list'>, caller: Caller): Promise<Pause[]> {
  const { agents: own } = caller;
  const worker = workerOf(caller);
  const items = (await pauses.list(worker)).filter(
    ({ agent }) => agent === null || own?.includes(agent) !== false,
  );
  if (worker === undefined) return items;
  return items.map((pause) =>
    pause.source === 'limit' && pause.pausedBy !== worker
      ? { ...pause, pausedBy: 'another caller' }
      : pause,
  );
}

/** Pauses and resumes the handing out of issues, and resumes a parked issue. */
export function registerPauses(api: Api, { pauses, agents }: ApiDeps): void {
  const isUnknown = (name: string | undefined) =>
    name !== undefined && !agents.some((agent) => agent.name === name);
  const answer = (items: readonly Pause[]) => ({ items: withAccounts(agents, items) });
  api.get('/pauses', { schema: { querystring: noQuery } }, async (request) => {
    return answer(await pausesFor(pauses, callerOfRequest(request)));
  });
  api.post('/pause', { schema: { body: pauseBody } }, async (request, reply) => {
    const { body } = request;
    if (isUnknown(body?.agent)) return reply.code(422).send(unknownAgent(agents));
    return answer(await pauses.pause({ ...body, by: callerOfRequest(request).name }));
  });
  api.post('/resume', { schema: { body: resumeBody } }, async (request, reply) => {
    const { agent, account, issue } = request.body ?? {};
    const caller = callerOfRequest(request).name;
    if (account !== undefined) {
      const names = agentsOfAccount(agents, account);
      if (names.length === 0) return reply.code(422).send(unknownAccount(agents));
      return answer(await pauses.resume(names, caller));
    }
    if (issue === undefined) {
      if (isUnknown(agent)) return reply.code(422).send(unknownAgent(agents));
      return answer(await pauses.resume(agent === undefined ? null : [agent], caller));
    }
    const ref = parseRef(issue);
    const resumed = ref === undefined ? undefined : await pauses.resumeIssue(ref, caller);
    if (resumed !== undefined) return { issue, resumed };
    return reply.code(404).send(unknownIssue);
  });
}

const unknownIssue = notFound('That issue is not known here: name it as owner/repository#number.');
