import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Creates the whole schema of the first release. `schema.ts` explains the columns. */
export async function createSchema(db: Kysely<Schema>): Promise<void> {
  const statements = [inbox, issues, graph, answers, claims, publishing, reconciliation].join('');
  await runStatements(db, statements.split(';').slice(0, -1));
}

/** Every index of `deliveries` costs time with each delivery: due ones in order, by issue, by age, failed. */
const inbox = `
create table deliveries (
  seq integer primary key autoincrement, id text not null unique, status text not null,
  event_name text not null, kind text, repository_id integer, issue_number integer,
  snapshot_at integer, body_hash text not null, received_at integer not null,
  due_at integer not null, attempts integer not null, handled_at integer, error text,
  event text, raw_size integer not null, body text, raw text);
create index deliveries_due on deliveries (due_at, seq) where status = 'waiting';
create index deliveries_of_issue on deliveries (repository_id, issue_number, status, seq);
create index deliveries_by_age on deliveries (received_at);
create index deliveries_failed on deliveries (status, seq) where status in ('dead', 'rejected');`;

/** Walks along the edges read the small index `issues_open` alone; texts stand apart, since rows are rewritten. */
const issues = `
create table repositories (
  id integer primary key, full_name text not null, lower_name text not null,
  named_at integer not null);
create index repositories_by_name on repositories (lower_name, named_at);
create table repository_names (
  repository_id integer not null, lower_name text not null, named_at integer not null,
  primary key (lower_name, repository_id));
create table issues (
  repository_id integer not null, number integer not null, title text not null,
  body_cut integer not null, open integer not null, deleted integer not null,
  assigned integer not null, assignees text not null, labels text not null,
  snapshot_at integer not null, snapshot_repository text not null, labels_at integer not null,
  reading text, estimate text, assignment text, own_warnings text not null,
  warnings text not null, state text not null, reason_code text not null,
  reason_params text not null, ready_at integer, changed_at integer not null,
  queue_key integer, unblocks integer not null, cycle_key text, agent text,
  parked_code text, parked_params text, attempts integer not null default 0,
  hidden_blockers integer not null default 0, revision integer not null default 0,
  published integer not null default 0, verification_requests integer not null default 0,
  primary key (repository_id, number));
create index issues_by_change on issues (deleted, changed_at, repository_id, number);
create index issues_by_state on issues (deleted, state, reason_code);
create index issues_in_queue on issues (deleted, queue_key, number, repository_id)
  where queue_key is not null;
create index issues_in_cycles on issues (cycle_key) where cycle_key is not null;
create unique index issues_open on issues (repository_id, number)
  where open = 1 and deleted = 0;
create index issues_of_agent on issues (agent, queue_key, number, repository_id)
  where queue_key is not null;
create index issues_of_repository on issues (repository_id, agent, queue_key, number)
  where queue_key is not null;
create index issues_resumed on issues (repository_id, number)
  where deleted = 0 and state = 'needs_human' and parked_code is null;
create index issues_to_publish on issues (changed_at)
  where published <> revision or verification_requests > 0;
create table issue_texts (
  repository_id integer not null, number integer not null, body text not null,
  primary key (repository_id, number));`;

/** Walks along the edges find both ends in the index. */
const graph = `
create table edges (
  id integer primary key autoincrement, declared_repository_id integer not null,
  declared_number integer not null, blocked_repository_id integer,
  blocked_number integer not null, blocker_repository_id integer,
  blocker_number integer not null, unresolved_name text, source text not null,
  evidence text not null);
create index edges_by_declared on edges (declared_repository_id, declared_number);
create index edges_by_blocked on edges
  (blocked_repository_id, blocked_number, blocker_repository_id, blocker_number);
create index edges_by_blocker on edges
  (blocker_repository_id, blocker_number, blocked_repository_id, blocked_number);
create index edges_unresolved on edges (unresolved_name) where unresolved_name is not null;
create table issue_codes (
  repository_id integer not null, code text not null, number integer not null,
  primary key (repository_id, code, number));
create index issue_codes_of_issue on issue_codes (repository_id, number);
create table code_mentions (
  repository_id integer not null, code text not null, number integer not null,
  primary key (repository_id, code, number));
create index code_mentions_of_issue on code_mentions (repository_id, number);`;

const answers = `
create table model_answers (key text primary key, answer text not null, stored_at integer not null);
create index model_answers_by_age on model_answers (stored_at);
create table known_agents (name text primary key);`;

/** The partial unique index `claims_live` makes two live claims on one issue impossible. */
const claims = `
create table claims (
  id text primary key, repository_id integer not null, number integer not null,
  worker text not null, agent text not null, estimated integer, difficulty text,
  carried integer not null default 0, claimed_at integer not null,
  heartbeat_at integer not null, expires_at integer not null, ended_at integer,
  outcome text, reason text, commit_id text, handoff text, context text, peak integer,
  total integer, end_hash text);
create unique index claims_live on claims (repository_id, number) where ended_at is null;
create index claims_of_agent on claims (agent) where ended_at is null;
create index claims_of_worker on claims (worker, claimed_at) where ended_at is null;
create index claims_expiring on claims (expires_at) where ended_at is null;
create index claims_with_handoff on claims (repository_id, number) where handoff is not null;
create index claims_completed on claims (repository_id, difficulty, ended_at)
  where outcome = 'completed' and total is not null;
create index claims_of_issue on claims (repository_id, number, claimed_at);
create table pauses (
  agent text, source text not null, reason text not null, paused_by text not null,
  paused_at integer not null, until integer);
create unique index pauses_of_agents on pauses (agent, source) where agent is not null;
create unique index pauses_of_service on pauses (source) where agent is null;
create table idempotent_answers (
  caller text not null, route text not null, key text not null, body_hash text not null,
  answer text not null, stored_at integer not null, primary key (caller, route, key));
create index idempotent_answers_by_age on idempotent_answers (stored_at);`;

const publishing = `
create table publications (
  repository_id integer not null, number integer not null, comment_id integer,
  comment_uncertain integer not null, comment_hash text, label text,
  label_uncertain integer not null, comment_deletions integer not null,
  attempts integer not null, due_at integer, paused_until integer, error text,
  primary key (repository_id, number));
create index publications_troubled on publications (repository_id, number)
  where attempts > 0 or paused_until is not null;`;

const reconciliation = `
create table reconciliation (
  id integer primary key, watermark integer, others_repository_id integer,
  others_number integer, passes integer not null default 0, last_pass_at integer,
  differences integer not null default 0, missed integer not null default 0);
insert into reconciliation (id) values (1);`;
