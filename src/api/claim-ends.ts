import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { spentSchema, type Spent } from '../issue/spending.ts';
import { branchName } from '../issue/verification.ts';
import type { ClaimEndResult } from '../claims/claim-end.ts';
import type { Claims } from '../claims/claims.ts';
import { maxReasonLength, type ClaimCall, type ClaimEnd } from '../claims/claim.ts';
import { readHandoff, type SentHandoff } from '../claims/handoff.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { bodyLimit, callOf, claimParams, refuse, refuseKey } from './claims.ts';
import { callerOfRequest } from './auth.ts';
import { notFound } from './errors.ts';
import { claimEndHeaders, readIdempotencyKey } from './headers.ts';
import type { Api, ApiDeps } from './route.ts';

const reason = z.string().trim().min(1).max(maxReasonLength);
const sentHandoff = z.union([z.string(), z.record(z.string(), z.unknown())]);
const handoff = sentHandoff
  .optional()
  .meta({ description: 'What the next worker is to know, at most 32 KB.' });
const spent = spentSchema
  .optional()
  .meta({ description: 'What the claim has cost since it began, over all its sessions.' });
export const rotateBody = z
  .strictObject({ handoff: sentHandoff, spent })
  .meta({ examples: [{ handoff: 'Half way: the tests are written.' }] });
export const releaseBody = z
  .strictObject({
    reason,
    handoff,
    spent,
    limitedUntil: z.iso
      .datetime({ offset: true, error: 'must be a time such as 2026-11-25T14:00:00Z' })
      .optional()
      .meta({ description: 'Until when the allowance of the agent is used up.' }),
  })
  .meta({ examples: [{ reason: 'The context is full.', handoff: 'Half way.' }] });
export const blockBody = z
  .strictObject({ reason, handoff, spent })
  .meta({ examples: [{ reason: 'The text contradicts itself.' }] });
export const completeBody = z
  .strictObject({
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,64}$/i, 'must be the hash of a commit')
      .regex(/[^0]/, 'is all zeros, which is no commit')
      .meta({ description: 'Its hash, which may be shortened to seven digits.' }),
    branch: branchName
      .optional()
      .meta({ description: 'Where the work was pushed to: for its pull request.' }),
    handoff,
    spent,
  })
  .meta({ examples: [{ commit: '3f2c1ab', branch: 'agent/issue-12' }] });

const ofClaim = { params: claimParams, headers: claimEndHeaders };
const giveBackBody = z
  .strictObject({ reason: reason.optional() })
  .meta({ examples: [{ reason: 'Something else is more urgent.' }] })
  .nullish();

export function releaseOf({
  reason: words,
  limitedUntil: until,
}: z.infer<typeof releaseBody>): ClaimEnd {
  const limitedUntil = until === undefined ? undefined : Date.parse(until);
  return { kind: 'release', reason: words, limitedUntil };
}

export function blockOf({ reason: words }: z.infer<typeof blockBody>): ClaimEnd {
  return { kind: 'block', reason: words };
}

export function completeOf({ commit, branch }: z.infer<typeof completeBody>): ClaimEnd {
  return { kind: 'complete', commit: commit.toLowerCase(), branch };
}

export interface EndBody {
  readonly handoff?: SentHandoff | undefined;
  readonly spent?: Spent | undefined;
}

/** Ends a claim with the handoff and the spending of the body, within their limits. */
export async function endWith(
  claims: Claims,
  call: ClaimCall,
  {
    end,
    body: { handoff: sent, spent: cost },
    signal,
  }: { readonly end: ClaimEnd; readonly body: EndBody; readonly signal: AbortSignal },
): Promise<ClaimEndResult> {
  const read = readHandoff(sent);
  if ('refusal' in read) return read;
  return claims.end(call, { ...end, ...read, spent: cost }, signal);
}

/** Rotate, and the three calls that end a claim: release, block and complete. */
export function registerClaimEnds(api: Api, { claims }: ApiDeps): void {
  async function end(
    request: FastifyRequest<{
      Params: { id: string };
      Body: EndBody;
    }>,
    reply: FastifyReply,
    claimEnd: ClaimEnd,
  ) {
    const key = readIdempotencyKey(request);
    if (!key.success) return refuseKey(reply, key.error);
    const call = callOf(request, key.data);
    const result = await endWith(claims, call, {
      ...{ end: claimEnd, body: request.body, signal: goneSignal(reply) },
    });
    if (result.kind === 'refused') return refuse(reply, result.refusal);
    return reply.code(result.kind === 'verifying' ? 202 : 200).send(result.answer);
  }

  api.post(
    '/claims/:id/rotate',
    { bodyLimit, schema: { ...ofClaim, body: rotateBody } },
    async (request, reply) => {
      const key = readIdempotencyKey(request);
      if (!key.success) return refuseKey(reply, key.error);
      const result = await claims.rotate(callOf(request, key.data), request.body);
      return result.kind === 'refused' ? refuse(reply, result.refusal) : result.answer;
    },
  );
  api.post(
    '/claims/:id/release',
    { bodyLimit, schema: { ...ofClaim, body: releaseBody } },
    async (request, reply) => {
      return end(request, reply, releaseOf(request.body));
    },
  );
  api.post(
    '/claims/:id/block',
    { bodyLimit, schema: { ...ofClaim, body: blockBody } },
    (request, reply) => end(request, reply, blockOf(request.body)),
  );
  api.post(
    '/claims/:id/complete',
    { bodyLimit, schema: { ...ofClaim, body: completeBody } },
    (request, reply) => end(request, reply, completeOf(request.body)),
  );
  api.post(
    '/claims/:id/give-back',
    { schema: { params: claimParams, body: giveBackBody } },
    async (request, reply) => {
      const taken = { claimId: request.params.id, by: callerOfRequest(request).name };
      const result = await claims.giveBack({ ...taken, reason: request.body?.reason });
      if (result === undefined) return reply.code(404).send(unknownClaim);
      return result.kind === 'refused' ? refuse(reply, result.refusal) : result.answer;
    },
  );
}

const unknownClaim = notFound('There is no such claim.');
