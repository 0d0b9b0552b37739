import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/**
 * Marks the edges that end with a merge. Those of texts that were read before are found when they are read again. A
 * reason is new, too: an issue whose pull request was merged and that stayed open.
 */
export async function addMergeEdges(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, ['alter table edges add column until_merge integer not null default 0']);
}
