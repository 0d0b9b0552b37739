import { sql, type Transaction } from 'kysely';

import type { MonitorState } from './monitor-state.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from '../plans/issue-update.ts';
import { among } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import { redecide } from '../plans/recompute-states.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';

/** Parked until somebody has looked at the commit. */
export const awaitingVerification = 'awaiting_verification';

/** What an issue is looked for by; both lists are short. */
export interface Wanted {
  readonly agents: readonly string[];
  /** Undefined: any repository. */
  readonly repositoryIds: readonly number[] | undefined;
  /** Not these, which somebody is just looking at. */
  readonly except: readonly IssueKey[];
}

export interface Candidate extends IssueKey {
  readonly agent: string;
  readonly queueKey: number;
}

/**
 * The ready issue that comes first among those wanted. For each agent (and repository) it is the first
 * entry of a range of an index: the number of issues does not matter.
 */
export async function nextCandidate(
  db: Database,
  { agents, repositoryIds, except }: Wanted,
): Promise<Candidate | undefined> {
  const found: Candidate[] = [];
  for (const agent of agents) {
    for (const repositoryId of repositoryIds ?? [undefined]) {
      let query = db
        .selectFrom('issues')
        .select(['repository_id as repositoryId', 'number', 'queue_key as queueKey'])
        .where('agent', '=', agent)
        .where('queue_key', 'is not', null);
      if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
      if (except.length > 0)
        query = query.where((eb) => eb.not(among('repository_id', 'number', except)));
      const row = await query
        .orderBy('queue_key')
        .orderBy('number')
        .orderBy('repository_id')
        .limit(1)
        .executeTakeFirst();
      if (row !== undefined) found.push({ ...row, agent, queueKey: row.queueKey ?? 0 });
    }
  }
  return found.sort(inQueue)[0];
}

function inQueue(a: Candidate, b: Candidate): number {
  return a.queueKey - b.queueKey || a.number - b.number || a.repositoryId - b.repositoryId;
}

export interface NewClaim {
  readonly id: string;
  readonly issue: IssueKey;
  readonly worker: string;
  readonly agent: string;
  /** Live claims that the agent may have at once. */
  readonly concurrency: number;
  readonly now: number;
  readonly expiresAt: number;
}

/**
 * One conditional statement decides who gets the issue: it must be ready for this agent, nothing may pause
 * the agent, a slot must be free, and nobody may hold it. False: not so.
 */
export async function insertClaim(
  transaction: Transaction<Schema>,
  { id, issue, worker, agent, concurrency, now, expiresAt }: NewClaim,
): Promise<boolean> {
  const { rows } = await sql`
    insert into claims (id, repository_id, number, worker, agent, estimated, difficulty, carried,
      claimed_at, heartbeat_at, expires_at)
    select ${id}, repository_id, number, ${worker}, agent,
      json_extract(estimate, '$.likely'), json_extract(reading, '$.difficulty.value'),
      coalesce((select max(carried + coalesce(total, 0)) from claims
        where repository_id = ${issue.repositoryId} and number = ${issue.number}
          and handoff is not null), 0),
      ${now}, ${now}, ${expiresAt}
    from issues
    where repository_id = ${issue.repositoryId} and number = ${issue.number}
      and state = 'ready' and deleted = 0 and agent = ${agent}
      and not exists (select 1 from pauses
        where scope in ('*', ${agent}) and (until is null or until > ${now}))
      and (select count(*) from claims where agent = ${agent} and ended_at is null) < ${concurrency}
    on conflict do nothing
    returning id`.execute(transaction);
  if (rows.length === 0) return false;
  await redecideOne(transaction, issue, now);
  return true;
}

function redecideOne(transaction: Transaction<Schema>, issue: IssueKey, now: number) {
  return redecide(transaction, { decided: [issue], joined: [], recounted: [] }, now);
}

/** A claim by its id, ended or not. */
export function findClaim(db: Database, id: string): Promise<ClaimRow | undefined> {
  return db.selectFrom('claims').selectAll().where('id', '=', id).executeTakeFirst();
}

export interface Beat {
  readonly id: string;
  readonly worker: string;
  readonly now: number;
  readonly expiresAt: number;
}

/** Extends a lease that has not run out; undefined when there is none to extend. */
export function extendLease(
  db: Database,
  { id, worker, now, expiresAt }: Beat,
): Promise<ClaimRow | undefined> {
  return db
    .updateTable('claims')
    .set({ heartbeat_at: now, expires_at: expiresAt })
    .where('id', '=', id)
    .where('worker', '=', worker)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst();
}

/** Keeps what the context monitor made of a report. */
export async function storeContext(
  transaction: Transaction<Schema>,
  id: string,
  state: MonitorState,
): Promise<void> {
  const { peak, total } = state;
  await transaction
    .updateTable('claims')
    .set({ context: JSON.stringify(state), peak, total })
    .where('id', '=', id)
    .execute();
}

/** How a claim ends, and what that means for its issue. */
export interface End {
  readonly outcome: NonNullable<ClaimRow['outcome']>;
  readonly reason: string;
  readonly commit?: string | undefined;
  readonly handoff?: string | undefined;
  readonly hash?: string | undefined;
  readonly now: number;
  /** An attempt that came to nothing. */
  readonly failed: boolean;
  /** Of so many the last one parks the issue. */
  readonly mostAttempts: number;
  /** Keeps the issue from the workers. */
  readonly parked?: { readonly code: string; readonly text: string } | undefined;
}

/** Ends a live claim, once, and decides its issue anew; false when it had ended before. */
export async function endClaim(
  transaction: Transaction<Schema>,
  claim: Pick<ClaimRow, 'id' | 'repository_id' | 'number' | 'worker' | 'agent'>,
  end: End,
): Promise<boolean> {
  const issue = { repositoryId: claim.repository_id, number: claim.number };
  if (end.handoff !== undefined) await forgetHandoffs(transaction, issue);
  const { numUpdatedRows } = await transaction
    .updateTable('claims')
    .set({
      ended_at: end.now,
      outcome: end.outcome,
      reason: end.reason,
      commit_id: end.commit ?? null,
      handoff: end.handoff ?? null,
      end_hash: end.hash ?? null,
    })
    .where('id', '=', claim.id)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  if (end.failed) await countFailure(transaction, claim, end);
  if (end.parked !== undefined) await park(transaction, issue, end.parked);
  await redecideOne(transaction, issue, end.now);
  return true;
}

async function forgetHandoffs(transaction: Transaction<Schema>, issue: IssueKey): Promise<void> {
  await transaction
    .updateTable('claims')
    .set({ handoff: null })
    .where('repository_id', '=', issue.repositoryId)
    .where('number', '=', issue.number)
    .where('handoff', 'is not', null)
    .execute();
}

async function countFailure(
  transaction: Transaction<Schema>,
  claim: Pick<ClaimRow, 'repository_id' | 'number' | 'worker' | 'agent'>,
  end: End,
): Promise<void> {
  const row = await transaction
    .updateTable('issues')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('repository_id', '=', claim.repository_id)
    .where('number', '=', claim.number)
    .returning('attempts')
    .executeTakeFirst();
  if (row === undefined || row.attempts < end.mostAttempts) return;
  const how = end.outcome === 'expired' ? 'its lease ran out' : 'it was given back';
  const text = `${row.attempts} attempts failed; of the last one, by ${claim.worker} as ${claim.agent}, ${how}. Change the issue, or resume it when the cause is gone.`;
  await park(
    transaction,
    { repositoryId: claim.repository_id, number: claim.number },
    { code: 'failed_attempts', text },
  );
}

async function park(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
  { code, text }: { readonly code: string; readonly text: string },
): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ parked_code: code, parked_text: text })
    .where('repository_id', '=', repositoryId)
    .where('number', '=', number)
    .execute();
}

/** Ends the live claim on an issue that is no longer the workers' to do, in the transaction that says so. */
export async function withdrawClaim(
  transaction: Transaction<Schema>,
  { facts, assigned }: IssueUpdate,
  now: number,
): Promise<void> {
  if (facts.open && assigned && !facts.deleted) return;
  const why = facts.deleted
    ? 'was deleted from Gitea'
    : facts.open
      ? 'is no longer assigned to the bot'
      : 'was closed on Gitea';
  await transaction
    .updateTable('claims')
    .set({ ended_at: now, outcome: 'withdrawn', reason: `The issue ${why}.` })
    .where('repository_id', '=', facts.repositoryId)
    .where('number', '=', facts.number)
    .where('ended_at', 'is', null)
    .execute();
}

/** Live claims whose lease has run out, the longest first. */
export function expiredClaims(db: Database, now: number, limit: number): Promise<ClaimRow[]> {
  return db
    .selectFrom('claims')
    .selectAll()
    .where('ended_at', 'is', null)
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
}

/** What the last worker on an issue left, if anything. */
export function findHandoff(db: Database, issue: IssueKey) {
  return db
    .selectFrom('claims')
    .select(['worker', 'agent', 'ended_at', 'handoff'])
    .where('repository_id', '=', issue.repositoryId)
    .where('number', '=', issue.number)
    .where('handoff', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Live claims by agent. */
export async function slotsTaken(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('claims')
    .select(['agent', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', 'is', null)
    .groupBy('agent')
    .execute();
  return new Map(rows.map(({ agent, count }) => [agent, count]));
}

/** Ready issues by agent. */
export async function readyByAgent(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('issues')
    .select(['agent', (eb) => eb.fn.countAll<number>().as('count')])
    .where('queue_key', 'is not', null)
    .groupBy('agent')
    .execute();
  return new Map(rows.map(({ agent, count }) => [agent ?? '', count]));
}

/**
 * Lets the workers have an issue again, with its attempts forgotten. One statement, so that a command
 * beside the service can do it; `settleResumed` then decides it anew. False: it was not parked.
 */
export async function unparkIssue(db: Database, issue: IssueKey): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('issues')
    .set({ attempts: 0, parked_code: null, parked_text: null })
    .where('repository_id', '=', issue.repositoryId)
    .where('number', '=', issue.number)
    .where('parked_code', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whether any event has told of an issue that was not deleted since. */
export async function isKnown(db: Database, issue: IssueKey): Promise<boolean> {
  const row = await db
    .selectFrom('issues')
    .select('number')
    .where('repository_id', '=', issue.repositoryId)
    .where('number', '=', issue.number)
    .where('deleted', '=', 0)
    .executeTakeFirst();
  return row !== undefined;
}

/** Issues that were resumed but still stand as parked. */
export function resumedIssues(db: Database, limit: number): Promise<IssueKey[]> {
  return (
    db
      .selectFrom('issues')
      .select(['repository_id as repositoryId', 'number'])
      // Word for word the condition of its index, which is empty but for these.
      .where(sql<boolean>`deleted = 0 and state = 'needs_human' and parked_code is null`)
      .limit(limit)
      .execute()
  );
}

/** Decides resumed issues anew. */
export async function settleResumed(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<void> {
  await redecide(transaction, { decided: issues, joined: [], recounted: [] }, now);
}

/** What an issue waited for that is closed as far as is known, so many at the most. */
export function closedBlockers(
  db: Database,
  { repositoryId, number }: IssueKey,
  limit: number,
): Promise<IssueKey[]> {
  return db
    .selectFrom('edges')
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'blocker_repository_id')
        .onRef('issues.number', '=', 'blocker_number'),
    )
    .select(['issues.repository_id as repositoryId', 'issues.number'])
    .distinct()
    .where('blocked_repository_id', '=', repositoryId)
    .where('blocked_number', '=', number)
    .where('open', '=', 0)
    .where('deleted', '=', 0)
    .limit(limit)
    .execute();
}
