import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds what is known of the checks of others on a pull request. */
export async function addRedChecks(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, ['alter table pull_requests add column red_commit text']);
}
