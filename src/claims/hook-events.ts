import type { Transaction } from 'kysely';

import type { ClaimRow, Schema } from '../db/schema.ts';
import { findClaim, findLiveClaim, storeContext } from './claim-rows.ts';
import { lateCall, wrongToken, type ClaimCall, type RefusedCall } from './claim.ts';
import { armBands } from './context-monitor.ts';
import { monitorStateSchema } from './monitor-state.ts';
import type { ClaimsState } from './state.ts';

/** Maximum of findings that hooks give to the agent of one claim: an agent that is stuck has to come to an end. */
const maxGiven = 3;

type Done<T> = { readonly kind: 'done'; readonly value: T } | RefusedCall;

/**
 * True when the agent of a live claim shall be given the findings of this verification: they are new to it, and it was
 * not given findings too often. They count as given from then on. Undefined asks whether the call is right at all.
 */
export function takeFindings(
  state: ClaimsState,
  call: ClaimCall,
  verificationId: string | undefined,
): Promise<Done<boolean>> {
  return withLiveClaim(state, call, async (transaction, row) => {
    if (verificationId === undefined || row.findings_of === verificationId) return false;
    if (row.findings_given >= maxGiven) return false;
    await transaction
      .updateTable('claims')
      .set({ findings_given: row.findings_given + 1, findings_of: verificationId })
      .where('id', '=', row.id)
      .execute();
    return true;
  });
}

/** The agent of a live claim compacts its context. */
export function compacts(state: ClaimsState, call: ClaimCall): Promise<Done<undefined>> {
  return withLiveClaim(state, call, async (transaction, { id, context }) => {
    if (context === null) return undefined;
    await storeContext(transaction, id, armBands(monitorStateSchema.parse(JSON.parse(context))));
    return undefined;
  });
}

async function withLiveClaim<T>(
  state: ClaimsState,
  { claimId, worker, token }: ClaimCall,
  work: (transaction: Transaction<Schema>, row: ClaimRow) => Promise<T>,
): Promise<Done<T>> {
  if (!state.tokens.isTokenOf(claimId, token)) return wrongToken;
  await state.settleClock();
  return state.writes.transaction(async (transaction): Promise<Done<T>> => {
    const row = await findLiveClaim(transaction, { id: claimId, worker, now: state.now() });
    if (row === undefined) return lateCall(await findClaim(transaction, claimId), worker);
    return { kind: 'done', value: await work(transaction, row) };
  });
}
