import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import { inScope, type Scope } from '../plans/scope.ts';

/** What an agent was given and has finished today (UTC). */
export interface DayWork {
  readonly agent: string;
  readonly handedOut: number;
  readonly completed: number;
}

interface DayFilter {
  readonly scope?: Scope;
  readonly repositoryId?: number | undefined;
  readonly now: number;
}

const dayMs = 86_400_000;

/** Beginning of the day of a time, in UTC, epoch milliseconds. */
export function dayStart(now: number): number {
  return Math.floor(now / dayMs) * dayMs;
}

/** Claims of today by agent. The claims of an issue change it, so those of issues that changed today are all. */
export async function listDayWork(
  db: Database,
  { scope, repositoryId, now }: DayFilter,
): Promise<DayWork[]> {
  const start = dayStart(now);
  let query = db
    .selectFrom('issues')
    .innerJoin('claims', (join) =>
      join
        .onRef('claims.repository_id', '=', 'issues.repository_id')
        .onRef('claims.number', '=', 'issues.number'),
    )
    .select('claims.agent')
    .select(sql<number>`count(*) filter (where claims.claimed_at >= ${start})`.as('handedOut'))
    .select(
      sql<number>`count(*) filter (where claims.outcome = 'completed' and claims.ended_at >= ${start})`.as(
        'completed',
      ),
    )
    .where('issues.deleted', 'in', [0, 1])
    .where('issues.changed_at', '>=', start)
    .where((eb) =>
      eb.or([eb('claims.claimed_at', '>=', start), eb('claims.ended_at', '>=', start)]),
    )
    .where(inScope('issues.repository_id', scope));
  if (repositoryId !== undefined) query = query.where('issues.repository_id', '=', repositoryId);
  return query.groupBy('claims.agent').execute();
}
