import { sql, type RawBuilder } from 'kysely';

import type { Database } from '../../db/database.ts';
import { keyIn } from '../../db/key-filter.ts';
import type { IssueKey } from '../../issue/ref.ts';
import type { AgentProfile } from '../../planning/agent-profiles.ts';
import { liveClaimsByAgent, setbacks } from '../claim-rows.ts';
import type { ClaimRequest } from '../claim.ts';
import { listPauses, type Pause } from '../pauses.ts';
import { inScope, type Scope } from '../../plans/scope.ts';
import { pauseAfterFailureMs } from './setbacks.ts';
import { reachedCap, spentToday, type ReachedCap } from '../spending.ts';
import type { ClaimsState } from '../state.ts';

export type Supply = Awaited<ReturnType<typeof readSupply>>;

/** What keeps all issues of an agent from a worker. */
export type Obstacle =
  | { readonly code: 'paused'; readonly pause: Pause }
  /** No such agent is enabled, or the worker cannot run it. */
  | { readonly code: 'other_agent' }
  | ({ readonly code: 'day_budget' } & ReachedCap)
  | { readonly code: 'no_free_slot'; readonly live: number; readonly concurrency: number };

/** Reads what can be handed out now, to a worker or to anybody, and the obstacles. */
export async function readSupply(
  { db, profiles, now }: Pick<ClaimsState, 'db' | 'profiles' | 'now'>,
  { worker, agents, repositories }: Partial<ClaimRequest>,
) {
  return {
    profiles,
    pauses: await listPauses(db, now(), worker),
    /** Number of live claims by agent. */
    liveClaims: await liveClaimsByAgent(db),
    spending: await spentToday(db, now()),
    /** Agents that the worker can run; undefined: all. */
    agents,
    /** True when the worker asked for certain repositories. */
    someRepositories: repositories !== undefined,
  };
}

/** The profiles whose issues can be handed out to this worker now. */
export function openProfiles(supply: Supply): AgentProfile[] {
  return supply.profiles.filter(({ name }) => obstacleOf(name, supply) === undefined);
}

/** Counts by reason code why ready issues, given by agent, are not handed out to this worker. */
export function countReady(supply: Supply, ready: readonly ReadyCount[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { agent, justFailed, count } of ready) {
    const code =
      obstacleOf(agent, supply)?.code ??
      (justFailed ? 'just_failed' : undefined) ??
      // Another worker is about to get it, or it is being checked with Gitea.
      (supply.someRepositories ? 'other_repository' : 'just_taken');
    counts[code] = (counts[code] ?? 0) + count;
  }
  return counts;
}

/** The first obstacle for the issues of an agent; undefined: they are handed out. */
export function obstacleOf(agent: string, supply: Supply): Obstacle | undefined {
  const { profiles, pauses, liveClaims, spending, agents } = supply;
  const ofAll = pauses.find((pause) => pause.agent === null);
  if (ofAll !== undefined) return { code: 'paused', pause: ofAll };
  const profile = profiles.find(({ name, enabled }) => name === agent && enabled);
  if (profile === undefined || agents?.includes(agent) === false) return { code: 'other_agent' };
  const own = pauses.find((pause) => pause.agent === agent);
  if (own !== undefined) return { code: 'paused', pause: own };
  const spent = spending.get(agent);
  const used = spent && reachedCap(profile.budget?.day, spent);
  if (used !== undefined) return { code: 'day_budget', ...used };
  const { concurrency } = profile;
  const live = liveClaims.get(agent) ?? 0;
  return live >= concurrency ? { code: 'no_free_slot', live, concurrency } : undefined;
}

/** Filter for candidates; all lists are short. */
export interface CandidateFilter {
  readonly agents: readonly string[];
  /** Undefined: any repository. */
  readonly repositoryIds: readonly number[] | undefined;
  readonly scope: Scope;
  /** Who asks: an issue on which its attempt just failed is not for it. */
  readonly worker: string;
  readonly now: number;
  /** Issues to skip: they are being checked, or were found changed. */
  readonly except: readonly IssueKey[];
}

export interface Candidate extends IssueKey {
  readonly agent: string;
  readonly queueKey: number;
}

/**
 * Finds the first ready issue in queue order that passes the filter. Each agent (and repository) costs the
 * first entry of an index range, whatever the number of issues.
 */
export async function nextCandidate(
  db: Database,
  { agents, repositoryIds, scope, except, worker, now }: CandidateFilter,
): Promise<Candidate | undefined> {
  const found: Candidate[] = [];
  for (const agent of agents) {
    for (const repositoryId of repositoryIds ?? [undefined]) {
      let query = db
        .selectFrom('issues')
        .select(['repository_id as repositoryId', 'number', 'queue_key as queueKey'])
        .where('agent', '=', agent)
        .where('queue_key', 'is not', null)
        .where(inScope('repository_id', scope))
        .where(justFailed(worker, now), '=', 0);
      if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
      if (except.length > 0)
        query = query.where((eb) => eb.not(keyIn('repository_id', 'number', except)));
      const row = await query
        .orderBy('queue_key')
        .orderBy('number')
        .orderBy('repository_id')
        .limit(1)
        .executeTakeFirst();
      if (row !== undefined) found.push({ ...row, agent, queueKey: row.queueKey ?? 0 });
    }
  }
  return found.sort(byQueueOrder)[0];
}

/**
 * The worker's attempt failed a short time ago and nobody has changed the issue since, or it has handed the issue
 * over twice within that time.
 */
function justFailed(worker: string, now: number): RawBuilder<number> {
  return sql<number>`case when exists (select 1 from claims
    where claims.repository_id = issues.repository_id and claims.number = issues.number
      and claims.worker = ${worker} and ${isFresh(now)}) then 1 else 0 end`;
}

/** The end of a claim after which its worker is not offered the issue for a while. */
function isFresh(now: number): RawBuilder<boolean> {
  return sql<boolean>`(claims.setback = ${setbacks.handoffAgain}
      or (claims.setback = ${setbacks.failed} and issues.attempts > 0))
    and claims.ended_at > ${now - pauseAfterFailureMs} and claims.ended_at <= ${now}`;
}

/** Upper bound of them in so short a time. */
const maxFresh = 1_000;

/** Ready issues that are not offered to a worker whose attempt just failed, with the time at which they are again. */
export async function listJustFailed(db: Database, now: number) {
  const rows = await db
    .selectFrom('claims')
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'claims.repository_id')
        .onRef('issues.number', '=', 'claims.number'),
    )
    .select(['claims.repository_id as repositoryId', 'claims.number', 'worker', 'ended_at'])
    // The condition of the index, which is of the claims that brought nothing alone.
    .where('setback', '>', sql.lit(0))
    .where(isFresh(now))
    .where('queue_key', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(maxFresh)
    .execute();
  return rows.map(({ ended_at, ...row }) => ({
    ...row,
    until: (ended_at ?? now) + pauseAfterFailureMs,
  }));
}

function byQueueOrder(a: Candidate, b: Candidate): number {
  return a.queueKey - b.queueKey || a.number - b.number || a.repositoryId - b.repositoryId;
}

/** Ready issues of one agent, with or without those on which the worker just failed. */
interface ReadyCount {
  readonly agent: string;
  readonly justFailed: boolean;
  readonly count: number;
}

/** Counts the ready issues that a worker may see. */
export async function countReadyByAgent(
  db: Database,
  { scope, worker, now }: Pick<CandidateFilter, 'scope' | 'worker' | 'now'>,
): Promise<ReadyCount[]> {
  const rows = await db
    .selectFrom('issues')
    .select(['agent', justFailed(worker, now).as('just_failed')])
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('queue_key', 'is not', null)
    .where(inScope('repository_id', scope))
    .groupBy(['agent', 'just_failed'])
    .execute();
  return rows.map(({ agent, just_failed, count }) => ({
    agent: agent ?? '',
    justFailed: just_failed === 1,
    count,
  }));
}

/** Lists blockers of an issue that are closed according to the store, at most `limit`. */
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
