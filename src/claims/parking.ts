import { sql, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { ParkingReason, StateReasonParams } from '../issue/reasons.ts';
import type { IssueKey } from '../issue/ref.ts';
import { untried } from '../plans/issue-rows.ts';
import { recomputeStates } from '../plans/recompute-states.ts';

/** Maximum of failed attempts on an issue: the last one parks it for a person. */
const maxAttempts = 3;

/** Counts a failed attempt; the last one parks the issue. */
export async function countFailure(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  attempt: Omit<StateReasonParams['failed_attempts'], 'count'>,
): Promise<void> {
  const row = await transaction
    .updateTable('issues')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where(ofIssue(issue))
    .returning('attempts')
    .executeTakeFirst();
  if (row === undefined || row.attempts < maxAttempts) return;
  const params = { count: row.attempts, ...attempt };
  await park(transaction, issue, { code: 'failed_attempts', params });
}

/** Keeps an issue from the workers. */
export async function park(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  { code, params }: ParkingReason,
): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ parked_code: code, parked_params: JSON.stringify(params) })
    .where(ofIssue(issue))
    .execute();
}

/** Resets the attempts of a parked issue, and what was proved of it; false: it was not parked. */
async function unparkIssue(db: Database, issue: IssueKey): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('issues')
    .set({ ...untried, verified_commit: null })
    .where(ofIssue(issue))
    .where('parked_code', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Lets an issue go on without what was closed without a merge, until it is opened again;
 * false when it did not wait for such a decision.
 */
async function waiveBlockers(db: Database, issue: IssueKey): Promise<boolean> {
  const { rows } = await sql`update edges set waived = 1
    where blocked_repository_id = ${issue.repositoryId} and blocked_number = ${issue.number}
      and exists (select 1 from issues where repository_id = ${issue.repositoryId}
        and number = ${issue.number} and reason_code = 'blocker_not_merged')
      and exists (select 1 from issues where repository_id = edges.blocker_repository_id
        and number = edges.blocker_number and open = 0 and deleted = 0
        and (merged = 0 or (edges.until_merge = 1 and merged is null)))
    returning id`.execute(db);
  return rows.length > 0;
}

/** Lets the workers have an issue again, whatever kept it; false when nothing did that a person can end. */
export async function resumeIssue(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  now: number,
): Promise<boolean> {
  const unparked = await unparkIssue(transaction, issue);
  const waived = await waiveBlockers(transaction, issue);
  if (unparked || waived) await recomputeIssues(transaction, [issue], now);
  return unparked || waived;
}

/** True when the issue is stored and not deleted. */
export async function isStored(db: Database, issue: IssueKey): Promise<boolean> {
  const row = await db
    .selectFrom('issues')
    .select('number')
    .where(ofIssue(issue))
    .where('deleted', '=', 0)
    .executeTakeFirst();
  return row !== undefined;
}

/** Lists issues that were resumed but still have the state of parked ones. */
export function resumedIssues(db: Database, limit: number): Promise<IssueKey[]> {
  return (
    db
      .selectFrom('issues')
      .select(['repository_id as repositoryId', 'number'])
      // Exactly the condition of its index, which contains only these.
      .where(
        sql<boolean>`deleted = 0 and state = 'needs_human' and parked_code is null
          and reason_code <> 'blocker_not_merged'`,
      )
      .limit(limit)
      .execute()
  );
}

/** Recomputes the states of issues that were claimed, parked or resumed, or whose claim ended. */
export async function recomputeIssues(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<void> {
  await recomputeStates(transaction, { states: issues }, now);
}
