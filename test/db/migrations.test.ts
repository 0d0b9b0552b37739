import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { createDatabase, openExisting, type Database } from '../../src/db/database.ts';
import { examineDatabase } from '../../src/db/sqlite/examine.ts';
import { isMigrated, migrate, migrations } from '../../src/db/migrations.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

function openDatabase(path = join(temporaryDirectory(), 'coordinator.db')) {
  const db = createDatabase(path);
  onTestFinished(() => db.destroy());
  return { path, db };
}

/** Everything that a migration could have changed. */
async function contentsOf(db: Database): Promise<unknown> {
  const tables = await sql`select name, sql from sqlite_master order by name`.execute(db);
  const repositories = await sql`select * from repositories`.execute(db);
  const executed = await sql`select name from kysely_migration order by name`.execute(db);
  return [tables.rows, repositories.rows, executed.rows];
}

async function addColumn(db: Database): Promise<void> {
  await db.schema
    .alterTable('repositories')
    .addColumn('starred', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update repositories set starred = 1`.execute(db);
}

/** The database of this version with one row, and the migrations of a next version. */
async function openWithRow(next: (db: Database) => Promise<void>) {
  const { db } = openDatabase();
  await migrate(db);
  await db
    .insertInto('repositories')
    .values({ id: 1, full_name: 'acme/orbit', lower_name: 'acme/orbit', named_at: 7 })
    .execute();
  return { db, all: { ...migrations, '999-next': { up: next } } };
}

test('migrating twice changes nothing', async () => {
  const { db } = openDatabase();
  expect(await isMigrated(db)).toBe(false);
  await migrate(db);
  const before = await contentsOf(db);
  await migrate(db);
  expect(await contentsOf(db)).toEqual(before);
  expect(await isMigrated(db)).toBe(true);
});

test('a migration that fails half-way leaves nothing behind and can be done again', async () => {
  const { db } = openDatabase();
  await sql`create table issues (in_the_way integer)`.execute(db);
  await expect(migrate(db)).rejects.toMatchObject({ code: 'migration_failed' });
  await expect(migrate(db)).rejects.toThrow(/already exists/);
  const tables = await sql`select name from sqlite_master where name = 'deliveries'`.execute(db);
  expect(tables.rows).toEqual([]);
  expect(await isMigrated(db)).toBe(false);
  await sql`drop table issues`.execute(db);
  await migrate(db);
  expect(await isMigrated(db)).toBe(true);
});

test('the next migration is applied to a database of this version, with all that is in it', async () => {
  const { db, all } = await openWithRow(addColumn);
  await migrate(db, all);
  const { rows } = await sql`select id, full_name, named_at, starred from repositories`.execute(db);
  expect(rows).toEqual([{ id: 1, full_name: 'acme/orbit', named_at: 7, starred: 1 }]);
  const after = await contentsOf(db);
  await migrate(db, all);
  expect(await contentsOf(db)).toEqual(after);
});

test('a next migration that fails leaves the database as it was', async () => {
  const { db, all } = await openWithRow(async (transaction) => {
    await addColumn(transaction);
    throw new Error('half-way');
  });
  const before = await contentsOf(db);
  await expect(migrate(db, all)).rejects.toMatchObject({ code: 'migration_failed' });
  await expect(migrate(db, all)).rejects.toThrow(/left as it was\. .*half-way/);
  expect(await contentsOf(db)).toEqual(before);
});

/** What tells a database of the development versions: the first of their migrations. */
function makeDevelopmentDatabase(directory: string): string {
  const path = join(directory, 'coordinator.db');
  const database = new DatabaseSync(path);
  database.exec(`create table kysely_migration (name text primary key, timestamp text not null);
    insert into kysely_migration values ('001-service', '2026-11-01'), ('002-model-answers', '2026-11-02');
    create table deliveries (seq integer primary key)`);
  database.close();
  return path;
}

test('a database of a development version is refused with what to do, and left as it is', async () => {
  const directory = temporaryDirectory();
  const path = makeDevelopmentDatabase(directory);
  const refusal = {
    code: 'development_database',
    message:
      'The database comes from a development version and cannot be upgraded: move the file that DATABASE_URL names away, and with GITEA_TOKEN the next start rebuilds everything from Gitea.',
  };
  await expect(startService({ directory })).rejects.toMatchObject(refusal);
  await expect(openExisting(path)).rejects.toMatchObject(refusal);
  expect(examineDatabase(path)).toEqual({ kind: 'development' });
  const { db } = openDatabase(path);
  await expect(migrate(db)).rejects.toMatchObject(refusal);
  const { rows } = await sql`select name from sqlite_master where type = 'table'`.execute(db);
  expect(rows).toEqual([{ name: 'kysely_migration' }, { name: 'deliveries' }]);
});

test('a file that is no database ends the start with a sentence, not with a stack trace', async () => {
  const { db, path } = openDatabase();
  writeFileSync(path, 'This is not a database, only a text that is long enough. '.repeat(20));
  await expect(migrate(db)).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(migrate(db)).rejects.toThrow('The database is damaged.');
});

test('a start refuses a database of a later version, and leaves it as it is', async () => {
  const { db } = openDatabase();
  const later = { ...migrations, '999-later': { up: () => Promise.resolve() } };
  await migrate(db, later);
  await expect(migrate(db)).rejects.toMatchObject({ code: 'database_newer' });
  await expect(migrate(db)).rejects.toThrow('999-later');
  await migrate(db, later);
});

test('a command refuses a database of a later version', async () => {
  const { db, path } = openDatabase();
  await migrate(db, { ...migrations, '002-later': { up: addColumn } });
  await expect(openExisting(path)).rejects.toMatchObject({ code: 'not_migrated' });
});

test('a text of which only the template lines were read holds its issue after the upgrade', async () => {
  const { db } = openDatabase();
  const { '001-baseline': baseline } = migrations;
  if (baseline === undefined) throw new Error('there is no baseline');
  await migrate(db, { '001-baseline': baseline });
  const stored = JSON.stringify([{ code: 'text_not_parsed', params: {} }]);
  for (const [number, warnings] of [
    [1, stored],
    [2, '[]'],
  ] as const)
    await sql`insert into issues (repository_id, number, title, body_cut, open, deleted, assigned, assignees, labels,
      snapshot_at, snapshot_repository, labels_at, reading, own_warnings, warnings, state, reason_code,
      reason_params, ready_at, queue_key, changed_at, unblocks)
      values (2, ${number}, '', 0, 1, 0, 1, '[]', '[]', 1, 'acme/orbit', 1, ${`{"warnings":${warnings}}`}, ${warnings}, ${warnings},
      'ready', 'ready', '{"agent":"opus"}', 1, 1, 1, 0)`.execute(db);
  await migrate(db);
  const rows = await db
    .selectFrom('issues')
    .select(['number', 'unreadable', 'state', 'reason_code', 'queue_key', 'own_warnings'])
    .orderBy('number')
    .execute();
  expect(rows).toEqual([
    {
      number: 1,
      unreadable: 'time',
      state: 'blocked',
      reason_code: 'unreadable',
      queue_key: null,
      own_warnings: '[{"code":"text_unreadable","params":{"cause":"time"}}]',
    },
    {
      number: 2,
      unreadable: null,
      state: 'ready',
      reason_code: 'ready',
      queue_key: 1,
      own_warnings: '[]',
    },
  ]);
});

test('claims and issues of before verifications go on after the upgrade', async () => {
  const { db } = openDatabase();
  const before = Object.entries(migrations).filter(([name]) => name < '003');
  await migrate(db, Object.fromEntries(before));
  await sql`insert into claims (id, repository_id, number, worker, agent, claimed_at, heartbeat_at, expires_at,
      ended_at, handoff)
    values ('c1', 2, 1, 'w1', 'sonnet', 1, 1, 2, null, null), ('c0', 2, 2, 'w1', 'sonnet', 1, 1, 2, 7, '"on"')`.execute(
    db,
  );
  await migrate(db);
  const claims = await db.selectFrom('claims').selectAll().orderBy('number').execute();
  expect(claims).toMatchObject([
    {
      id: 'c1',
      worker: 'w1',
      expires_at: 2,
      verification_id: null,
      rotations: 0,
      handoff_at: null,
    },
    { id: 'c0', handoff: '"on"', handoff_at: 7 },
  ]);
  expect(await db.selectFrom('verifications').selectAll().execute()).toEqual([]);
});
