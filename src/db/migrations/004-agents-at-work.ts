import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [
  'alter table claims add column rotations integer not null default 0',
  'alter table claims add column handoff_at integer',
  'update claims set handoff_at = ended_at where handoff is not null',
  'alter table claims add column spent_tokens integer not null default 0',
  'alter table claims add column spent_usd real not null default 0',
  'alter table claims add column spent_estimated integer not null default 0',
  'alter table issues add column spent_tokens integer not null default 0',
  'alter table issues add column spent_usd real not null default 0',
  'alter table issues add column budget_warning text',
  `create table daily_spending (
    day text not null, agent text not null, tokens integer not null, usd real not null,
    primary key (day, agent))`,
];

/** Adds what is known of an agent at work: the sessions of its claim, its handoff and its spending. */
export async function addAgentsAtWork(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, statements);
}
