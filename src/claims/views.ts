import { sql } from 'kysely';

import { isStale, monitorStateSchema, type ContextAction } from './monitor-state.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef, type IssueKey } from '../issue/ref.ts';
import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { ClaimRow } from '../db/schema.ts';

/** Context usage of the agent at work at its last report. Times are ISO 8601, UTC. */
export interface ContextView {
  readonly used: number;
  readonly limit: number;
  readonly ratio: number;
  readonly action: ContextAction;
  readonly reportedAt: string;
  /** Maximum of the tokens in the window, and all that ever entered it. */
  readonly peak: number;
  readonly total: number;
}

/** A live claim, without its token. */
export interface ClaimView {
  readonly claimId: string;
  readonly issue: string;
  readonly worker: string;
  readonly agent: string;
  readonly claimedAt: string;
  readonly heartbeatAt: string;
  readonly leaseExpiresAt: string;
  /** True when the agent has not reported its context for three intervals. */
  readonly stale: boolean;
  /** Likely size of the issue when it was handed out. */
  readonly estimated: number | null;
  readonly context: ContextView | null;
}

/** The live claim of an issue with the reports on its context, oldest first. */
export interface IssueClaim extends ClaimView {
  readonly history: readonly ContextSample[];
}

export interface ContextSample {
  readonly at: string;
  readonly used: number;
  readonly limit: number;
  readonly action: ContextAction;
  readonly crossed: boolean;
}

/** A claim that has ended, with its estimate and the tokens used. */
export interface PastClaim {
  readonly claimId: string;
  readonly worker: string;
  readonly agent: string;
  readonly claimedAt: string;
  readonly endedAt: string;
  readonly outcome: NonNullable<ClaimRow['outcome']>;
  readonly reason: string | null;
  readonly estimated: number | null;
  /** Tokens; null without a report. */
  readonly peak: number | null;
  readonly total: number | null;
  /** Total including the claims whose handoffs led to this one. */
  readonly took: number | null;
}

/** The live claim and the past claims of an issue. */
export interface IssueWork {
  readonly claim: IssueClaim | null;
  /** The newest first, at most ten. */
  readonly pastClaims: readonly PastClaim[];
}

/** Reports due in one lease, so that a silent agent shows as stale long before its lease expires. */
const reportsPerLease = 10;

interface ClaimFilter {
  /** Undefined: all workers. */
  readonly worker?: string | undefined;
  readonly now: number;
  readonly limit: number;
}

/** Lists live claims, oldest first. */
export async function listClaims(
  db: Database,
  { worker, now, limit }: ClaimFilter,
): Promise<ClaimView[]> {
  let query = db
    .selectFrom('claims')
    .innerJoin('repositories', 'repositories.id', 'claims.repository_id')
    .selectAll('claims')
    .select('full_name')
    .where('ended_at', 'is', null);
  if (worker !== undefined) query = query.where('worker', '=', worker);
  const rows = await query.orderBy('claimed_at').orderBy('claims.id').limit(limit).execute();
  return rows.map((row) => viewOf(row, now));
}

const maxPastClaims = 10;

/** Finds the claims of one issue: the live one, and the newest of those that ended. */
export async function findWork(db: Database, issue: IssueKey, now: number): Promise<IssueWork> {
  const rows = await db
    .selectFrom('claims')
    .innerJoin('repositories', 'repositories.id', 'claims.repository_id')
    .selectAll('claims')
    .select('full_name')
    .where(ofIssue(issue))
    .orderBy('claimed_at', 'desc')
    .limit(maxPastClaims + 1)
    .execute();
  const live = rows.find(({ ended_at }) => ended_at === null);
  return {
    claim: live === undefined ? null : { ...viewOf(live, now), history: historyOf(live) },
    pastClaims: rows.flatMap(pastClaim).slice(0, maxPastClaims),
  };
}

/** Upper bounds of finished claims read, and of issues that count: agents change, so only the newest do. */
const maxHistoryRows = 200;
const maxHistory = 50;

/**
 * Lists the tokens used by finished issues of the same repository and difficulty, the newest first, without
 * the issue itself. Finished means completed by a worker and closed on Gitea.
 */
export async function findHistory(
  db: Database,
  issue: IssueKey,
  difficulty: string,
): Promise<number[]> {
  const rows = await db
    .selectFrom(
      db
        .selectFrom('claims')
        .select(['repository_id', 'number', 'carried', 'total', 'ended_at'])
        // Exactly the condition of its index.
        .where(sql<boolean>`outcome = 'completed' and total is not null`)
        .where('repository_id', '=', issue.repositoryId)
        .where('difficulty', '=', difficulty)
        .orderBy('ended_at', 'desc')
        .limit(maxHistoryRows)
        .as('completed'),
    )
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'completed.repository_id')
        .onRef('issues.number', '=', 'completed.number'),
    )
    .select(['completed.number', 'carried', 'total'])
    .where('completed.number', '!=', issue.number)
    .where('open', '=', 0)
    .orderBy('ended_at', 'desc')
    .execute();
  const newest = new Map<number, number>();
  for (const { number, carried, total } of rows)
    if (!newest.has(number)) newest.set(number, carried + (total ?? 0));
  return [...newest.values()].slice(0, maxHistory);
}

function viewOf(row: ClaimRow & { readonly full_name: string }, now: number): ClaimView {
  const state = stateOf(row);
  const latest = state?.history.at(-1);
  const since = state?.lastReportAt ?? row.claimed_at;
  const intervalMs = (row.expires_at - row.heartbeat_at) / reportsPerLease;
  return {
    claimId: row.id,
    issue: formatRef({ repository: row.full_name, number: row.number }),
    worker: row.worker,
    agent: row.agent,
    claimedAt: isoTime(row.claimed_at),
    heartbeatAt: isoTime(row.heartbeat_at),
    leaseExpiresAt: isoTime(row.expires_at),
    stale: isStale({ since, now, intervalMs }),
    estimated: row.estimated,
    context:
      state === undefined || latest === undefined
        ? null
        : {
            used: latest.used,
            limit: latest.limit,
            ratio: latest.used / latest.limit,
            action: latest.action,
            reportedAt: isoTime(since),
            peak: state.peak,
            total: state.total,
          },
  };
}

function historyOf(row: ClaimRow): ContextSample[] {
  const history = stateOf(row)?.history ?? [];
  return history.map(({ at, ...sample }) => ({ at: isoTime(at), ...sample }));
}

function pastClaim(row: ClaimRow): PastClaim[] {
  const { id, worker, agent, claimed_at, ended_at, outcome, reason, estimated, peak, total } = row;
  if (ended_at === null || outcome === null) return [];
  return [
    {
      claimId: id,
      worker,
      agent,
      claimedAt: isoTime(claimed_at),
      endedAt: isoTime(ended_at),
      outcome,
      reason,
      estimated,
      peak,
      total,
      took: total === null ? null : row.carried + total,
    },
  ];
}

function stateOf({ context }: ClaimRow) {
  return context === null ? undefined : monitorStateSchema.parse(JSON.parse(context));
}
