import type { ExpressionBuilder } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { Blocker } from '../issue/state.ts';

/** An edge and what is known of the issue that blocks; columns of `edges`, `issues` and `pull_requests`. */
interface BlockerFacts {
  /** 1: what is waited for is the merge of its work. */
  readonly until_merge: number;
  readonly waived: number;
  readonly open: number | null;
  readonly deleted: number | null;
  /** Of an issue that is a pull request. */
  readonly merged: number | null;
  /** Of our pull request for it, and when Gitea is asked about that. */
  readonly pull_state: string | null;
  readonly pull_check_at: number | null;
}

/** What a blocker is to the issue that waits for it. */
export function blockerState(facts: BlockerFacts): Blocker['state'] | 'deleted' {
  const { open, merged, pull_state } = facts;
  const untilMerge = facts.until_merge === 1;
  if (facts.deleted === 1) return 'deleted';
  if (open === null) return 'unknown';
  if (untilMerge && pull_state === 'merged') return 'merged';
  if (open === 1) return 'open';
  if (facts.waived === 1) return 'closed';
  if (merged === 0) return 'not_merged';
  if (!untilMerge || merged === 1) return 'closed';
  // Closed by the merge or by a person: Gitea is about to be asked.
  return pull_state === 'open' && facts.pull_check_at !== null ? 'open' : 'not_merged';
}

/** The columns of our pull request for the issue that blocks, looked up only where its merge is waited for. */
export function pullOfBlocker(eb: ExpressionBuilder<Schema, 'edges'>) {
  const pull = eb
    .selectFrom('pull_requests')
    .whereRef('pull_requests.repository_id', '=', 'edges.blocker_repository_id')
    .whereRef('pull_requests.number', '=', 'edges.blocker_number');
  const untilMerge = eb.case().when('edges.until_merge', '=', 1);
  return [
    untilMerge.then(pull.select('pull_requests.state')).end().as('pull_state'),
    untilMerge.then(pull.select('pull_requests.check_at')).end().as('pull_check_at'),
  ];
}
