import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { ClaimCall, Refusal } from '../claims/claim.ts';
import type { Claims } from '../claims/claims.ts';
import type { HeartbeatReport } from '../claims/heartbeat.ts';
import {
  heartbeatBody,
  readHeartbeat,
  readSpent,
  readStatusLine,
  statusLineBody,
} from '../claims/usage.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { callerOfRequest } from './auth.ts';
import { errorBody } from './errors.ts';
import { claimFor, denyClaim, sendDenied } from './for-caller.ts';
import { claimHeaders, claimingHeaders, readHeader, readIdempotencyKey } from './headers.ts';
import type { Caller } from './roles.ts';
import { noQuery, waitQuery, type Api, type ApiDeps } from './route.ts';

const names = z.array(z.string().max(300)).min(1, 'must name at least one').max(50);
const claimBody = z
  .strictObject({
    agents: names.optional().meta({ description: 'Agents that the caller runs; all without it.' }),
    repositories: names
      .max(20)
      .optional()
      .meta({ description: 'Repositories as owner/name; all without it.' }),
  })
  .meta({ examples: [{ agents: ['sonnet'] }] })
  .nullish();

/** Hands out issues, lists the caller's claims, and takes heartbeats. */
export function registerClaims(api: Api, deps: ApiDeps): void {
  const { claims } = deps;
  api.post(
    '/claims',
    { bodyLimit, schema: { headers: claimingHeaders, body: claimBody, querystring: waitQuery } },
    async (request, reply) => {
      const key = readIdempotencyKey(request);
      if (!key.success) return refuseKey(reply, key.error);
      const work = await claimFor(deps, callerOfRequest(request), {
        ...request.body,
        idempotencyKey: key.data,
        waitMs: request.query.wait * 1_000,
        signal: goneSignal(reply),
      });
      if ('denied' in work) return sendDenied(reply, work);
      if ('claim' in work) return reply.code(201).send({ claim: work.claim });
      return { claim: null, waiting: work.waiting };
    },
  );
  api.get('/claims', { schema: { querystring: noQuery } }, async (request) => ({
    items: await claims.list(callerOfRequest(request).name),
  }));
  registerHeartbeat(api, claims, {
    path: 'heartbeat',
    body: heartbeatBody,
    read: (body) => ({ usage: readHeartbeat(body), spent: readSpent(body) }),
  });
  registerHeartbeat(api, claims, {
    path: 'statusline',
    body: statusLineBody,
    read: (body) => ({ usage: readStatusLine(body), spent: undefined }),
  });
}

interface HeartbeatRoute {
  readonly path: string;
  readonly body: z.ZodType;
  /** Reads by `body`, and throws for an impossible report, before anything is written: it extends no lease. */
  readonly read: (body: unknown) => HeartbeatReport;
}

function registerHeartbeat(api: Api, claims: Claims, { path, body, read }: HeartbeatRoute): void {
  api.post(
    `/claims/:id/${path}`,
    { bodyLimit, schema: { params: claimParams, headers: claimHeaders, body } },
    async (request, reply) => {
      const report = read(request.body);
      const result = await claims.heartbeat(callOf(request, undefined), report);
      if (result.kind === 'refused') return refuse(reply, result.refusal);
      return { leaseExpiresAt: result.leaseExpiresAt, context: result.context };
    },
  );
}

/** Body limit above the limit of a handoff, so that a larger handoff is read and refused with a sentence. */
export const bodyLimit = 256 * 1024;

export const claimParams = z.object({
  id: z.string().max(100).meta({ description: 'The `claimId` of the claim.' }),
});

export function callOf(
  request: FastifyRequest<{ Params: { id: string } }>,
  key: string | undefined,
): ClaimCall {
  const token = readHeader(request, 'X-Claim-Token');
  const call = { claimId: request.params.id, token, idempotencyKey: key };
  return callBy(callerOfRequest(request), call);
}

/** A call on a claim in the name of the caller. */
export function callBy(
  { name: worker, role }: Caller,
  call: Pick<ClaimCall, 'claimId' | 'token' | 'idempotencyKey'>,
): ClaimCall {
  return { ...call, worker, isBounded: role === 'worker' };
}

export function refuseKey(reply: FastifyReply, { issues }: z.ZodError) {
  const message = issues.map((issue) => issue.message).join(', ');
  return reply.code(400).send(errorBody('invalid_request', message));
}

export function refuse(reply: FastifyReply, refusal: Refusal) {
  return sendDenied(reply, denyClaim(refusal));
}
