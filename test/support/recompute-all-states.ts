import type { Transaction } from 'kysely';

import type { Schema } from '../../src/db/schema.ts';
import { recomputeStates } from '../../src/plans/recompute-states.ts';

/** Recomputes every issue from its facts alone: what incremental recomputing is compared with. */
export async function recomputeAllStates(
  transaction: Transaction<Schema>,
  now: number,
): Promise<number> {
  const issues = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .execute();
  const { count } = await recomputeStates(
    transaction,
    {
      states: issues,
      graph: { joined: issues, closed: [], lost: [], renamed: issues },
      unblocks: issues,
    },
    now,
  );
  return count;
}
