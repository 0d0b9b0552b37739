import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds which findings a hook of Claude Code gave to the agent of a claim, and how often one did. */
export async function addClaudeHooks(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    'alter table claims add column findings_given integer not null default 0',
    'alter table claims add column findings_of text',
    'create index verifications_of_claim on verifications (claim_id, seq)',
  ]);
}
