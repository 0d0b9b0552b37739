import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { z } from 'zod';

import { codesOfTitle } from '../issue/codes.ts';
import { CoordinatorError, describeError } from '../errors.ts';
import { ownLabelScope, withoutOwnLabels } from '../issue/own-marks.ts';
import type { Schema } from './schema.ts';

/** By name, in order. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-service': { up: createService },
  '002-model-answers': { up: createModelAnswers },
  '003-kept-texts': { up: markKeptTexts },
  '004-lean-inbox': { up: leanInbox },
  '005-graph': { up: storeGraph },
  '006-texts-apart': { up: storeTextsApart },
  '007-known-agents': { up: createKnownAgents },
  '008-codes': { up: storeCodes },
  '009-work': { up: createWork },
  '010-publications': { up: createPublications },
  '011-hidden-blockers': { up: countHiddenBlockers },
  '012-reconciliation': { up: createReconciliation },
};

/** Brings the schema up to date; everything in one transaction. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const { error } = await migratorFor(db).migrateToLatest();
  if (error !== undefined) {
    const message = `The database could not be brought up to date; it was left as it was. ${describeError(error)}`;
    throw new CoordinatorError('migration_failed', message, { cause: error });
  }
}

/** True when the database has the schema this version expects. */
export async function isMigrated(db: Kysely<Schema>): Promise<boolean> {
  const known = await migratorFor(db).getMigrations();
  return known.every(({ executedAt }) => executedAt !== undefined);
}

function migratorFor(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
}

async function createService(db: Kysely<Schema>): Promise<void> {
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
  await db.schema
    .createIndex('deliveries_due')
    .on('deliveries')
    .columns(['status', 'due_at', 'seq'])
    .execute();
  await db.schema
    .createIndex('deliveries_by_age')
    .on('deliveries')
    .columns(['status', 'received_at'])
    .execute();
  await sql`create index deliveries_of_issue on deliveries (repository_id, issue_number, seq)
    where status = 'waiting'`.execute(db);
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
  await db.schema
    .createTable('issues')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
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
    .addColumn('reason_text', 'text', (column) => column.notNull())
    .addColumn('ready_at', 'integer')
    .addColumn('changed_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('issues_key', ['repository_id', 'number'])
    .execute();
  await db.schema
    .createIndex('issues_by_change')
    .on('issues')
    .columns(['deleted', 'changed_at', 'repository_id', 'number'])
    .execute();
  await db.schema
    .createIndex('issues_by_state')
    .on('issues')
    .columns(['deleted', 'state', 'ready_at', 'number'])
    .execute();
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
  for (const end of ['declared', 'blocked', 'blocker']) {
    await sql`create index ${sql.ref(`edges_by_${end}`)} on edges
      (${sql.ref(`${end}_repository_id`)}, ${sql.ref(`${end}_number`)})`.execute(db);
  }
  await sql`create index edges_unresolved on edges (unresolved_name)
    where unresolved_name is not null`.execute(db);
}

async function createModelAnswers(db: Kysely<Schema>): Promise<void> {
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
}

async function markKeptTexts(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('issues')
    .addColumn('body_kept', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
  await sql`update issues set body_kept = assigned`.execute(db);
  await sql`create index deliveries_with_text on deliveries (repository_id, issue_number, snapshot_at)
    where body is not null`.execute(db);
}

/**
 * Every index of `deliveries` is paid for with each delivery that comes in: one in the order in which
 * they fall due, one by issue, one by age, and one for the few that failed.
 */
async function leanInbox(db: Kysely<Schema>): Promise<void> {
  for (const name of ['due', 'by_age', 'of_issue', 'with_text'])
    await db.schema.dropIndex(`deliveries_${name}`).execute();
  await sql`create index deliveries_due on deliveries (due_at, seq)
    where status = 'waiting'`.execute(db);
  await sql`create index deliveries_of_issue on deliveries
    (repository_id, issue_number, status, seq)`.execute(db);
  await sql`create index deliveries_by_age on deliveries (received_at)`.execute(db);
  await sql`create index deliveries_failed on deliveries (status, seq)
    where status in ('dead', 'rejected')`.execute(db);
}

/** What follows from the graph is filled in by the next start: see `settleGraph`. */
async function storeGraph(db: Kysely<Schema>): Promise<void> {
  for (const column of ['queue_key', 'unblocks'])
    await db.schema.alterTable('issues').addColumn(column, 'integer').execute();
  await db.schema.alterTable('issues').addColumn('circle', 'text').execute();
  await sql`create index issues_in_queue on issues (deleted, queue_key, number, repository_id)
    where queue_key is not null`.execute(db);
  await sql`create index issues_in_circles on issues (circle)
    where circle is not null`.execute(db);
  await sql`create index issues_not_settled on issues (repository_id, number)
    where unblocks is null`.execute(db);
  // Walks along the edges look at nothing else, and rows are long.
  await sql`create unique index issues_open on issues (repository_id, number)
    where open = 1 and deleted = 0`.execute(db);
  await db.schema.dropIndex('issues_by_state').execute();
  await db.schema
    .createIndex('issues_by_state')
    .on('issues')
    .columns(['deleted', 'state', 'reason_code'])
    .execute();
}

/**
 * Deciding writes whole rows: the texts, which it does not touch, stand apart. And walks along the edges
 * find both ends in the index.
 */
async function storeTextsApart(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('issue_texts')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('issue_texts_key', ['repository_id', 'number'])
    .execute();
  await sql`insert into issue_texts (repository_id, number, body)
    select repository_id, number, body from issues where body_kept = 1`.execute(db);
  for (const column of ['body', 'body_kept'])
    await db.schema.alterTable('issues').dropColumn(column).execute();
  for (const [end, other] of [
    ['blocked', 'blocker'],
    ['blocker', 'blocked'],
  ]) {
    await db.schema.dropIndex(`edges_by_${end}`).execute();
    await db.schema
      .createIndex(`edges_by_${end}`)
      .on('edges')
      .columns([
        ...[`${end}_repository_id`, `${end}_number`],
        ...[`${other}_repository_id`, `${other}_number`],
      ])
      .execute();
  }
}

async function createKnownAgents(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('known_agents')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .execute();
}

/** The codes that texts name are filled in as each issue is read again. */
async function storeCodes(db: Kysely<Schema>): Promise<void> {
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
  const titles = db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'title'])
    .where('deleted', '=', 0);
  for (const { title, ...key } of await titles.execute())
    for (const code of codesOfTitle(title))
      await db
        .insertInto('issue_codes')
        .values({ ...key, code })
        .execute();
}

/** The partial unique index is what makes two live claims on one issue impossible. */
async function createWork(db: Kysely<Schema>): Promise<void> {
  for (const column of ['agent', 'parked_code', 'parked_text'])
    await db.schema.alterTable('issues').addColumn(column, 'text').execute();
  await db.schema
    .alterTable('issues')
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update issues set agent = json_extract(assignment, '$.agent')
    where assignment is not null`.execute(db);
  await sql`create index issues_of_agent on issues (agent, queue_key, number, repository_id)
    where queue_key is not null`.execute(db);
  await sql`create index issues_of_repository on issues (repository_id, agent, queue_key, number)
    where queue_key is not null`.execute(db);
  await sql`create index issues_resumed on issues (repository_id, number)
    where deleted = 0 and state = 'needs_human' and parked_code is null`.execute(db);
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
  await db.schema
    .createTable('pauses')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('paused_by', 'text', (column) => column.notNull())
    .addColumn('paused_at', 'integer', (column) => column.notNull())
    .addColumn('until', 'integer')
    .addPrimaryKeyConstraint('pauses_key', ['scope', 'source'])
    .execute();
  await db.schema
    .createTable('kept_answers')
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('route', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('body_hash', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('stored_at', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('kept_answers_key', ['caller', 'route', 'key'])
    .execute();
  await db.schema
    .createIndex('kept_answers_by_age')
    .on('kept_answers')
    .column('stored_at')
    .execute();
}

/**
 * Issues of versions that published nothing are due once: what the bot has of them gets its comment. The
 * index of what is due holds little, and the newest change first.
 */
async function createPublications(db: Kysely<Schema>): Promise<void> {
  for (const column of ['revision', 'published'])
    await db.schema
      .alterTable('issues')
      .addColumn(column, 'integer', (definition) => definition.notNull().defaultTo(0))
      .execute();
  await sql`update issues set revision = 1`.execute(db);
  await sql`create index issues_to_publish on issues (changed_at)
    where published <> revision`.execute(db);
  await db.schema
    .createTable('publications')
    .addColumn('repository_id', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('comment_id', 'integer')
    .addColumn('comment_hash', 'text')
    .addColumn('label', 'text')
    .addColumn('remade', 'integer', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'integer')
    .addColumn('paused_until', 'integer')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('publications_key', ['repository_id', 'number'])
    .execute();
  await sql`create index publications_troubled on publications (repository_id, number)
    where attempts > 0 or paused_until is not null`.execute(db);
}

/** And from now on no label of our own is kept as one of an issue. */
async function countHiddenBlockers(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .alterTable('issues')
    .addColumn('hidden_blockers', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  const labelled = db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'labels'])
    .where('labels', 'like', `%"${ownLabelScope}%`);
  for (const { repository_id, number, labels } of await labelled.execute())
    await db
      .updateTable('issues')
      .set({ labels: JSON.stringify(withoutOwnLabels(labelsSchema.parse(JSON.parse(labels)))) })
      .where('repository_id', '=', repository_id)
      .where('number', '=', number)
      .execute();
}

const labelsSchema = z.array(z.string());

async function createReconciliation(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('reconciliation')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('watermark', 'integer')
    .addColumn('looked_repository_id', 'integer')
    .addColumn('looked_number', 'integer')
    .addColumn('passes', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('last_pass_at', 'integer')
    .addColumn('differences', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('missed', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`insert into reconciliation (id) values (1)`.execute(db);
}
