import { sql, type Kysely } from 'kysely';

import type { Schema } from './schema.ts';

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [
  'alter table repositories add column visibility text',
  'alter table repositories add column archived integer not null default 0',
  'alter table repositories add column access integer not null default 1',
  'alter table repositories add column write_refused integer not null default 0',
  'alter table repositories add column can_push integer',
  'alter table repositories add column facts_at integer not null default -1',
  'alter table repositories add column checked_at integer',
  `create table store_checks (
    writer text primary key, checked_at integer not null, filler blob)`,
];

/** Adds the facts on which trust rests: what may be seen, handed out and believed. */
export async function addTrust(db: Kysely<Schema>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
