import type { Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import { formatRef } from '../issue/ref.ts';
import { tellRoot, traceOf } from '../lib/spans.ts';
import { findRepositoryName } from '../plans/repository-names.ts';

/** What the trace of a claim that has ended tells of it. */
export const tracedColumns = [
  ...(['id', 'repository_id', 'number', 'agent', 'outcome'] as const),
  ...(['claimed_at', 'ended_at'] as const),
] as const;

/** Tells of claims that have ended, once the transaction has committed. */
export async function tellClaims(
  transaction: Transaction<Schema>,
  ended: readonly Pick<ClaimRow, (typeof tracedColumns)[number]>[],
): Promise<void> {
  for (const { id, repository_id, number, agent, outcome, claimed_at, ended_at } of ended) {
    const repository = await findRepositoryName(transaction, repository_id);
    afterCommit(transaction, () =>
      tellRoot('claim', {
        ...{ startedAt: claimed_at, endedAt: ended_at ?? claimed_at, root: traceOf('claim', id) },
        attributes: {
          'mosaic.claim': id,
          'mosaic.issue': formatRef({ repository, number }),
          'mosaic.agent': agent,
          'mosaic.outcome': outcome ?? '',
        },
      }),
    );
  }
}
