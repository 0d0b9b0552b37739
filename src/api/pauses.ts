import { z } from 'zod';

import { parseRef } from '../issue/ref.ts';
import { callerOfRequest } from './auth.ts';
import { notFound, unknownAgent } from './errors.ts';
import type { Api, ApiDeps } from './route.ts';

const agentName = z.string().max(100).toLowerCase();
const pauseBody = z
  .strictObject({
    agent: agentName.optional(),
    reason: z.string().trim().min(1).max(500).optional(),
  })
  .nullish();
const resumeBody = z
  .strictObject({ agent: agentName.optional(), issue: z.string().max(400).optional() })
  .refine(({ agent, issue }) => agent === undefined || issue === undefined, {
    message: 'name an agent or an issue, not both',
  })
  .nullish();

/** Pauses and resumes the handing out of issues, and resumes a parked issue. */
export function registerPauses(api: Api, { pauses, agents }: ApiDeps): void {
  const isUnknown = (name: string | undefined) =>
    name !== undefined && !agents.some((agent) => agent.name === name);
  api.get('/pauses', { schema: { querystring: z.strictObject({}) } }, async (request) => {
    const { name, role, agents: own } = callerOfRequest(request);
    const items = (await pauses.list(role === 'worker' ? name : undefined)).filter(
      ({ agent }) => agent === null || own?.includes(agent) !== false,
    );
    if (role !== 'worker') return { items };
    // Which other worker has a limit is not its business.
    return {
      items: items.map((pause) =>
        pause.source === 'limit' && pause.pausedBy !== name
          ? { ...pause, pausedBy: 'another caller' }
          : pause,
      ),
    };
  });
  api.post('/pause', { schema: { body: pauseBody } }, async (request, reply) => {
    const { body } = request;
    if (isUnknown(body?.agent)) return reply.code(422).send(unknownAgent(agents));
    return { items: await pauses.pause({ ...body, by: callerOfRequest(request).name }) };
  });
  api.post('/resume', { schema: { body: resumeBody } }, async (request, reply) => {
    const { body } = request;
    const caller = callerOfRequest(request).name;
    if (body?.issue === undefined) {
      if (isUnknown(body?.agent)) return reply.code(422).send(unknownAgent(agents));
      return { items: await pauses.resume(body?.agent ?? null, caller) };
    }
    const ref = parseRef(body.issue);
    const resumed = ref === undefined ? undefined : await pauses.resumeIssue(ref, caller);
    if (resumed !== undefined) return { issue: body.issue, resumed };
    return reply.code(404).send(unknownIssue);
  });
}

const unknownIssue = notFound('That issue is not known here: name it as owner/repository#number.');
