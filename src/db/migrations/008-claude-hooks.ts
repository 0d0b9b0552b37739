import { sql, type Kysely } from 'kysely';

import type { Schema } from '../schema.ts';

/** Adds which findings a hook of Claude Code gave to the agent of a claim, and how often one did. */
export async function addClaudeHooks(db: Kysely<Schema>): Promise<void> {
  await sql`alter table claims add column findings_given integer not null default 0`.execute(db);
  await sql`alter table claims add column findings_of text`.execute(db);
  await sql`create index verifications_of_claim on verifications (claim_id, seq)`.execute(db);
}
