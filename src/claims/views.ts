import { sql } from 'kysely';

import { isStale, monitorStateSchema } from './monitor-state.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef, type IssueKey } from '../issue/ref.ts';
import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { inScope, type Scope } from '../plans/scope.ts';
import type { ClaimRow } from '../db/schema.ts';
import { issueSpent, viewSpent } from './spending.ts';

/** A live claim, without its token. Times are ISO 8601, UTC. */
export type ClaimView = Readonly<ReturnType<typeof viewClaim>>;
/** The live claim of an issue with the reports on its context, oldest first. */
export type IssueClaim = NonNullable<Awaited<ReturnType<typeof findWork>>['claim']>;
/** A claim that has ended, with its estimate and the tokens used. */
export type PastClaim = Readonly<ReturnType<typeof pastClaim>[number]>;

/** Reports due in one lease, so that a silent agent shows as stale long before its lease expires. */
const reportsPerLease = 10;

interface ClaimFilter {
  /** Undefined: claims of all workers. */
  readonly worker?: string | undefined;
  readonly scope?: Scope;
  readonly now: number;
  readonly limit: number;
}

/** Lists live claims, oldest first. */
export async function listClaims(
  db: Database,
  { worker, scope, now, limit }: ClaimFilter,
): Promise<ClaimView[]> {
  let query = db
    .selectFrom('claims')
    .innerJoin('repositories', 'repositories.id', 'claims.repository_id')
    .selectAll('claims')
    .select('full_name')
    .where('ended_at', 'is', null)
    .where(inScope('claims.repository_id', scope));
  if (worker !== undefined) query = query.where('worker', '=', worker);
  const rows = await query.orderBy('claimed_at').orderBy('claims.id').limit(limit).execute();
  return rows.map((row) => viewClaim(row, now));
}

const maxPastClaims = 10;

/** Finds the claims of one issue: the live one, and the newest of those that ended, newest first. */
export async function findWork(db: Database, issue: IssueKey, now: number) {
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
  const samples = (live && stateOf(live)?.history) ?? [];
  const history = samples.map(({ at, ...sample }) => ({ at: isoTime(at), ...sample }));
  return {
    claim: live === undefined ? null : { ...viewClaim(live, now), history },
    pastClaims: rows.flatMap(pastClaim).slice(0, maxPastClaims),
    /** What all its claims have cost. */
    spent: await issueSpent(db, issue),
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

/** A live claim as it is shown. */
export function viewClaim(row: ClaimRow & { readonly full_name: string }, now: number) {
  const state = stateOf(row);
  const latest = state?.history.at(-1);
  const since = state?.lastReportAt ?? row.claimed_at;
  const isHeld = row.verification_id !== null;
  const intervalMs = (row.expires_at - row.heartbeat_at) / reportsPerLease;
  return {
    claimId: row.id,
    issue: formatRef({ repository: row.full_name, number: row.number }),
    worker: row.worker,
    agent: row.agent,
    claimedAt: isoTime(row.claimed_at),
    heartbeatAt: isoTime(row.heartbeat_at),
    /** Null while its commit is verified: the lease stands still. */
    leaseExpiresAt: isHeld ? null : isoTime(row.expires_at),
    verification: row.verification_id,
    /** True when the agent has not reported its context for three intervals. */
    stale: !isHeld && isStale({ since, now, intervalMs }),
    /** Likely size of the issue when it was handed out. */
    estimated: row.estimated,
    /** Fresh sessions that went on with it. */
    rotations: row.rotations,
    /** What it has cost so far. */
    spent: viewSpent(row),
    context:
      state === undefined || latest === undefined
        ? null
        : {
            used: latest.used,
            limit: latest.limit,
            ratio: latest.used / latest.limit,
            action: latest.action,
            reportedAt: isoTime(since),
            /** Maximum of the tokens in the window, and all that ever entered it. */
            peak: state.peak,
            total: state.total,
          },
  };
}

function pastClaim(row: ClaimRow) {
  const { id, worker, agent, claimed_at, ended_at, outcome, reason } = row;
  const { estimated, rotations, peak, total } = row;
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
      rotations,
      /** Tokens; null without a report. */
      peak,
      total,
      /** Total including the claims whose handoffs led to this one. */
      took: total === null ? null : row.carried + total,
      spent: viewSpent(row),
    },
  ];
}

function stateOf({ context }: ClaimRow) {
  return context === null ? undefined : monitorStateSchema.parse(JSON.parse(context));
}
