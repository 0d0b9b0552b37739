import { afterCommit } from '../db/after-commit.ts';
import { isoTime } from '../issue/iso-time.ts';
import { partOfTrace } from '../lib/spans.ts';
import { oneLine } from '../lib/text.ts';
import { findClaim, storeClaimEnd } from './claim-rows.ts';
import { maxReasonLength, refused, type RefusedCall } from './claim.ts';
import { hashOf } from './idempotency.ts';
import { change, type ClaimsState } from './state.ts';

/** An operator ends the claim of a worker, whoever that is. */
export interface TakenBack {
  readonly claimId: string;
  /** Name of the operator. */
  readonly by: string;
  /** Why, for the worker and for who reads the past of the issue. */
  readonly reason?: string | undefined;
}

/** Answer to the call that gave an issue back for its worker. */
export interface GivenBack {
  readonly claimId: string;
  readonly outcome: 'withdrawn';
  /** ISO 8601, UTC. */
  readonly endedAt: string;
}

/**
 * Ends a live claim, so that its issue can be claimed again at once. No failed attempt is counted, and the last
 * handoff is kept. A verification that the claim waits for ends without a verdict. The worker is told by its next
 * call. The same call again gets the same answer; undefined when there is no such claim.
 */
export async function giveBackFor(
  state: ClaimsState,
  { claimId, by, reason }: TakenBack,
): Promise<{ readonly kind: 'ended'; readonly answer: GivenBack } | RefusedCall | undefined> {
  await state.settleClock();
  const words = oneLine(reason ?? '', maxReasonLength).replace(/[.\s]+$/, '');
  const told = `The operator ${by} gave the issue back${words === '' ? '' : `: ${words}`}.`;
  const hash = hashOf({ kind: 'give-back', by, words });
  const result = await change(state, async (transaction) => {
    const row = await findClaim(transaction, claimId);
    if (row === undefined) return undefined;
    if (row.ended_at !== null) {
      const isRepeated = row.outcome === 'withdrawn' && row.end_hash === hash;
      if (isRepeated) return ended(claimId, row.ended_at);
      const at = isoTime(row.ended_at);
      return refused(
        'stale_lease',
        `This claim had ended before: ${row.outcome ?? 'over'} at ${at}.`,
      );
    }
    const now = state.now();
    const end = { outcome: 'withdrawn', reason: told, hash, now, failed: false } as const;
    await storeClaimEnd(transaction, row, end);
    const about = { claim: claimId, worker: row.worker, caller: by };
    afterCommit(
      transaction,
      partOfTrace('claim', claimId, () => state.log.info(about, 'claim taken back by an operator')),
    );
    return ended(claimId, now);
  });
  state.longPolls.wake();
  return result;
}

function ended(claimId: string, at: number) {
  const answer = { claimId, outcome: 'withdrawn', endedAt: isoTime(at) } as const;
  return { kind: 'ended', answer } as const;
}
