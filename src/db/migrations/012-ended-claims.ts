import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Lets the ended claims be counted from an index alone: their rows are wide, and none is ever deleted. */
export async function addEndedClaims(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    `create index claims_ended on claims (agent, outcome, ended_at) where ended_at is not null`,
  ]);
}
