import { sql, type Kysely } from 'kysely';

import type { Schema } from './schema.ts';

/** The whole schema of the first release. `schema.ts` explains the columns. */
export async function createSchema(db: Kysely<Schema>): Promise<void> {
  await createDeliveries(db);
  await createRepositories(db);
  await createIssues(db);
  await createEdges(db);
  await createCodes(db);
  await createClaims(db);
  await createPausesAndAnswers(db);
  await createPublications(db);
  await createReconciliation(db);
}

/**
 * Every index of `deliveries` costs time with each delivery that comes in: one in the order in which they
 * fall due, one by issue, one by age, and one for the few that failed.
 */
async function createDeliveries(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('deliveries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('event_name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text')
    .addColumn('repository_id', 'integer')
    .addColumn('issue_number', 'integer')
    .addColumn('snapshot_at', 'integer')
    .addColumn('body_hash', 'text', (column) => column.notNull())
    .addColumn('received_at', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'integer', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('handled_at', 'integer')
    .addColumn('error', 'text')
    .addColumn('event', 'text')
    .addColumn('raw_size', 'integer', (column) => column.notNull())
    .addColumn('body', 'text')
    .addColumn('raw', 'text')
    .execute();
  await sql`create index deliveries_due on deliveries (due_at, seq)
    where status = 'waiting'`.execute(db);
  await sql`create index deliveries_of_issue on deliveries
    (repository_id, issue_number, status, seq)`.execute(db);
  await sql`create index deliveries_by_age on deliveries (received_at)`.execute(db);
  await sql`create index deliveries_failed on deliveries (status, seq)
    where status in ('dead', 'rejected')`.execute(db);
}

async function createRepositories(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('repositories')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('full_name', 'text', (column) => column.notNull())
    .addColumn('lower_name', 'text', (column) => column.notNull())
    .addColumn('named_at', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('repositories_by_name')
    .on('repositories')
    .columns(['lower_name', 'named_at'])
    .execute();
  await db.schema
    .createTable('repository_names')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('lower_name', 'text', (column) => column.notNull())
    .addColumn('named_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('repository_names_key', ['lower_name', 'repository_id'])
    .execute();
}

async function createIssues(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('issues')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body_cut', 'integer', (column) => column.notNull())
    .addColumn('open', 'integer', (column) => column.notNull())
    .addColumn('deleted', 'integer', (column) => column.notNull())
    .addColumn('assigned', 'integer', (column) => column.notNull())
    .addColumn('assignees', 'text', (column) => column.notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('snapshot_at', 'integer', (column) => column.notNull())
    .addColumn('snapshot_repository', 'text', (column) => column.notNull())
    .addColumn('labels_at', 'integer', (column) => column.notNull())
    .addColumn('reading', 'text')
    .addColumn('estimate', 'text')
    .addColumn('assignment', 'text')
    .addColumn('own_warnings', 'text', (column) => column.notNull())
    .addColumn('warnings', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text', (column) => column.notNull())
    .addColumn('reason_params', 'text', (column) => column.notNull())
    .addColumn('ready_at', 'integer')
    .addColumn('changed_at', 'integer', (column) => column.notNull())
    .addColumn('queue_key', 'integer')
    .addColumn('unblocks', 'integer', (column) => column.notNull())
    .addColumn('cycle_key', 'text')
    .addColumn('agent', 'text')
    .addColumn('parked_code', 'text')
    .addColumn('parked_params', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('hidden_blockers', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('revision', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('published', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('verification_requests', 'integer', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('issues_key', ['repository_id', 'number'])
    .execute();
  await indexIssues(db);
  // Apart from the rows of issues: recomputing a state rewrites a row, but never its text.
  await db.schema
    .createTable('issue_texts')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('issue_texts_key', ['repository_id', 'number'])
    .execute();
}

async function indexIssues(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createIndex('issues_by_change')
    .on('issues')
    .columns(['deleted', 'changed_at', 'repository_id', 'number'])
    .execute();
  await db.schema
    .createIndex('issues_by_state')
    .on('issues')
    .columns(['deleted', 'state', 'reason_code'])
    .execute();
  await sql`create index issues_in_queue on issues (deleted, queue_key, number, repository_id)
    where queue_key is not null`.execute(db);
  await sql`create index issues_in_cycles on issues (cycle_key)
    where cycle_key is not null`.execute(db);
  // Covers walks along the edges, which read nothing else of the long rows.
  await sql`create unique index issues_open on issues (repository_id, number)
    where open = 1 and deleted = 0`.execute(db);
  await sql`create index issues_of_agent on issues (agent, queue_key, number, repository_id)
    where queue_key is not null`.execute(db);
  await sql`create index issues_of_repository on issues (repository_id, agent, queue_key, number)
    where queue_key is not null`.execute(db);
  await sql`create index issues_resumed on issues (repository_id, number)
    where deleted = 0 and state = 'needs_human' and parked_code is null`.execute(db);
  // Holds the few issues that are due, the newest change first.
  await sql`create index issues_to_publish on issues (changed_at)
    where published <> revision or verification_requests > 0`.execute(db);
}

async function createEdges(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('edges')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('declared_repository_id', 'integer', (column) => column.notNull())
    .addColumn('declared_number', 'integer', (column) => column.notNull())
    .addColumn('blocked_repository_id', 'integer')
    .addColumn('blocked_number', 'integer', (column) => column.notNull())
    .addColumn('blocker_repository_id', 'integer')
    .addColumn('blocker_number', 'integer', (column) => column.notNull())
    .addColumn('unresolved_name', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('evidence', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('edges_by_declared')
    .on('edges')
    .columns(['declared_repository_id', 'declared_number'])
    .execute();
  // Both ends are in the index, so walks along the edges read no rows.
  for (const [end, other] of [
    ['blocked', 'blocker'],
    ['blocker', 'blocked'],
  ])
    await db.schema
      .createIndex(`edges_by_${end}`)
      .on('edges')
      .columns([
        ...[`${end}_repository_id`, `${end}_number`],
        ...[`${other}_repository_id`, `${other}_number`],
      ])
      .execute();
  await sql`create index edges_unresolved on edges (unresolved_name)
    where unresolved_name is not null`.execute(db);
}

async function createCodes(db: Kysely<Schema>): Promise<void> {
  for (const table of ['issue_codes', 'code_mentions']) {
    await db.schema
      .createTable(table)
      .addColumn('repository_id', 'integer', (column) => column.notNull())
      .addColumn('code', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_key`, ['repository_id', 'code', 'number'])
      .execute();
    await db.schema
      .createIndex(`${table}_of_issue`)
      .on(table)
      .columns(['repository_id', 'number'])
      .execute();
  }
}

async function createClaims(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('claims')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('worker', 'text', (column) => column.notNull())
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('estimated', 'integer')
    .addColumn('difficulty', 'text')
    .addColumn('carried', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('claimed_at', 'integer', (column) => column.notNull())
    .addColumn('heartbeat_at', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .addColumn('ended_at', 'integer')
    .addColumn('outcome', 'text')
    .addColumn('reason', 'text')
    .addColumn('commit_id', 'text')
    .addColumn('handoff', 'text')
    .addColumn('context', 'text')
    .addColumn('peak', 'integer')
    .addColumn('total', 'integer')
    .addColumn('end_hash', 'text')
    .execute();
  // Makes two live claims on one issue impossible.
  await sql`create unique index claims_live on claims (repository_id, number)
    where ended_at is null`.execute(db);
  await sql`create index claims_of_agent on claims (agent) where ended_at is null`.execute(db);
  await sql`create index claims_of_worker on claims (worker, claimed_at)
    where ended_at is null`.execute(db);
  await sql`create index claims_expiring on claims (expires_at) where ended_at is null`.execute(db);
  await sql`create index claims_with_handoff on claims (repository_id, number)
    where handoff is not null`.execute(db);
  await sql`create index claims_completed on claims (repository_id, difficulty, ended_at)
    where outcome = 'completed' and total is not null`.execute(db);
  await sql`create index claims_of_issue on claims (repository_id, number, claimed_at)`.execute(db);
}

async function createPausesAndAnswers(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('pauses')
    .addColumn('agent', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('paused_by', 'text', (column) => column.notNull())
    .addColumn('paused_at', 'integer', (column) => column.notNull())
    .addColumn('until', 'integer')
    .execute();
  // Two indexes, since nulls are all different in one.
  await sql`create unique index pauses_of_agents on pauses (agent, source)
    where agent is not null`.execute(db);
  await sql`create unique index pauses_of_service on pauses (source)
    where agent is null`.execute(db);
  await db.schema
    .createTable('idempotent_answers')
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('route', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('body_hash', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('stored_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotent_answers_key', ['caller', 'route', 'key'])
    .execute();
  await db.schema
    .createIndex('idempotent_answers_by_age')
    .on('idempotent_answers')
    .column('stored_at')
    .execute();
  await db.schema
    .createTable('model_answers')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('stored_at', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('model_answers_by_age')
    .on('model_answers')
    .column('stored_at')
    .execute();
  await db.schema
    .createTable('known_agents')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .execute();
}

async function createPublications(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('publications')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('comment_id', 'integer')
    .addColumn('comment_uncertain', 'integer', (column) => column.notNull())
    .addColumn('comment_hash', 'text')
    .addColumn('label', 'text')
    .addColumn('label_uncertain', 'integer', (column) => column.notNull())
    .addColumn('comment_deletions', 'integer', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'integer')
    .addColumn('paused_until', 'integer')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('publications_key', ['repository_id', 'number'])
    .execute();
  await sql`create index publications_troubled on publications (repository_id, number)
    where attempts > 0 or paused_until is not null`.execute(db);
}

async function createReconciliation(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('reconciliation')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('watermark', 'integer')
    .addColumn('others_repository_id', 'integer')
    .addColumn('others_number', 'integer')
    .addColumn('passes', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('last_pass_at', 'integer')
    .addColumn('differences', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('missed', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`insert into reconciliation (id) values (1)`.execute(db);
}
