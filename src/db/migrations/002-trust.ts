import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/**
 * Equal bytes are one delivery. The hashes of before were of the signature, not of the bytes, so they say
 * nothing. Handled deliveries keep only the texts that no issue has.
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
];

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [
  ...deliveries,
  'alter table issues add column unreadable text',
  // Texts of which only the template lines were read: nobody knows what they wait for.
  `update issues set unreadable = 'time', revision = revision + 1,
    own_warnings = ${renamed('own_warnings')}, warnings = ${renamed('warnings')}, reading = ${renamed('reading')}
    where own_warnings like '%"text_not_parsed"%'`,
  `update issues set state = 'blocked', reason_code = 'unreadable', reason_params = '{"cause":"time"}',
    ready_at = null, queue_key = null where unreadable is not null and state = 'ready'`,
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
  'alter table claims add column graced integer not null default 0',
  // A limit that a worker reports is its own until another one reports it too.
  'alter table pauses add column caller text',
  'drop index pauses_of_agents',
  `create unique index pauses_of_agents on pauses (agent, source, coalesce(caller, ''))
    where agent is not null`,
  `create index issues_parked on issues (json_extract(parked_params, '$.worker'))
    where parked_code is not null`,
  'create index claims_set_back on claims (worker, ended_at) where setback > 0',
  'alter table edges add column missing text',
  'alter table edges add column missing_since integer',
  'alter table edges add column waived integer not null default 0',
  'alter table edges add column from_parent integer not null default 0',
  `create index edges_missing on edges (declared_repository_id, declared_number)
    where missing is not null`,
  `create index edges_from_parent on edges (blocked_repository_id, blocked_number,
    blocker_repository_id, blocker_number) where from_parent = 1`,
  // Walks along the edges read these indexes alone.
  'drop index edges_by_blocked',
  'drop index edges_by_blocker',
  `create index edges_by_blocked on edges (blocked_repository_id, blocked_number,
    blocker_repository_id, blocker_number, from_parent)`,
  `create index edges_by_blocker on edges (blocker_repository_id, blocker_number,
    blocked_repository_id, blocked_number, from_parent)`,
  `create table parents (
    repository_id integer not null, number integer not null, parent_repository_id integer,
    parent_number integer not null, unresolved_name text)`,
  'create index parents_of_part on parents (repository_id, number)',
  'create index parents_by_parent on parents (parent_repository_id, parent_number)',
  'create index parents_unresolved on parents (unresolved_name) where unresolved_name is not null',
  'alter table issues add column merged integer',
  'alter table issues add column held_by text',
  'alter table issues add column open_pull_repository_id integer',
  'alter table issues add column open_pull_number integer',
  `create index issues_by_open_pull on issues (open_pull_repository_id, open_pull_number)
    where open_pull_number is not null`,
  'drop index issues_resumed',
  `create index issues_resumed on issues (repository_id, number)
    where deleted = 0 and state = 'needs_human' and parked_code is null
      and reason_code <> 'blocker_not_merged'`,
  'alter table publications add column label_refused integer not null default 0',
];

/** A column of JSON with the warning of such a text as it is called now. */
function renamed(column: string): string {
  return `replace(${column}, '{"code":"text_not_parsed","params":{}}', '{"code":"text_unreadable","params":{"cause":"time"}}')`;
}

/** Adds the facts on which trust rests: what may be seen, handed out and believed. */
export async function addTrust(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, statements);
}
