import type { Database } from '../db/database.ts';
import { inScope, type Scope } from '../plans/scope.ts';

/** Verifications looked at: more than a day brings. */
const newest = 1_000;

interface VerdictFilter {
  readonly scope?: Scope;
  readonly repositoryId?: number | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** How many verifications ended since a time, by agent (null: a person asked) and verdict; of the newest 1,000. */
export async function countVerdicts(
  db: Database,
  { scope, repositoryId, since }: VerdictFilter,
): Promise<{ readonly agent: string | null; readonly state: string; readonly count: number }[]> {
  const latest = db
    .selectFrom('verifications')
    .select(['repository_id', 'agent', 'state', 'ended_at'])
    .orderBy('seq', 'desc')
    .limit(newest)
    .as('latest');
  let query = db
    .selectFrom(latest)
    .select(['agent', 'state', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', '>=', since)
    .where(inScope('repository_id', scope));
  if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
  return query.groupBy(['agent', 'state']).execute();
}
