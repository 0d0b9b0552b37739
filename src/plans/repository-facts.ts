import type { Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { RepositoryFacts } from '../issue/repository-facts.ts';

/**
 * Stores what was reported of a repository, unless something newer is stored. `at` is the time of the report
 * by Gitea's clock where a delivery made it, and by ours where Gitea itself answered: the two are close
 * enough, and the next answer of Gitea puts right what they confuse. False: nothing changed.
 */
export async function storeRepositoryFacts(
  transaction: Transaction<Schema>,
  id: number,
  { archived, visibility }: RepositoryFacts,
  at: number,
): Promise<boolean> {
  const before = await transaction
    .selectFrom('repositories')
    .select(['archived', 'visibility', 'facts_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (before === undefined || before.facts_at > at) return false;
  const after = { archived: archived ? 1 : 0, visibility: visibility ?? before.visibility };
  if (
    before.facts_at === at &&
    after.archived === before.archived &&
    after.visibility === before.visibility
  )
    return false;
  await transaction
    .updateTable('repositories')
    .set({ ...after, facts_at: at })
    .where('id', '=', id)
    .execute();
  return after.archived !== before.archived;
}
