import type { Transaction } from 'kysely';

import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { Spent } from '../issue/spending.ts';
import {
  extendLease,
  findClaim,
  findLiveClaim,
  storeContext,
  withdrawAndPark,
} from './claim-rows.ts';
import { lateCall, wrongToken, type ClaimCall, type RefusedCall } from './claim.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type ContextReport,
} from './context-monitor.ts';
import { monitorStateSchema } from './monitor-state.ts';
import { recordLateSpent, recordSpent } from './spending.ts';
import type { ClaimsState } from './state.ts';
import type { ContextUsage } from './usage.ts';

export type HeartbeatResult =
  | {
      readonly kind: 'extended';
      readonly leaseExpiresAt: string;
      readonly context: ContextAnswer | null;
    }
  | RefusedCall;

export interface HeartbeatReport {
  readonly usage: ContextUsage | undefined;
  readonly spent: Spent | undefined;
}

/**
 * Extends the lease from now on, and answers what to do about the context window if its usage is reported.
 * When the budget of the issue is used up, the claim is withdrawn. Throws `UnusableReport`, and then changes nothing.
 */
export async function heartbeat(
  state: ClaimsState,
  { claimId, worker, token }: ClaimCall,
  { usage, spent }: HeartbeatReport,
): Promise<HeartbeatResult> {
  if (!state.tokens.isTokenOf(claimId, token)) return wrongToken;
  await state.settleClock();
  const { result, isShown } = await state.writes.transaction(async (transaction) => {
    const now = state.now();
    const row = await findLiveClaim(transaction, { id: claimId, worker, now });
    if (row === undefined) {
      const late = await findClaim(transaction, claimId);
      const isShown =
        late?.worker === worker && (await recordLateSpent(state, transaction, late, spent));
      return { result: lateCall(late, worker), isShown };
    }
    const { usedUp, warned = false } = await recordSpent(state, transaction, row, spent);
    // A commit that is being verified may still complete it.
    if (usedUp !== undefined && row.verification_id === null)
      return {
        result: await withdrawAndPark(transaction, { row, parked: usedUp, now }),
        isShown: true,
      };
    return { result: await extend(state, transaction, { row, usage, now }), isShown: warned };
  });
  if (isShown) state.wakePublisher();
  if (isShown && result.kind === 'refused') state.longPolls.wake();
  return result;
}

async function extend(
  state: ClaimsState,
  transaction: Transaction<Schema>,
  {
    row,
    usage,
    now,
  }: Pick<HeartbeatReport, 'usage'> & { readonly row: ClaimRow; readonly now: number },
): Promise<HeartbeatResult> {
  const expiresAt = now + state.leaseMs;
  await extendLease(transaction, { id: row.id, now, expiresAt });
  const report = usage && { ...usage, at: now };
  const context = report ? await observeClaim(state, transaction, { row, report }) : null;
  return { kind: 'extended', leaseExpiresAt: isoTime(expiresAt), context };
}

async function observeClaim(
  { profiles, thresholds }: ClaimsState,
  transaction: Transaction<Schema>,
  { row, report }: { readonly row: ClaimRow; readonly report: ContextReport },
): Promise<ContextAnswer> {
  const before =
    row.context === null ? initialMonitorState : monitorStateSchema.parse(JSON.parse(row.context));
  const profile = profiles.find(({ name }) => name === row.agent);
  const { state, answer } = observe(before, report, { ...thresholds, profile });
  await storeContext(transaction, row.id, state);
  return answer;
}
