import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { ClaimCall, Refusal } from '../claims/claim.ts';
import { errorBody } from './errors.ts';

/** Body limit above the limit of a handoff, so that a larger handoff is read and refused with a sentence. */
export const bodyLimit = 256 * 1024;

export const claimParams = z.object({ id: z.string().max(100) });

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

export function callOf(
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

/** Name of the caller; the hook of all of `/api` refuses requests without one. */
export function callerOf({ caller }: FastifyRequest): string {
  if (caller === undefined) throw new RangeError('a request of the API has no caller');
  return caller;
}

export function readIdempotencyKey({ headers }: FastifyRequest) {
  return idempotencyKey.safeParse(headers['idempotency-key']);
}

export function refuseKey(reply: FastifyReply, { issues }: z.ZodError) {
  const message = issues.map((issue) => issue.message).join(', ');
  return reply.code(400).send(errorBody('invalid_request', message));
}

export function refuse(reply: FastifyReply, { code, message }: Refusal) {
  return reply.code(statuses[code]).send(errorBody(code, message));
}
