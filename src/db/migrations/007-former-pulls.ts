import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds the pull request that another one, of another branch, has replaced, until it is closed. */
export async function addFormerPulls(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, ['alter table pull_requests add column former_pull integer']);
}
