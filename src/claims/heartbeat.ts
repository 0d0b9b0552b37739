import type { Transaction } from 'kysely';

import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import { extendLease, findClaim, findLiveClaim, storeContext } from './claim-rows.ts';
import { lateCall, wrongToken, type ClaimCall, type RefusedCall } from './claim.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type ContextReport,
} from './context-monitor.ts';
import { monitorStateSchema } from './monitor-state.ts';
import type { ClaimsState } from './state.ts';
import type { ContextUsage } from './usage.ts';

export type HeartbeatResult =
  | {
      readonly kind: 'extended';
      readonly leaseExpiresAt: string;
      readonly context: ContextAnswer | null;
    }
  | RefusedCall;

/**
 * Extends the lease from now on, and answers what to do about the context window if its usage is reported.
 * Throws `UnusableReport`, and then extends nothing.
 */
export async function heartbeat(
  state: ClaimsState,
  { claimId, worker, token }: ClaimCall,
  usage: ContextUsage | undefined,
): Promise<HeartbeatResult> {
  if (!state.tokens.isTokenOf(claimId, token)) return wrongToken;
  await state.settleClock();
  return state.writes.transaction(async (transaction): Promise<HeartbeatResult> => {
    const now = state.now();
    const expiresAt = now + state.leaseMs;
    const row = await findLiveClaim(transaction, { id: claimId, worker, now });
    if (row === undefined) return lateCall(await findClaim(transaction, claimId), worker);
    await extendLease(transaction, { id: claimId, now, expiresAt });
    const report = usage && { ...usage, at: now };
    const context = report ? await observeClaim(state, transaction, { row, report }) : null;
    return { kind: 'extended', leaseExpiresAt: isoTime(expiresAt), context };
  });
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
