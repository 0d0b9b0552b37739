import type { Transaction } from 'kysely';
import { z } from 'zod';

import { afterCommit } from '../db/after-commit.ts';
import type { Database } from '../db/database.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import { reasonText, type ParkingReason } from '../issue/reasons.ts';
import { partOfTrace } from '../lib/spans.ts';
import { oneLine } from '../lib/text.ts';
import { accountOf, agentsOfAccount } from '../planning/agent-profiles.ts';
import {
  findClaim,
  findLiveClaim,
  keepLateHandoff,
  storeClaimEnd,
  type EndEffect,
} from './claim-rows.ts';
import {
  lateCall,
  maxReasonLength,
  wrongToken,
  type ClaimCall,
  type ClaimEnd,
  type LastReport,
  type RefusedCall,
} from './claim.ts';
import { checkCompletion } from './commit-check.ts';
import { claimCallKey, hashOf, recallAnswer, storeAnswer } from './idempotency.ts';
import { awaitingVerification } from '../issue/state.ts';
import { addLimit, maxLimitMs } from './pauses.ts';
import {
  verifyCompletion,
  verifyingAnswerSchema,
  type VerifyingAnswer,
} from './verified-completion.ts';
import { hasJustHandedOver } from './hand-out/setbacks.ts';
import { recordLateSpent, recordSpent } from './spending.ts';
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
  | { readonly kind: 'ended'; readonly answer: ClaimEndAnswer }
  | { readonly kind: 'verifying'; readonly answer: VerifyingAnswer }
  | RefusedCall;

/**
 * Ends a claim at the request of its worker; where there is a verifier, completing it waits for the proof of the
 * commit. The same call again gets the same answer and changes nothing.
 */
export async function endClaim(
  state: ClaimsState,
  call: ClaimCall,
  requested: ClaimEnd,
  signal: AbortSignal,
): Promise<ClaimEndResult> {
  if (!state.tokens.isTokenOf(call.claimId, call.token)) return wrongToken;
  await state.settleClock();
  // Of the request as it came: a retry is the same call.
  const hash = hashOf(requested);
  const repeated = await repeatedEnd(state.db, { call, end: requested, hash });
  if (repeated !== undefined) return repeated;
  const end = await checkCompletion(state, call, { end: requested, signal });
  if ('refusal' in end) return end;
  const request = { call, end, hash };
  const result = await change(
    state,
    async (transaction) =>
      (await repeatedEnd(transaction, request)) ?? endLiveClaim(state, transaction, request),
  );
  state.longPolls.wake();
  return result;
}

function repeatedAnswer(stored: unknown): ClaimEndResult {
  const verifying = verifyingAnswerSchema.safeParse(stored);
  if (verifying.success) return { kind: 'verifying', answer: verifying.data };
  return { kind: 'ended', answer: endAnswerSchema.parse(stored) };
}

interface EndRequest {
  readonly call: ClaimCall;
  readonly end: ClaimEnd;
  /** SHA-256 of `end`. */
  readonly hash: string;
}

/** The result of the first call, by its Idempotency-Key or as the call that ended the claim; undefined when it is new. */
async function repeatedEnd(
  db: Database,
  { call, end, hash }: EndRequest,
): Promise<ClaimEndResult | undefined> {
  const stored = await recallAnswer(db, claimCallKey(call, end.kind), hash);
  if (stored !== undefined) return 'kind' in stored ? stored : repeatedAnswer(stored.answer);
  const row = await findClaim(db, call.claimId);
  if (row?.worker !== call.worker || row.ended_at === null || row.end_hash !== hash)
    return undefined;
  return { kind: 'ended', answer: answerOf(row.id, end, row.ended_at) };
}

async function endLiveClaim(
  state: ClaimsState,
  transaction: Transaction<Schema>,
  { call, end, hash }: EndRequest,
): Promise<ClaimEndResult> {
  const { log, profiles, requestVerification } = state;
  const now = state.now();
  const row = await findLiveClaim(transaction, { id: call.claimId, worker: call.worker, now });
  if (row === undefined) return endTooLate(state, transaction, { call, sent: end });
  const { id, worker, agent } = row;
  const { usedUp } = await recordSpent(state, transaction, row, end.spent);
  const completion = { row, end, hash, now };
  const verifying = await verifyCompletion(requestVerification, transaction, completion);
  if (verifying !== undefined) {
    await storeAnswer(transaction, claimCallKey(call, end.kind), {
      bodyHash: hash,
      answer: verifying,
      now,
    });
    const waits = { claim: id, worker, ...verifying.verification };
    afterCommit(
      transaction,
      partOfTrace('claim', id, () => log.info(waits, 'claim waits for its verification')),
    );
    return { kind: 'verifying', answer: verifying };
  }
  const handsOverAgain =
    end.kind === 'release' && end.handoff !== undefined
      ? await hasJustHandedOver(transaction, row, now)
      : false;
  const effect = effectOf(row, end, { handsOverAgain, usedUp });
  await storeClaimEnd(transaction, row, { ...effect, hash, now });
  const until = limitOf(end, now);
  if (until !== undefined) {
    const { isBounded = false } = call;
    const account = accountOf(profiles, agent);
    for (const each of new Set([agent, ...agentsOfAccount(profiles, account)]))
      await addLimit(transaction, { account, agent: each, worker, until, now, isBounded });
  }
  const answer = answerOf(id, end, now);
  await storeAnswer(transaction, claimCallKey(call, end.kind), { bodyHash: hash, answer, now });
  const ended = { claim: id, worker, outcome: answer.outcome };
  afterCommit(
    transaction,
    partOfTrace('claim', id, () => log.info(ended, 'claim ended')),
  );
  return { kind: 'ended', answer };
}

/** Refuses a call on a claim that has ended; counts what it has cost, and keeps its handoff for whoever goes on. */
export async function endTooLate(
  state: Pick<ClaimsState, 'profiles' | 'now' | 'log'>,
  transaction: Transaction<Schema>,
  { call: { claimId: id, worker }, sent }: { readonly call: ClaimCall; readonly sent: LastReport },
): Promise<RefusedCall> {
  const row = await findClaim(transaction, id);
  const late = lateCall(row, worker);
  if (row?.worker !== worker) return late;
  await recordLateSpent(state, transaction, row, sent.spent);
  if (sent.handoff === undefined) return late;
  const handoff = JSON.stringify(sent.handoff);
  const now = state.now();
  const isKept =
    (await keepLateHandoff(transaction, { id, handoff, now })) || row.handoff === handoff;
  const { code, message } = late.refusal;
  const kept = isKept
    ? 'The handoff is kept.'
    : 'The handoff is not kept: this claim has another one already.';
  return { ...late, refusal: { code, message: `${message} ${kept}` } };
}

/** The end of the limit that a release reports, at most `maxLimitMs` away; undefined without one, or when it is over. */
function limitOf(end: ClaimEnd, now: number): number | undefined {
  if (end.kind !== 'release' || end.limitedUntil === undefined || end.limitedUntil <= now)
    return undefined;
  return Math.min(end.limitedUntil, now + maxLimitMs);
}

function answerOf(claimId: string, { kind }: ClaimEnd, endedAt: number): ClaimEndAnswer {
  return { claimId, outcome: outcomes[kind], endedAt: isoTime(endedAt) };
}

interface ReleaseFacts {
  /** The reason to park an issue whose budget is used up. */
  readonly usedUp: ParkingReason | undefined;
  /** True when the same worker gave the issue back with a handoff a short time ago. */
  readonly handsOverAgain: boolean;
}

/**
 * The effect of an end on the issue. A release is a failed attempt, unless it has a handoff, with which work
 * goes on, or a limit, which may be just over: then it was not the fault.
 */
function effectOf(
  { worker, agent }: ClaimRow,
  end: ClaimEnd,
  { handsOverAgain, usedUp: parked }: ReleaseFacts,
): Omit<EndEffect, 'hash' | 'now'> {
  const handoff = end.handoff === undefined ? undefined : JSON.stringify(end.handoff);
  switch (end.kind) {
    case 'release': {
      const { reason, limitedUntil } = end;
      const failed = handoff === undefined && limitedUntil === undefined;
      const setback =
        limitedUntil !== undefined ? 'blockOrLimit' : handsOverAgain ? 'handoffAgain' : undefined;
      return { outcome: 'released', reason, handoff, failed, setback, parked };
    }
    case 'block': {
      const params = { worker, agent, words: oneLine(end.reason, maxReasonLength) };
      const parked = { code: 'worker_blocked', params } as const;
      return {
        outcome: 'blocked',
        reason: end.reason,
        handoff,
        failed: false,
        setback: 'blockOrLimit',
        parked,
      };
    }
    case 'complete': {
      const { commit, checked = false } = end;
      const parked = { code: awaitingVerification, params: { worker, commit, checked } } as const;
      const reason = reasonText(parked);
      return { outcome: 'completed', reason, commit, handoff, failed: false, parked };
    }
  }
}
