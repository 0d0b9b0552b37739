import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import type { AgentProfile } from '../planning/agent-profiles.ts';
import { maxReasonLength, type ClaimCall, type ClaimEnd, type Refusal } from '../claims/claim.ts';
import type { Claims } from '../claims/claims.ts';
import { readHeartbeat, readStatusLine, type ContextUsage } from '../claims/usage.ts';
import { unknownAgent } from './unknown-agent.ts';

export interface ClaimRoutes {
  readonly claims: Claims;
  readonly agents: readonly AgentProfile[];
  readonly now: () => number;
}

/** What a worker may leave to the next one, as UTF-8 JSON: a page or two, not a transcript. */
const handoffLimit = 32 * 1024;
/** How deeply a handoff may be nested: what is a few thousand deep cannot be written as JSON any more. */
const handoffDepth = 100;
/** With a handoff above its limit still read, so that the answer can say what is wrong. */
const bodyLimit = 256 * 1024;
/** A limit further away than this is a mistake of the worker. */
const longestLimitMs = 31 * 86_400_000;

const names = z.array(z.string().max(300)).min(1, 'must name at least one').max(50);
const claimBody = z
  .strictObject({ agents: names.optional(), repositories: names.max(20).optional() })
  .nullish();
const claimQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^([0-9]|[1-5][0-9]|60)$/, 'must be a whole number of seconds from 0 to 60')
    .transform(Number)
    .default(0),
});
const claimParams = z.object({ id: z.string().max(100) });
const reason = z.string().trim().min(1).max(maxReasonLength);
const releaseBody = z.strictObject({
  reason,
  handoff: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  limitedUntil: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-25T14:00:00Z' })
    .optional(),
});
const blockBody = z.strictObject({ reason });
const completeBody = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{7,64}$/i, 'must be the hash of a commit'),
});
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Idempotency-Key must be 1 to 200 printable characters')
  .optional();

const statuses: Readonly<Record<Refusal['code'], number>> = {
  claim_token_invalid: 403,
  stale_lease: 409,
  withdrawn: 409,
  idempotency_key_reused: 422,
  too_many_waiting: 429,
};

/** Claims and the calls on them, for the workers. */
export function registerClaims(scope: FastifyInstance, deps: ClaimRoutes): void {
  const { claims, agents } = deps;
  const api = scope.withTypeProvider<ZodTypeProvider>();
  api.post(
    '/claims',
    { bodyLimit, schema: { body: claimBody, querystring: claimQuery } },
    async (request, reply) => {
      const body = request.body ?? {};
      const wanted = body.agents?.map((name) => name.toLowerCase());
      if (wanted?.some((name) => !agents.some((agent) => agent.name === name)) === true)
        return reply.code(422).send(unknownAgent(agents));
      const key = keyOf(request);
      if (!key.success) return reply.code(400).send(invalidKey(key.error));
      const answer = await claims.claim(
        {
          worker: callerOf(request),
          agents: wanted,
          repositories: body.repositories,
          idempotencyKey: key.data,
        },
        request.query.wait * 1_000,
        goneSignal(reply),
      );
      if (answer.kind === 'refused') return refuse(reply, answer.refusal);
      if (answer.kind === 'claimed') return reply.code(201).send({ claim: answer.claim });
      return { claim: null, waiting: answer.waiting };
    },
  );
  api.get('/claims', { schema: { querystring: z.strictObject({}) } }, async (request) => ({
    items: await claims.list(callerOf(request)),
  }));
  registerReporting(scope, deps);
  registerEnds(scope, deps);
}

function registerReporting(scope: FastifyInstance, { claims }: ClaimRoutes): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  /** What cannot be meant is refused before anything is written, so that it extends no lease. */
  const reports: readonly [string, (body: unknown) => ContextUsage | undefined][] = [
    ['heartbeat', readHeartbeat],
    ['statusline', readStatusLine],
  ];
  for (const [name, readUsage] of reports)
    api.post(
      `/claims/:id/${name}`,
      { bodyLimit, schema: { params: claimParams } },
      async (request, reply) => {
        const usage = readUsage(request.body);
        const answer = await claims.heartbeat(callOf(request, undefined), usage);
        if (answer.kind === 'refused') return refuse(reply, answer.refusal);
        return { leaseExpiresAt: answer.leaseExpiresAt, context: answer.context };
      },
    );
}

function registerEnds(scope: FastifyInstance, { claims, now }: ClaimRoutes): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();

  async function end(
    request: FastifyRequest<{ Params: { id: string } }>,
    reply: FastifyReply,
    requested: ClaimEnd,
  ) {
    const key = keyOf(request);
    if (!key.success) return reply.code(400).send(invalidKey(key.error));
    const answer = await claims.end(callOf(request, key.data), requested);
    return answer.kind === 'refused' ? refuse(reply, answer.refusal) : answer.answer;
  }

  api.post(
    '/claims/:id/release',
    { bodyLimit, schema: { params: claimParams, body: releaseBody } },
    async (request, reply) => {
      const { limitedUntil, ...body } = request.body;
      const handoff = isEmpty(body.handoff) ? undefined : body.handoff;
      if (isDeeper(handoff, handoffDepth))
        return reply.code(422).send(error('handoff_too_deep', tooDeep));
      const size = handoff === undefined ? 0 : Buffer.byteLength(JSON.stringify(handoff));
      if (size > handoffLimit) return reply.code(413).send(handoffTooLarge(size));
      const until = limitedUntil === undefined ? undefined : Date.parse(limitedUntil);
      if (until !== undefined && until > now() + longestLimitMs)
        return reply.code(422).send(error('limited_until_invalid', limitTooFar));
      return end(request, reply, {
        kind: 'release',
        reason: body.reason,
        handoff,
        limitedUntil: until,
      });
    },
  );
  api.post(
    '/claims/:id/block',
    { bodyLimit, schema: { params: claimParams, body: blockBody } },
    (request, reply) => end(request, reply, { kind: 'block', reason: request.body.reason }),
  );
  api.post(
    '/claims/:id/complete',
    { bodyLimit, schema: { params: claimParams, body: completeBody } },
    (request, reply) =>
      end(request, reply, { kind: 'complete', commit: request.body.commit.toLowerCase() }),
  );
}

/** Says nothing to the next worker, and must not take the place of what says something. */
function isEmpty(handoff: string | Readonly<Record<string, unknown>> | undefined): boolean {
  if (typeof handoff === 'string') return handoff.trim() === '';
  return handoff !== undefined && Object.keys(handoff).length === 0;
}

/** Goes no deeper than it has to. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Aborts when the client goes away before it was answered. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) gone.abort();
  });
  return gone.signal;
}

function callOf(
  request: FastifyRequest<{ Params: { id: string } }>,
  key: string | undefined,
): ClaimCall {
  const token = request.headers['x-claim-token'];
  return {
    claimId: request.params.id,
    worker: callerOf(request),
    token: typeof token === 'string' ? token : undefined,
    idempotencyKey: key,
  };
}

/** The hook of all of `/api` lets nobody pass without a name. */
function callerOf({ caller }: FastifyRequest): string {
  if (caller === undefined) throw new RangeError('a request of the API has no caller');
  return caller;
}

function keyOf(request: FastifyRequest) {
  return idempotencyKey.safeParse(request.headers['idempotency-key']);
}

function refuse(reply: FastifyReply, { code, message }: Refusal) {
  return reply.code(statuses[code]).send(error(code, message));
}

function invalidKey({ issues }: z.ZodError) {
  return error('invalid_request', issues.map(({ message }) => message).join(', '));
}

function handoffTooLarge(size: number) {
  const message = `The handoff is ${size} bytes as JSON, at most ${handoffLimit} are kept: shorten it, and point to files instead of quoting them.`;
  return error('handoff_too_large', message);
}

const tooDeep = `The handoff is nested more than ${handoffDepth} levels deep: make it flatter, or send it as text.`;
const limitTooFar = 'limitedUntil must not be more than 31 days away.';

function error(code: string, message: string) {
  return { error: { code, message } };
}
