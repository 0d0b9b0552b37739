import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [
  `create table verifications (
    seq integer primary key autoincrement, id text not null unique,
    repository_id integer not null, number integer not null, claim_id text,
    worker text, agent text, asked_by text not null, commit_id text not null, branch text,
    base_branch text not null, state text not null, requested_at integer not null,
    due_at integer not null, attempts integer not null default 0, lease_id text, verifier text,
    lease_expires_at integer, started_at integer, ended_at integer, base_commit text, tree text,
    config_hash text, environment text, cause_code text, cause_message text, fingerprint text,
    gates text, findings text, durations text, report text, end_hash text)`,
  `create index verifications_open on verifications (due_at, seq) where ended_at is null`,
  'create index verifications_of_issue on verifications (repository_id, number, seq)',
  `create index verifications_of_commit on verifications (repository_id, commit_id, seq)
    where ended_at is not null`,
  `create index verifications_with_gates on verifications (repository_id, seq)
    where gates is not null`,
  'create index verifications_with_report on verifications (seq) where report is not null',
  // The verification that a claim waits for: its lease stands still.
  'alter table claims add column verification_id text',
  'alter table issues add column gate_failures integer not null default 0',
  'alter table issues add column review_rounds integer not null default 0',
  'alter table issues add column verified_commit text',
  `create table commit_statuses (
    repository_id integer not null, commit_id text not null, context text not null,
    place integer not null, number integer not null, state text not null,
    description text not null, verification_id text, written integer not null default 0,
    attempts integer not null default 0, due_at integer not null default 0, error text,
    primary key (repository_id, commit_id, context))`,
  'create index commit_statuses_to_write on commit_statuses (due_at) where written = 0',
  `create table pull_requests (
    repository_id integer not null, number integer not null, pull_number integer,
    branch text not null, commit_id text not null, state text not null,
    uncertain integer not null default 0, body_hash text, written_commit text,
    seen_at integer not null default 0, unmergeable integer not null default 0,
    check_at integer,
    attempts integer not null default 0, due_at integer not null default 0, error text,
    primary key (repository_id, number))`,
  `create index pull_requests_by_pull on pull_requests (repository_id, pull_number)
    where pull_number is not null`,
  'create index pull_requests_to_check on pull_requests (check_at) where check_at is not null',
];

/** Adds what is known of a commit that shall complete an issue: verifications, statuses, pull requests. */
export async function addVerification(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, statements);
}
