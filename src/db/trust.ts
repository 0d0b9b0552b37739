import { sql, type Kysely } from 'kysely';

import type { Schema } from './schema.ts';

/**
 * Equal bytes are one delivery. The hashes of before were of the signature, not of the bytes, so they say
 * nothing. Handled deliveries keep only the texts that no issue has. Nothing is dated in the future.
 */
const deliveries: readonly string[] = [
  `update deliveries set body_hash = ''`,
  `create unique index deliveries_by_body on deliveries (body_hash) where body_hash <> ''`,
  `update deliveries set body = null where status = 'done' and body is not null and (
    kind = 'refreshed' or not exists (select 1 from issues where assigned = 0
      and issues.repository_id = deliveries.repository_id
      and issues.number = deliveries.issue_number
      and issues.snapshot_at = deliveries.snapshot_at))`,
  `create index deliveries_with_text on deliveries (repository_id, issue_number)
    where status = 'done' and body is not null`,
  `create index deliveries_with_bytes on deliveries (seq, raw_size) where raw_size > 0`,
  `update issues set snapshot_at = min(snapshot_at, unixepoch() * 1000),
    labels_at = min(labels_at, unixepoch() * 1000)`,
];

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [
  ...deliveries,
  'alter table repositories add column visibility text',
  'alter table repositories add column archived integer not null default 0',
  'alter table repositories add column access integer not null default 1',
  'alter table repositories add column write_refused integer not null default 0',
  'alter table repositories add column can_push integer',
  'alter table repositories add column facts_at integer not null default -1',
  'alter table repositories add column checked_at integer',
  `create table store_checks (
    writer text primary key, checked_at integer not null, filler blob)`,
  'alter table claims add column setback integer not null default 0',
  'create index claims_set_back on claims (worker, ended_at) where setback > 0',
];

/** Adds the facts on which trust rests: what may be seen, handed out and believed. */
export async function addTrust(db: Kysely<Schema>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
