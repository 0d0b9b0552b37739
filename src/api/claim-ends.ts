import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { spentSchema, type Spent } from '../issue/spending.ts';
import { branchName } from '../issue/verification.ts';
import { maxReasonLength, type ClaimEnd } from '../claims/claim.ts';
import { readHandoff, type SentHandoff } from '../claims/handoff.ts';
import {
  bodyLimit,
  callOf,
  claimParams,
  goneSignal,
  readIdempotencyKey,
  refuse,
  refuseKey,
} from './claims.ts';
import type { Api, ApiDeps } from './route.ts';

const reason = z.string().trim().min(1).max(maxReasonLength);
const sentHandoff = z.union([z.string(), z.record(z.string(), z.unknown())]);
const handoff = sentHandoff.optional();
const spent = spentSchema.optional();
const rotateBody = z.strictObject({ handoff: sentHandoff, spent });
const releaseBody = z.strictObject({
  reason,
  handoff,
  spent,
  limitedUntil: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-25T14:00:00Z' })
    .optional(),
});
const blockBody = z.strictObject({ reason, handoff, spent });
const completeBody = z.strictObject({
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i, 'must be the hash of a commit')
    .regex(/[^0]/, 'is all zeros, which is no commit'),
  branch: branchName.optional(),
  handoff,
  spent,
});

interface EndBody {
  readonly handoff?: SentHandoff | undefined;
  readonly spent?: Spent | undefined;
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
    const read = readHandoff(request.body.handoff);
    if ('refusal' in read) return refuse(reply, read.refusal);
    const key = readIdempotencyKey(request);
    if (!key.success) return refuseKey(reply, key.error);
    const withReport = { ...claimEnd, ...read, spent: request.body.spent };
    const result = await claims.end(callOf(request, key.data), withReport, goneSignal(reply));
    if (result.kind === 'refused') return refuse(reply, result.refusal);
    return reply.code(result.kind === 'verifying' ? 202 : 200).send(result.answer);
  }

  api.post(
    '/claims/:id/rotate',
    { bodyLimit, schema: { params: claimParams, body: rotateBody } },
    async (request, reply) => {
      const key = readIdempotencyKey(request);
      if (!key.success) return refuseKey(reply, key.error);
      const result = await claims.rotate(callOf(request, key.data), request.body);
      return result.kind === 'refused' ? refuse(reply, result.refusal) : result.answer;
    },
  );
  api.post(
    '/claims/:id/release',
    { bodyLimit, schema: { params: claimParams, body: releaseBody } },
    async (request, reply) => {
      const until = request.body.limitedUntil;
      const limitedUntil = until === undefined ? undefined : Date.parse(until);
      const { reason: words } = request.body;
      return end(request, reply, { kind: 'release', reason: words, limitedUntil });
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
      end(request, reply, {
        kind: 'complete',
        commit: request.body.commit.toLowerCase(),
        branch: request.body.branch,
      }),
  );
}
