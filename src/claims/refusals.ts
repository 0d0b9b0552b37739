import type { ClaimRow } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { Refusal } from './claim.ts';

export interface RefusedCall {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

export const wrongToken = refused(
  'claim_token_invalid',
  'Send the token that came with this claim as X-Claim-Token.',
);
export const keyReused = refused(
  'idempotency_key_reused',
  'This Idempotency-Key was used with another body: use a new key for a new call.',
);
export const tooManyWaiting = refused(
  'too_many_waiting',
  'Too many calls already wait for work: ask again without wait, or later.',
);

/** Refuses a call on a claim that is not live, or not the worker's. */
export function lateCall(row: ClaimRow | undefined, worker: string): RefusedCall {
  if (row === undefined) return refused('stale_lease', 'This claim does not exist: claim again.');
  if (row.worker !== worker)
    return refused('claim_token_invalid', 'This claim belongs to another caller.');
  if (row.outcome === 'withdrawn')
    return refused('withdrawn', `${row.reason ?? ''} Stop working on it.`);
  return refused(
    'stale_lease',
    row.outcome === null || row.outcome === 'expired'
      ? `The lease expired at ${isoTime(row.expires_at)}: stop, and claim again.`
      : `This claim was ${row.outcome} at ${isoTime(row.ended_at ?? 0)}: it takes no more calls.`,
  );
}

function refused(code: Refusal['code'], message: string): RefusedCall {
  return { kind: 'refused', refusal: { code, message } };
}
