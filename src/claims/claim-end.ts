import type { Transaction } from 'kysely';
import { z } from 'zod';

import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import { reasonText } from '../issue/reasons.ts';
import { oneLine } from '../lib/text.ts';
import { findClaim, storeClaimEnd, type EndEffect } from './claim-rows.ts';
import {
  lateCall,
  maxReasonLength,
  wrongToken,
  type ClaimCall,
  type ClaimEnd,
  type RefusedCall,
} from './claim.ts';
import { hashOf, recallAnswer, storeAnswer, type CallKey } from './idempotency.ts';
import { awaitingVerification } from '../issue/state.ts';
import { addPause } from './pauses.ts';
import { change, type ClaimsState } from './state.ts';

const outcomes = { release: 'released', block: 'blocked', complete: 'completed' } as const;

const endAnswerSchema = z.object({
  claimId: z.string(),
  outcome: z.enum(outcomes),
  endedAt: z.string(),
});
/** Answer to the call that ended a claim. */
export type ClaimEndAnswer = Readonly<z.infer<typeof endAnswerSchema>>;

export type ClaimEndResult =
  { readonly kind: 'ended'; readonly answer: ClaimEndAnswer } | RefusedCall;

/** Ends a claim at the request of its worker. The same call again gets the same answer and changes nothing. */
export async function endClaim(
  state: ClaimsState,
  call: ClaimCall,
  end: ClaimEnd,
): Promise<ClaimEndResult> {
  if (!state.tokens.isTokenOf(call.claimId, call.token)) return wrongToken;
  const request = { call, end, hash: hashOf(end) };
  const result = await change(
    state,
    async (transaction) =>
      (await repeatedEnd(transaction, request)) ?? endLiveClaim(state, transaction, request),
  );
  state.longPolls.wake();
  return result;
}

interface EndRequest {
  readonly call: ClaimCall;
  readonly end: ClaimEnd;
  /** SHA-256 of `end`. */
  readonly hash: string;
}

/** The result of the first call, by its Idempotency-Key or as the call that ended the claim; undefined when it is new. */
async function repeatedEnd(
  transaction: Transaction<Schema>,
  { call, end, hash }: EndRequest,
): Promise<ClaimEndResult | undefined> {
  const stored = await recallAnswer(transaction, callKey(call, end), hash);
  if (stored !== undefined)
    return 'kind' in stored
      ? stored
      : { kind: 'ended', answer: endAnswerSchema.parse(stored.answer) };
  const row = await findClaim(transaction, call.claimId);
  if (row?.worker !== call.worker || row.ended_at === null || row.end_hash !== hash)
    return undefined;
  return { kind: 'ended', answer: answerOf(row.id, end, row.ended_at) };
}

async function endLiveClaim(
  { now: clock, log }: ClaimsState,
  transaction: Transaction<Schema>,
  { call, end, hash }: EndRequest,
): Promise<ClaimEndResult> {
  const row = await findClaim(transaction, call.claimId);
  const now = clock();
  if (row?.worker !== call.worker || row.ended_at !== null || row.expires_at <= now)
    return lateCall(row, call.worker);
  const { id, worker, agent } = row;
  await storeClaimEnd(transaction, row, { ...effectOf(row, end, now), hash, now });
  if (end.kind === 'release' && end.limitedUntil !== undefined)
    await addPause(transaction, {
      agent,
      source: 'limit',
      reason: `${worker} reports that the allowance of ${agent} is used up.`,
      paused_by: worker,
      paused_at: now,
      until: end.limitedUntil,
    });
  const answer = answerOf(id, end, now);
  await storeAnswer(transaction, callKey(call, end), { bodyHash: hash, answer, now });
  log.info({ claim: id, worker, outcome: answer.outcome }, 'claim ended');
  return { kind: 'ended', answer };
}

function callKey(
  { worker, claimId, idempotencyKey }: ClaimCall,
  { kind }: ClaimEnd,
): CallKey | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { caller: worker, route: `claims/${claimId}/${kind}`, key: idempotencyKey };
}

function answerOf(claimId: string, { kind }: ClaimEnd, endedAt: number): ClaimEndAnswer {
  return { claimId, outcome: outcomes[kind], endedAt: isoTime(endedAt) };
}

/**
 * The effect of an end on the issue. A release is a failed attempt, unless it has a handoff, with which work
 * goes on, or a limit that is not over at `now`: then it was not the fault.
 */
function effectOf(
  { worker, agent }: ClaimRow,
  end: ClaimEnd,
  now: number,
): Omit<EndEffect, 'hash' | 'now'> {
  switch (end.kind) {
    case 'release': {
      const { reason, handoff, limitedUntil } = end;
      return {
        outcome: 'released',
        reason,
        handoff: handoff === undefined ? undefined : JSON.stringify(handoff),
        failed: handoff === undefined && (limitedUntil ?? now) <= now,
      };
    }
    case 'block': {
      const params = { worker, agent, words: oneLine(end.reason, maxReasonLength) };
      const parked = { code: 'worker_blocked', params } as const;
      return { outcome: 'blocked', reason: end.reason, failed: false, parked };
    }
    case 'complete': {
      const { commit } = end;
      const parked = { code: awaitingVerification, params: { worker, commit } } as const;
      return { outcome: 'completed', reason: reasonText(parked), commit, failed: false, parked };
    }
  }
}
