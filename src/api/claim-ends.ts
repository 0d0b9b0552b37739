import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { branchName } from '../issue/verification.ts';
import { maxReasonLength, type ClaimEnd } from '../claims/claim.ts';
import {
  bodyLimit,
  callOf,
  claimParams,
  goneSignal,
  readIdempotencyKey,
  refuse,
  refuseKey,
} from './claims.ts';
import { errorBody } from './errors.ts';
import type { Api, ApiDeps } from './route.ts';

/** Limit of a handoff as UTF-8 JSON: a page or two, not a transcript. */
const handoffLimit = 32 * 1024;
/** Limit of a handoff's nesting: a value a few thousand levels deep cannot be written as JSON. */
const handoffDepth = 100;

const reason = z.string().trim().min(1).max(maxReasonLength);
const handoff = z.union([z.string(), z.record(z.string(), z.unknown())]).optional();
type SentHandoff = z.infer<typeof handoff>;
const releaseBody = z.strictObject({
  reason,
  handoff,
  limitedUntil: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-25T14:00:00Z' })
    .optional(),
});
const blockBody = z.strictObject({ reason, handoff });
const completeBody = z.strictObject({
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/i, 'must be the hash of a commit')
    .regex(/[^0]/, 'is all zeros, which is no commit'),
  branch: branchName.optional(),
  handoff,
});

/** Release, block and complete: the three calls that end a claim. */
export function registerClaimEnds(api: Api, { claims }: ApiDeps): void {
  async function end(
    request: FastifyRequest<{ Params: { id: string }; Body: { handoff?: SentHandoff } }>,
    reply: FastifyReply,
    claimEnd: ClaimEnd,
  ) {
    const sent = request.body.handoff;
    if (isDeeper(sent, handoffDepth))
      return reply.code(422).send(errorBody('handoff_too_deep', tooDeep));
    const size = sent === undefined ? 0 : Buffer.byteLength(JSON.stringify(sent));
    if (size > handoffLimit)
      return reply.code(413).send(errorBody('handoff_too_large', tooLarge(size)));
    const key = readIdempotencyKey(request);
    if (!key.success) return refuseKey(reply, key.error);
    const withHandoff = { ...claimEnd, handoff: isEmpty(sent) ? undefined : sent };
    const result = await claims.end(callOf(request, key.data), withHandoff, goneSignal(reply));
    if (result.kind === 'refused') return refuse(reply, result.refusal);
    return reply.code(result.kind === 'verifying' ? 202 : 200).send(result.answer);
  }

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

/** An empty handoff tells the next worker nothing, and must not replace an earlier one. */
function isEmpty(handoff: string | Readonly<Record<string, unknown>> | undefined): boolean {
  if (typeof handoff === 'string') return handoff.trim() === '';
  return handoff !== undefined && Object.keys(handoff).length === 0;
}

/** Stops at `levels`, so that it never recurses deeper. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function tooLarge(size: number): string {
  return `The handoff is ${size} bytes as JSON, the maximum is ${handoffLimit}: shorten it, and point to files instead of quoting them.`;
}

const tooDeep = `The handoff is nested more than ${handoffDepth} levels deep: make it flatter, or send it as text.`;
