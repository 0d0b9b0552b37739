import { isoTime } from '../issue/iso-time.ts';
import { awaitingVerification, type End } from './rows.ts';
import type { ClaimRow } from '../db/schema.ts';
import type { Ending, Refusal } from './claim.ts';
import type { KeptEnd } from './idempotency.ts';

const outcomes = { release: 'released', block: 'blocked', complete: 'completed' } as const;

/** What the worker is told. */
export function endAnswer(claimId: string, { kind }: Ending, endedAt: number): KeptEnd {
  return { claimId, outcome: outcomes[kind], endedAt: isoTime(endedAt) };
}

/**
 * What an ending means for the issue. Given back with a handoff, work goes on; with a limit, it was not the
 * issue's fault, unless the limit is over by `at`; else the attempt has failed.
 */
export function endOf(
  { worker, agent }: ClaimRow,
  ending: Ending,
  at: number,
): Pick<End, 'outcome' | 'reason' | 'commit' | 'handoff' | 'failed' | 'parked'> {
  switch (ending.kind) {
    case 'release': {
      const { reason, handoff, limitedUntil } = ending;
      return {
        outcome: 'released',
        reason,
        handoff: handoff === undefined ? undefined : JSON.stringify(handoff),
        failed: handoff === undefined && (limitedUntil ?? at) <= at,
      };
    }
    case 'block': {
      const text = `${worker}, at work as ${agent}, is stuck: "${oneLine(ending.reason)}" Change the issue, or resume it.`;
      const parked = { code: 'worker_blocked', text };
      return { outcome: 'blocked', reason: ending.reason, failed: false, parked };
    }
    case 'complete': {
      const { commit } = ending;
      const text = `${worker} says that ${commit} completes it: verify that and close the issue, or resume it.`;
      const parked = { code: awaitingVerification, text };
      return { outcome: 'completed', reason: text, commit, failed: false, parked };
    }
  }
}

/** Texts of workers stand in sentences: they get no line of their own, and cannot steer a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** Why a call on a claim comes too late. */
export function late(row: ClaimRow | undefined, worker: string): Refusal {
  if (row === undefined)
    return { code: 'stale_lease', message: 'This claim is not known any more: claim again.' };
  if (row.worker !== worker)
    return { code: 'claim_token_invalid', message: 'This claim belongs to another caller.' };
  if (row.outcome === 'withdrawn')
    return { code: 'withdrawn', message: `${row.reason ?? ''} Stop working on it.` };
  const message =
    row.outcome === null || row.outcome === 'expired'
      ? `The lease ran out at ${isoTime(row.expires_at)}: stop, and claim again.`
      : `This claim was ${row.outcome} at ${isoTime(row.ended_at ?? 0)}: it takes no more calls.`;
  return { code: 'stale_lease', message };
}
