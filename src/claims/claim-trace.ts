import type { ExpressionBuilder, Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import { formatRef } from '../issue/ref.ts';
import { tellRoot, traceOf } from '../lib/spans.ts';

/** What the trace of a claim tells of it, of the update that ends it: no query of its own. */
export function tracedColumns(eb: ExpressionBuilder<Schema, 'claims'>) {
  return [
    ...(['id', 'number', 'agent', 'outcome', 'claimed_at', 'ended_at'] as const),
    eb
      .selectFrom('repositories')
      .select('full_name')
      .whereRef('repositories.id', '=', 'claims.repository_id')
      .as('repository'),
  ] as const;
}

type TracedClaim = Pick<
  ClaimRow,
  'id' | 'number' | 'agent' | 'outcome' | 'claimed_at' | 'ended_at'
> & { readonly repository: string | null };

/** Tells of claims that have ended, once the transaction has committed. */
export function tellClaims(transaction: Transaction<Schema>, ended: readonly TracedClaim[]): void {
  for (const { id, repository, number, agent, outcome, claimed_at, ended_at } of ended)
    afterCommit(transaction, () =>
      tellRoot('claim', {
        ...{ startedAt: claimed_at, endedAt: ended_at ?? claimed_at, root: traceOf('claim', id) },
        attributes: {
          'mosaic.claim': id,
          'mosaic.issue': formatRef({ repository: repository ?? '', number }),
          'mosaic.agent': agent,
          'mosaic.outcome': outcome ?? '',
        },
      }),
    );
}
