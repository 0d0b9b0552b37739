import { sql, type RawBuilder, type Transaction } from 'kysely';

import type { MonitorState } from './monitor-state.ts';
import { reasonText, type ParkingReason } from '../issue/reasons.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from '../plans/issue-update.ts';
import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { refused, type RefusedCall } from './claim.ts';
import { tellClaims, tracedColumns } from './claim-trace.ts';
import { countFailure, park, recomputeIssues } from './parking.ts';
import { jsonField } from '../db/portable.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';

export interface NewClaim {
  readonly id: string;
  readonly issue: IssueKey;
  readonly worker: string;
  readonly agent: string;
  /** Maximum of live claims of the agent. */
  readonly concurrency: number;
  readonly now: number;
  readonly expiresAt: number;
}

/**
 * Inserts a claim by one conditional statement: the issue must be ready for this agent and not claimed, no
 * pause may be in force for the agent, and a slot must be free. False when a condition fails.
 */
export async function insertClaim(
  transaction: Transaction<Schema>,
  { id, issue, worker, agent, concurrency, now, expiresAt }: NewClaim,
): Promise<boolean> {
  const { rows } = await sql`
    insert into claims (id, repository_id, number, worker, agent, estimated, difficulty, carried,
      claimed_at, heartbeat_at, expires_at)
    select cast(${id} as text), repository_id, number, cast(${worker} as text), agent,
      cast(${jsonField('estimate', 'likely')} as bigint), ${jsonField('reading', 'difficulty', 'value')},
      coalesce((select max(carried + coalesce(total, 0)) from claims
        where repository_id = ${issue.repositoryId} and number = ${issue.number}
          and handoff is not null), 0),
      ${now}, ${now}, ${expiresAt}
    from issues
    where repository_id = ${issue.repositoryId} and number = ${issue.number}
      and state = 'ready' and deleted = 0 and agent = ${agent}
      and not exists (select 1 from pauses
        where (pauses.agent is null or pauses.agent = ${agent}) and (until is null or until > ${now})
          and (caller is null or caller = ${worker}))
      and (select count(*) from claims where agent = ${agent} and ended_at is null) < ${concurrency}
    on conflict do nothing
    returning id`.execute(transaction);
  if (rows.length === 0) return false;
  await recomputeIssues(transaction, [issue], now);
  return true;
}

/** Finds a claim by its id, ended or not. */
export function findClaim(db: Database, id: string): Promise<ClaimRow | undefined> {
  return db.selectFrom('claims').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * Condition for a claim whose lease has expired; a live one may have, until it is swept. While its commit is
 * verified, a lease stands still.
 */
function hasExpired(now: number): RawBuilder<boolean> {
  return sql<boolean>`(claims.expires_at <= ${now} and claims.verification_id is null)`;
}

/** Finds a claim of the worker whose lease has not expired. */
export function findLiveClaim(
  db: Database,
  { id, worker, now }: Pick<NewClaim, 'id' | 'worker' | 'now'>,
): Promise<ClaimRow | undefined> {
  return db
    .selectFrom('claims')
    .selectAll()
    .where('id', '=', id)
    .where('worker', '=', worker)
    .where('ended_at', 'is', null)
    .where((eb) => eb.not(hasExpired(now)))
    .executeTakeFirst();
}

/** Finds the live claim of an issue, whoever holds it. */
export function findLiveClaimOf(db: Database, issue: IssueKey): Promise<ClaimRow | undefined> {
  return db
    .selectFrom('claims')
    .selectAll()
    .where(ofIssue(issue))
    .where('ended_at', 'is', null)
    .executeTakeFirst();
}

/** The columns of a lease that begins anew. */
export function freshLease(now: number, expiresAt: number) {
  return { heartbeat_at: now, expires_at: expiresAt, graced: 0 };
}

/** Extends a lease; the claim is live. */
export async function extendLease(
  db: Database,
  { id, now, expiresAt }: Pick<NewClaim, 'id' | 'now' | 'expiresAt'>,
): Promise<void> {
  await db.updateTable('claims').set(freshLease(now, expiresAt)).where('id', '=', id).execute();
}

/** Keeps the handoff of a claim that ended before it came; the first one after that end counts. */
export async function keepLateHandoff(
  transaction: Transaction<Schema>,
  { id, handoff, now }: Pick<NewClaim, 'id' | 'now'> & { readonly handoff: string },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('claims')
    .set({ handoff, handoff_at: now })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('handoff', 'is', null), eb('handoff_at', '<', eb.ref('ended_at'))]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Keeps the handoff of a claim, in place of every earlier one of its issue. */
export async function keepHandoff(
  transaction: Transaction<Schema>,
  {
    id,
    issue,
    handoff,
    now,
  }: Pick<NewClaim, 'id' | 'issue' | 'now'> & { readonly handoff: string },
): Promise<void> {
  await transaction
    .updateTable('claims')
    .set((eb) => ({ handoff: eb.case().when('id', '=', id).then(handoff).else(null).end() }))
    .set({ handoff_at: now })
    .where(ofIssue(issue))
    .where((eb) => eb.or([eb('id', '=', id), eb('handoff', 'is not', null)]))
    .execute();
}

/** Stores the state of the context monitor after a report. */
export async function storeContext(
  transaction: Transaction<Schema>,
  id: string,
  state: MonitorState,
): Promise<void> {
  await transaction
    .updateTable('claims')
    .set({ context: JSON.stringify(state), peak: state.peak, total: state.total })
    .where('id', '=', id)
    .execute();
}

/** The end of a claim, and its effect on the issue. */
export interface EndEffect {
  readonly outcome: NonNullable<ClaimRow['outcome']>;
  readonly reason: string;
  readonly commit?: string | undefined;
  readonly handoff?: string | undefined;
  readonly hash?: string | undefined;
  readonly now: number;
  /** True for a failed attempt. */
  readonly failed: boolean;
  /** Why the claim brought nothing, through no fault of the issue. */
  readonly setback?: 'blockOrLimit' | 'handoffAgain' | undefined;
  /** Reason to park the issue. */
  readonly parked?: ParkingReason | undefined;
}

/** Values of `claims.setback`: how a claim ended that brought nothing. */
export const setbacks = { none: 0, failed: 1, blockOrLimit: 2, handoffAgain: 3 } as const;

/** Ends a live claim and recomputes the state of its issue; false when it had ended before. */
export async function storeClaimEnd(
  transaction: Transaction<Schema>,
  claim: Pick<ClaimRow, 'id' | 'repository_id' | 'number' | 'worker' | 'agent'>,
  end: EndEffect,
): Promise<boolean> {
  const issue = { repositoryId: claim.repository_id, number: claim.number };
  if (end.handoff !== undefined)
    await transaction
      .updateTable('claims')
      .set({ handoff: null })
      .where(ofIssue(issue))
      .where('handoff', 'is not', null)
      .execute();
  const ended = await transaction
    .updateTable('claims')
    .set({
      ended_at: end.now,
      outcome: end.outcome,
      reason: end.reason,
      commit_id: end.commit ?? null,
      verification_id: null,
      // Undefined leaves the one that came after the lease had expired.
      handoff: end.handoff,
      handoff_at: end.handoff === undefined ? undefined : end.now,
      end_hash: end.hash ?? null,
      setback: setbacks[end.failed ? 'failed' : (end.setback ?? 'none')],
    })
    .where('id', '=', claim.id)
    .where('ended_at', 'is', null)
    .returning(tracedColumns)
    .executeTakeFirst();
  if (ended === undefined) return false;
  tellClaims(transaction, [ended]);
  const last = end.outcome === 'expired' ? 'expired' : 'released';
  const { worker, agent } = claim;
  if (end.failed) await countFailure(transaction, issue, { worker, agent, last });
  if (end.parked !== undefined) await park(transaction, issue, end.parked);
  await recomputeIssues(transaction, [issue], end.now);
  return true;
}

/** Ends a live claim that brought nothing, for a person to look at the issue; returns the refusal of the call. */
export async function withdrawAndPark(
  transaction: Transaction<Schema>,
  {
    row,
    parked,
    ...more
  }: Pick<EndEffect, 'handoff' | 'now'> & {
    readonly row: ClaimRow;
    readonly parked: ParkingReason;
  },
): Promise<RefusedCall> {
  const reason = reasonText(parked);
  const end = { outcome: 'withdrawn', reason, parked, setback: 'blockOrLimit' } as const;
  await storeClaimEnd(transaction, row, { ...end, ...more, failed: false });
  const kept = more.handoff === undefined ? '' : ' The handoff is kept.';
  return refused('withdrawn', `${reason} Stop working on it.${kept}`);
}

/** Ends the live claim on an issue that was closed, unassigned or deleted, in the transaction that stores this. */
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
  const ended = await transaction
    .updateTable('claims')
    .set({ ended_at: now, outcome: 'withdrawn', reason: `The issue ${why}.` })
    .where(ofIssue(facts))
    .where('ended_at', 'is', null)
    .returning(tracedColumns)
    .execute();
  tellClaims(transaction, ended);
}

/** Ends all live claims in a repository in which nobody can work any more. */
export async function withdrawClaimsOf(
  transaction: Transaction<Schema>,
  repositoryId: number,
  { reason, now }: { readonly reason: string; readonly now: number },
): Promise<void> {
  const ended = await transaction
    .updateTable('claims')
    .set({ ended_at: now, outcome: 'withdrawn', reason })
    .where('repository_id', '=', repositoryId)
    .where('ended_at', 'is', null)
    .returning(tracedColumns)
    .execute();
  tellClaims(transaction, ended);
}

/** Lists live claims with an expired lease, the longest expired first. */
export function expiredClaims(db: Database, now: number, limit: number): Promise<ClaimRow[]> {
  return db
    .selectFrom('claims')
    .selectAll()
    .where('ended_at', 'is', null)
    .where(hasExpired(now))
    .orderBy('expires_at')
    .limit(limit)
    .execute();
}

/** Finds the handoff of the newest claim on an issue that has one. */
export function findHandoff(db: Database, issue: IssueKey) {
  return db
    .selectFrom('claims')
    .select(['worker', 'agent', 'ended_at', 'handoff', 'handoff_at'])
    .where(ofIssue(issue))
    .where('handoff', 'is not', null)
    .orderBy('claimed_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Counts live claims by agent. */
export async function liveClaimsByAgent(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('claims')
    .select(['agent', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', 'is', null)
    .groupBy('agent')
    .execute();
  return new Map(rows.map(({ agent, count }) => [agent, count]));
}
