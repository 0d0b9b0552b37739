import type { Transaction } from 'kysely';
import { z } from 'zod';

import { afterCommit } from '../db/after-commit.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { ParkingReason } from '../issue/reasons.ts';
import type { Spent } from '../issue/spending.ts';
import { partOfTrace } from '../lib/spans.ts';
import { endTooLate } from './claim-end.ts';
import {
  extendLease,
  findLiveClaim,
  keepHandoff,
  storeContext,
  withdrawAndPark,
} from './claim-rows.ts';
import { refused, wrongToken, type ClaimCall, type RefusedCall } from './claim.ts';
import { newSession } from './context-monitor.ts';
import { readHandoff, type SentHandoff } from './handoff.ts';
import { claimCallKey, hashOf, recallAnswer, storeAnswer } from './idempotency.ts';
import { monitorStateSchema } from './monitor-state.ts';
import { recordSpent } from './spending.ts';
import { change, type ClaimsState } from './state.ts';

/** Maximum of fresh sessions of one claim: an issue that needs more is too large, or goes round in circles. */
const maxRotations = 5;

const rotationSchema = z.object({
  claimId: z.string(),
  /** Rotations of the claim so far. */
  rotations: z.int(),
  leaseExpiresAt: z.string(),
});
export type Rotation = Readonly<z.infer<typeof rotationSchema>>;

export type RotationResult = { readonly kind: 'rotated'; readonly answer: Rotation } | RefusedCall;

/** A fresh session of the agent takes over from the one before. */
export interface RotationRequest {
  readonly handoff: SentHandoff;
  readonly spent?: Spent | undefined;
}

/**
 * Lets a fresh session of the agent go on with a claim: the handoff is kept in case the claim dies, the lease and
 * the context monitor begin anew. Beyond `maxRotations` the claim is withdrawn, and the issue is for a person.
 */
export async function rotate(
  state: ClaimsState,
  call: ClaimCall,
  request: RotationRequest,
): Promise<RotationResult> {
  const read = readHandoff(request.handoff);
  if ('refusal' in read) return read;
  const { handoff } = read;
  if (handoff === undefined) return handoffMissing;
  if (!state.tokens.isTokenOf(call.claimId, call.token)) return wrongToken;
  await state.settleClock();
  const bodyHash = hashOf(request);
  const key = claimCallKey(call, 'rotate');
  const result = await change(state, async (transaction): Promise<RotationResult> => {
    const stored = await recallAnswer(transaction, key, bodyHash);
    if (stored !== undefined && 'kind' in stored) return stored;
    if (stored !== undefined)
      return { kind: 'rotated', answer: rotationSchema.parse(stored.answer) };
    const rotated = await rotateClaim(state, transaction, { ...request, call, handoff });
    if (rotated.kind === 'rotated')
      await storeAnswer(transaction, key, { bodyHash, answer: rotated.answer, now: state.now() });
    return rotated;
  });
  if (result.kind === 'refused') state.longPolls.wake();
  return result;
}

async function rotateClaim(
  state: ClaimsState,
  transaction: Transaction<Schema>,
  { call, handoff, spent }: RotationRequest & { readonly call: ClaimCall },
): Promise<RotationResult> {
  const now = state.now();
  const { claimId: id, worker } = call;
  const row = await findLiveClaim(transaction, { id, worker, now });
  if (row === undefined) return endTooLate(state, transaction, { call, sent: { handoff, spent } });
  const issue = { repositoryId: row.repository_id, number: row.number };
  const json = JSON.stringify(handoff);
  const { usedUp } = await recordSpent(state, transaction, row, spent);
  const parked = usedUp ?? tooManyRotations(row);
  if (parked !== undefined) {
    const withdrawn = { claim: id, worker, code: parked.code };
    afterCommit(
      transaction,
      partOfTrace('claim', id, () => state.log.info(withdrawn, 'claim withdrawn')),
    );
    return withdrawAndPark(transaction, { row, parked, handoff: json, now });
  }
  await keepHandoff(transaction, { id, issue, handoff: json, now });
  const expiresAt = now + state.leaseMs;
  await extendLease(transaction, { id, now, expiresAt });
  if (row.context !== null) {
    const before = monitorStateSchema.parse(JSON.parse(row.context));
    await storeContext(transaction, id, newSession(before, now));
  }
  const rotations = row.rotations + 1;
  await transaction.updateTable('claims').set({ rotations }).where('id', '=', id).execute();
  const told = { claim: id, worker, rotations };
  afterCommit(
    transaction,
    partOfTrace('claim', id, () => state.log.info(told, 'a fresh session goes on with the claim')),
  );
  return {
    kind: 'rotated',
    answer: { claimId: id, rotations, leaseExpiresAt: isoTime(expiresAt) },
  };
}

function tooManyRotations({
  worker,
  agent,
  rotations: count,
}: ClaimRow): ParkingReason | undefined {
  if (count < maxRotations) return undefined;
  return { code: 'rotations', params: { worker, agent, count } };
}

const handoffMissing = refused(
  'handoff_missing',
  'A fresh session knows nothing of the one before: send a handoff that says where the work stands.',
);
