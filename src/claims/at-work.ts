import type { Database } from '../db/database.ts';
import { isoTime } from '../issue/iso-time.ts';
import { inScope, type Scope } from '../plans/scope.ts';
import { viewClaim, type ClaimView } from './views.ts';

/** A live claim with what a person wants to know of its issue. */
export interface WorkLine extends ClaimView {
  readonly title: string;
  /** The verification that it waits for. */
  readonly verifying: { readonly isRunning: boolean; readonly since: string } | null;
  /** Verifications of its issue that failed since a person last changed it. */
  readonly failures: number;
  readonly isBudgetNearlyUsed: boolean;
}

interface WorkFilter {
  /** Undefined: of all workers. */
  readonly worker?: string | undefined;
  readonly scope?: Scope;
  readonly repositoryId?: number | undefined;
  readonly agent?: string | undefined;
  readonly now: number;
  readonly limit: number;
}

/** Live claims, the oldest first. */
export async function listAtWork(
  db: Database,
  { worker, scope, repositoryId, agent, now, limit }: WorkFilter,
): Promise<WorkLine[]> {
  let query = db
    .selectFrom('claims')
    .innerJoin('repositories', 'repositories.id', 'claims.repository_id')
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'claims.repository_id')
        .onRef('issues.number', '=', 'claims.number'),
    )
    .leftJoin('verifications', 'verifications.id', 'claims.verification_id')
    .selectAll('claims')
    .select(['full_name', 'title', 'gate_failures', 'budget_warning'])
    .select(['verifications.state as verification_state', 'started_at', 'requested_at'])
    .where('claims.ended_at', 'is', null)
    .where(inScope('claims.repository_id', scope));
  if (worker !== undefined) query = query.where('claims.worker', '=', worker);
  if (repositoryId !== undefined) query = query.where('claims.repository_id', '=', repositoryId);
  if (agent !== undefined) query = query.where('claims.agent', '=', agent);
  const rows = await query.orderBy('claimed_at').orderBy('claims.id').limit(limit).execute();
  return rows.map((row) => {
    const isRunning = row.verification_state === 'running';
    const since = isRunning ? row.started_at : row.requested_at;
    return {
      ...viewClaim(row, now),
      title: row.title,
      verifying: since === null ? null : { isRunning, since: isoTime(since) },
      failures: row.gate_failures,
      isBudgetNearlyUsed: row.budget_warning !== null,
    };
  });
}

/** Whether anybody has ever claimed an issue. */
export async function wasEverClaimed(db: Database): Promise<boolean> {
  const row = await db.selectFrom('claims').select('number').limit(1).executeTakeFirst();
  return row !== undefined;
}
