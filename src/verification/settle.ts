import type { Transaction } from 'kysely';

import { findLiveClaimOf, freshLease, storeClaimEnd } from '../claims/claim-rows.ts';
import { park, recomputeIssues } from '../claims/parking.ts';
import { afterCommit } from '../db/after-commit.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { ClaimRow, Schema, VerificationRow } from '../db/schema.ts';
import { reasonText, type ParkingReason } from '../issue/reasons.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { VerdictOutcome, VerificationState } from '../issue/verification.ts';
import { partOfTrace } from '../lib/spans.ts';
import { countSameFailures, pruneVerifications } from './rows.ts';
import {
  errorBackoffMs,
  maxErrors,
  maxFailures,
  maxSameFailures,
  type VerificationDeps,
} from './deps.ts';
import { concludeStatuses } from './statuses.ts';
import { tellVerification } from './traces.ts';

/** A verification whose columns hold what was found. */
interface Settled {
  readonly row: VerificationRow;
  readonly outcome: VerdictOutcome;
  /** True for an error that is not tried again. */
  readonly isFinal?: boolean;
}

/**
 * Ends a verification with its verdict, and does what follows: the commit waits for review, the claim goes on
 * with the findings, or a person has to look. An error of ours is tried again later, until there were too many.
 * Returns the state that the verification has then.
 */
export async function settleVerdict(
  deps: VerificationDeps,
  transaction: Transaction<Schema>,
  { row, outcome, isFinal = false }: Settled,
): Promise<VerificationState> {
  const now = deps.now();
  const attempts = row.attempts + (outcome === 'error' ? 1 : 0);
  const isRetried = outcome === 'error' && !isFinal && attempts < maxErrors;
  const state = isRetried ? 'queued' : outcome;
  await transaction
    .updateTable('verifications')
    .set({
      ...{ state, attempts, lease_id: null, lease_expires_at: null },
      ...(isRetried ? { due_at: now + errorBackoffMs(attempts) } : { ended_at: now }),
    })
    .where('id', '=', row.id)
    .execute();
  if (isRetried) return state;
  await tellVerification(transaction, row, { outcome, endedAt: now });
  await concludeStatuses(transaction, row, outcome);
  const issue = { repositoryId: row.repository_id, number: row.number };
  const claim = await claimOf(transaction, row);
  // The claim ended meanwhile, or the issue went on when a person had asked: the verdict is kept, and changes nothing.
  const isWanted = row.claim_id === null ? await isFree(transaction, issue) : claim !== undefined;
  if (isWanted) await settleIssue(deps, transaction, { row, outcome, issue, claim });
  await pruneVerifications(transaction, issue);
  return state;
}

/** Nobody works on the issue, and somebody may. */
async function isFree(transaction: Transaction<Schema>, issue: IssueKey): Promise<boolean> {
  const row = await transaction
    .selectFrom('issues')
    .select(['open', 'assigned', 'deleted'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  if (row?.open !== 1 || row.assigned !== 1 || row.deleted === 1) return false;
  return (await findLiveClaimOf(transaction, issue)) === undefined;
}

function claimOf(
  transaction: Transaction<Schema>,
  { id }: VerificationRow,
): Promise<ClaimRow | undefined> {
  return transaction
    .selectFrom('claims')
    .selectAll()
    .where('verification_id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
}

interface IssueVerdict extends Settled {
  readonly issue: IssueKey;
  readonly claim: ClaimRow | undefined;
}

async function settleIssue(
  deps: VerificationDeps,
  transaction: Transaction<Schema>,
  verdict: IssueVerdict,
): Promise<void> {
  const { row, outcome, issue, claim } = verdict;
  if (outcome === 'passed') {
    await transaction
      .updateTable('issues')
      .set({ verified_commit: row.commit_id, gate_failures: 0, attempts: 0 })
      .set({ parked_code: null, parked_params: null })
      .where(ofIssue(issue))
      .execute();
    await endClaim(deps, transaction, verdict, {
      outcome: 'completed',
      reason: `Gates passed on ${row.commit_id}.`,
    });
    return;
  }
  const parked = await parkingReason(transaction, verdict);
  if (parked === undefined) {
    if (claim !== undefined) await resumeClaim(deps, transaction, claim);
    return;
  }
  await park(transaction, issue, parked);
  await endClaim(deps, transaction, verdict, { outcome: 'withdrawn', reason: reasonText(parked) });
}

/** Why a person has to look now; undefined: the agent goes on with the findings. */
async function parkingReason(
  transaction: Transaction<Schema>,
  { row, outcome, issue, claim }: IssueVerdict,
): Promise<ParkingReason | undefined> {
  const commit = row.commit_id;
  if (outcome === 'error') {
    const cause = row.cause_message ?? row.cause_code ?? '';
    return { code: 'verification_error', params: { commit, cause } };
  }
  const failed = await transaction
    .updateTable('issues')
    .set((eb) => ({ gate_failures: eb('gate_failures', '+', 1) }))
    .where(ofIssue(issue))
    .returning('gate_failures')
    .executeTakeFirst();
  const failures = failed?.gate_failures ?? 0;
  // What failed before a person changed the issue does not count.
  const same = Math.min(await countSameFailures(transaction, issue, row), failures);
  const count = same >= maxSameFailures ? same : failures;
  const isOver = claim === undefined || same >= maxSameFailures || failures >= maxFailures;
  return isOver ? { code: 'gates_failed', params: { commit, count } } : undefined;
}

async function endClaim(
  { now: clock, log }: VerificationDeps,
  transaction: Transaction<Schema>,
  { row, issue, claim }: IssueVerdict,
  { outcome, reason }: { readonly outcome: 'completed' | 'withdrawn'; readonly reason: string },
): Promise<void> {
  const now = clock();
  if (claim === undefined) {
    await recomputeIssues(transaction, [issue], now);
    return;
  }
  // The same call again is told that it completed the claim only if it did.
  const hash = outcome === 'completed' ? (row.end_hash ?? undefined) : undefined;
  const commit = row.commit_id;
  const end = { outcome, reason, commit, hash, failed: false, now };
  await storeClaimEnd(transaction, claim, end);
  const ended = { claim: claim.id, worker: claim.worker, outcome };
  afterCommit(
    transaction,
    partOfTrace('claim', claim.id, () => log.info(ended, 'claim ended with its verification')),
  );
}

/** The lease starts anew: the worker had no reason to send heartbeats. */
async function resumeClaim(
  { now: clock, leaseMs }: VerificationDeps,
  transaction: Transaction<Schema>,
  { id }: ClaimRow,
): Promise<void> {
  const now = clock();
  await transaction
    .updateTable('claims')
    .set({ verification_id: null, ...freshLease(now, now + leaseMs) })
    .where('id', '=', id)
    .execute();
}
