import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import { agentsOfAccount } from '../../planning/agent-profiles.ts';
import { pageBefore } from '../session/same-origin.ts';
import { goOn, visitOf, type Web, type WebDeps } from '../web.ts';

/** A form sends an empty text for what was not filled in. */
const field = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .optional()
    .transform((value) => (value === '' ? undefined : value));
const pauseForm = z.object({ agent: field(100), reason: field(500) });
const resumeForm = z.object({ agent: field(100), account: field(100) });

/** `POST /pause` and `POST /resume`: for the whole service, an agent, or (resuming) all agents of an account. */
export function registerPauses(web: Web, { pauses, agents }: WebDeps): void {
  const isKnown = (name: string | undefined) =>
    name === undefined || agents.some((agent) => agent.name === name);
  web.post('/pause', async (request, reply) => {
    const form = read(pauseForm, request);
    if (!isKnown(form.agent)) throw new BadForm('There is no such agent.');
    await pauses.pause({ ...form, by: visitOf(request).caller.name });
    return goOn(reply, pageBefore(request), form.agent === undefined ? 'paused' : 'agent-paused');
  });
  web.post('/resume', async (request, reply) => {
    const { agent, account } = read(resumeForm, request);
    const ofAccount = account === undefined ? undefined : agentsOfAccount(agents, account);
    if (!isKnown(agent) || ofAccount?.length === 0)
      throw new BadForm('There is no such agent or account.');
    const names = ofAccount ?? (agent === undefined ? null : [agent]);
    await pauses.resume(names, visitOf(request).caller.name);
    return goOn(reply, pageBefore(request), 'resumed');
  });
}

/** What was sent is not what the form of a page sends. */
class BadForm extends CoordinatorError {
  readonly statusCode = 400;

  constructor(message: string) {
    super('invalid_form', message);
  }
}

function read<T>(schema: z.ZodType<T>, { body }: FastifyRequest): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new BadForm('The form is not understood.');
}
