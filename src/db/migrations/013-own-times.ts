import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds when our comment, label and pull request were written last, for the history of an issue; null: before this. */
export async function addOwnTimes(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    'alter table publications add column comment_at integer',
    'alter table publications add column label_at integer',
    'alter table pull_requests add column opened_at integer',
    'alter table pull_requests add column ended_at integer',
  ]);
}
