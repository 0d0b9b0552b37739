import type { ExpressionBuilder, Transaction } from 'kysely';

import { keyIn } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';

export function issueOf({ repository_id: repositoryId, number }: LoadedIssue): IssueKey {
  return { repositoryId, number };
}

/** The rows of issues with what their states follow from; `read` and what `specialEdges` finds are true or 1. */
export function loadIssues(transaction: Transaction<Schema>, issues: readonly IssueKey[]) {
  return transaction
    .selectFrom('issues')
    .leftJoin('repositories', 'repositories.id', 'repository_id')
    .select(['archived', 'access', 'full_name', 'held_by', 'verified_commit'])
    .select(['repository_id', 'number', 'open', 'deleted', 'assigned', 'assignment', 'labels'])
    .select(['own_warnings', 'warnings', 'state', 'reason_code', 'reason_params', 'ready_at'])
    .select(['queue_key', 'unblocks', 'cycle_key', 'changed_at', 'revision'])
    .select(['parked_code', 'parked_params', 'hidden_blockers', 'unreadable', 'budget_warning'])
    .select((eb) => [eb('reading', 'is not', null).as('read'), ...liveClaim(eb), pullOf(eb)])
    .select((eb) => specialEdges(eb))
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}

function liveClaim(eb: ExpressionBuilder<Schema, 'issues'>) {
  const claim = eb
    .selectFrom('claims')
    .whereRef('claims.repository_id', '=', 'issues.repository_id')
    .whereRef('claims.number', '=', 'issues.number')
    .where('claims.ended_at', 'is', null);
  return [
    claim.select('claims.worker').as('claim_worker'),
    claim.select('claims.agent').as('claim_agent'),
  ];
}

/** Whether it has edges of which warnings may speak: few issues have. */
function specialEdges(eb: ExpressionBuilder<Schema, 'issues'>) {
  const edgesAt = (end: 'declared' | 'blocked' | 'blocker') =>
    eb
      .selectFrom('edges')
      .select('edges.id')
      .whereRef(`edges.${end}_repository_id`, '=', 'issues.repository_id')
      .whereRef(`edges.${end}_number`, '=', 'issues.number');
  return [
    eb.exists(edgesAt('declared').where('missing', 'is not', null)).as('names_missing'),
    eb
      .or([
        eb.exists(edgesAt('blocked').where('from_parent', '=', 1)),
        eb.exists(edgesAt('blocker').where('from_parent', '=', 1)),
      ])
      .as('has_parent_edge'),
  ];
}

/** The number of its pull request, once there is one. */
function pullOf(eb: ExpressionBuilder<Schema, 'issues'>) {
  return eb
    .selectFrom('pull_requests')
    .select('pull_requests.pull_number')
    .whereRef('pull_requests.repository_id', '=', 'issues.repository_id')
    .whereRef('pull_requests.number', '=', 'issues.number')
    .as('pull');
}

export type LoadedIssue = Awaited<ReturnType<typeof loadIssues>>[number];
