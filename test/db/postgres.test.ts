import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { createDatabase, openExisting } from '../../src/db/database.ts';
import { isMigrated, migrate } from '../../src/db/migrations.ts';
import { isPostgresUrl, shownLocation } from '../../src/db/location.ts';
import { examineServer } from '../../src/db/postgres/examine.ts';
import { createPostgresInsert } from '../../src/inbox/postgres-insert.ts';
import { emptyRow } from '../../src/db/delivery-rows.ts';
import {
  openDatabase,
  openTestDatabase,
  postgresDatabase,
  testOfPostgres,
  testOfSqlite,
} from '../support/database.ts';

testOfPostgres('the migrations run on an empty database, once', async () => {
  const location = await postgresDatabase();
  const db = openDatabase(location);
  expect(await examineServer(location)).toMatchObject({ kind: 'new' });
  await expect(openExisting(location)).rejects.toMatchObject({ code: 'not_migrated' });
  await migrate(db);
  expect(await isMigrated(db)).toBe(true);
  await migrate(db);
  expect(await db.selectFrom('reconciliation').selectAll().execute()).toHaveLength(1);
  expect(await examineServer(location)).toMatchObject({ kind: 'current' });
});

/** Tables, columns with what may be null, and the names of the indexes. */
async function schemaOf(location: string) {
  const db = openDatabase(location);
  const tables = await db.introspection.getTables();
  const columns = tables.flatMap((table) =>
    table.columns.map(({ name, isNullable }) => `${table.name}.${name}${isNullable ? '?' : ''}`),
  );
  const { rows } = await (
    isPostgresUrl(location)
      ? sql<{ name: string }>`select indexname as name from pg_indexes where schemaname = 'public'`
      : sql<{ name: string }>`select name from sqlite_schema where type = 'index'`
  ).execute(db);
  // Indexes of keys have names of their own.
  const indexes = rows
    .map(({ name }) => name)
    .filter((name) => !/^sqlite_|_pkey$|_key$/.test(name));
  return { columns: columns.sort(), indexes: indexes.sort() };
}

testOfPostgres('both databases have the same tables, columns and indexes', async () => {
  const { location } = await openTestDatabase();
  const other = await schemaOf(await postgresDatabase(true));
  const { columns, indexes } = await schemaOf(location);
  // A key of SQLite that is an integer says of itself that it may be null.
  const strict = (names: string[]) => names.map((name) => name.replace(/\?$/, ''));
  expect(strict(other.columns)).toEqual(strict(columns));
  expect(other.indexes).toEqual(indexes);
  const isKey = /\.(id|seq|key|name|writer)\??$/;
  const others = (names: string[]) => names.filter((name) => !isKey.test(name));
  expect(others(other.columns)).toEqual(others(columns));
});

testOfPostgres(
  'numbers of 64 bits and counts come as numbers, texts in the order of their bytes',
  async () => {
    const db = openDatabase(await postgresDatabase(true));
    const stored_at = Date.parse('2026-11-30');
    const keys = ['b', 'B', 'ä', 'a', 'Z'];
    for (const key of keys)
      await db.insertInto('model_answers').values({ key, answer: '', stored_at }).execute();
    const { rows } =
      await sql`select count(*) as count, sum(stored_at) as sum, max(stored_at) as max,
    ${stored_at} % 1000 as rest from model_answers`.execute(db);
    expect(rows).toEqual([{ count: 5, sum: 5 * stored_at, max: stored_at, rest: 0 }]);
    const sorted = await db.selectFrom('model_answers').select('key').orderBy('key').execute();
    expect(sorted.map(({ key }) => key)).toEqual(['B', 'Z', 'a', 'b', 'ä']);
  },
);

testOfPostgres('a list may be empty, and U+0000 in a text is replaced', async () => {
  const db = openDatabase(await postgresDatabase(true));
  await db.insertInto('known_agents').values({ name: 'a\0b' }).execute();
  const named = (list: string[]) =>
    db.selectFrom('known_agents').selectAll().where('name', 'in', list);
  expect(await named([]).execute()).toEqual([]);
  const all = db.selectFrom('known_agents').selectAll().where('name', 'not in', []);
  expect(await all.execute()).toEqual([{ name: 'a\uFFFDb' }]);
});

testOfPostgres(
  'deliveries: same bytes once, a taken id not at all, a rejected one is replaced',
  async () => {
    const db = openDatabase(await postgresDatabase(true));
    const insert = createPostgresInsert(db);
    const row = (id: string, body_hash: string, status: 'waiting' | 'rejected' = 'waiting') => ({
      ...{ ...emptyRow, id, body_hash, status, event_name: 'issues' },
    });
    expect(
      await insert([row('a', '1'), row('b', '1'), row('a', '2'), row('c', '3', 'rejected')]),
    ).toEqual(new Set(['a', 'c']));
    // `a` has other bytes now; `d` has those that were rejected; `e` is new.
    expect(await insert([row('a', '4'), row('d', '3'), row('e', '5')])).toEqual(
      new Set(['d', 'e']),
    );
    const rows = await db
      .selectFrom('deliveries')
      .select(['id', 'body_hash', 'status'])
      .orderBy('seq')
      .execute();
    expect(rows).toEqual([
      { id: 'a', body_hash: '1', status: 'waiting' },
      { id: 'd', body_hash: '3', status: 'waiting' },
      { id: 'e', body_hash: '5', status: 'waiting' },
    ]);
  },
);

testOfPostgres(
  'deliveries that another replica gets in another order are stored, and none is refused',
  async () => {
    const location = await postgresDatabase(true);
    const [db, other] = [openDatabase(location), openDatabase(location)];
    const insert = createPostgresInsert(db);
    const row = (id: string, body_hash: string) => ({
      ...{ ...emptyRow, id, body_hash, event_name: 'issues' },
    });
    const waits = async () =>
      (
        await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'
        and datname = current_database()`.execute(db)
      ).rows.length;
    const inserting = await other.transaction().execute(async (transaction) => {
      // The deadlock is found by the other side, which is rolled back.
      await sql`set local deadlock_timeout = '20s'`.execute(transaction);
      await transaction.insertInto('deliveries').values(row('x', '2')).execute();
      const under = insert([row('a', '1'), row('b', '2'), row('c', '3')]).catch(String);
      await expect.poll(waits).toBe(1);
      await transaction.insertInto('deliveries').values(row('y', '1')).execute();
      return { under };
    });
    expect(await inserting.under).toEqual(new Set(['c']));
    const rows = await db.selectFrom('deliveries').select('id').orderBy('id').execute();
    expect(rows.map(({ id }) => id)).toEqual(['c', 'x', 'y']);
  },
);

test('a server that is not there is the fault of the store, and its address is shown without the password', async () => {
  const location = 'postgres://ann:secret@127.0.0.1:1/coordinator?sslmode=disable';
  expect(shownLocation(location)).toBe('postgres://127.0.0.1:1/coordinator');
  const db = createDatabase(location);
  await expect(db.selectFrom('issues').selectAll().execute()).rejects.toMatchObject({
    code: 'store_unavailable',
    fault: { kind: 'unreachable' },
  });
  await db.destroy();
  expect(await examineServer(location)).toMatchObject({ kind: 'unusable' });
  const refusal = await openExisting(location).catch((error: unknown) => String(error));
  expect(refusal).toContain(
    'The database at postgres://127.0.0.1:1/coordinator could not be read.',
  );
  expect(refusal).not.toContain('secret');
});

testOfSqlite('a migration runs on SQLite as it is written', async () => {
  const { db } = await openTestDatabase();
  const { rows } = await sql<{
    sql: string;
  }>`select sql from sqlite_schema where name = 'proposals'`.execute(db);
  expect(rows[0]?.sql).toContain('without rowid');
});
