import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { createDatabase, openExisting } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { adaptNodeSqlite } from '../../src/db/sqlite/connection.ts';
import { createSqliteThread } from '../../src/db/sqlite/thread.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

function openDatabase(path = join(temporaryDirectory(), 'coordinator.db')) {
  const db = createDatabase(path);
  onTestFinished(() => db.destroy());
  return { path, db };
}

test('both connections are in WAL mode with synchronous=FULL', async () => {
  const { db, path } = openDatabase();
  const synchronous = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
  expect(synchronous.rows).toEqual([{ synchronous: 2 }]);
  const journal = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db);
  expect(journal.rows).toEqual([{ journal_mode: 'wal' }]);
  const thread = createSqliteThread(path);
  onTestFinished(() => thread.close());
  expect(await thread.all('pragma synchronous', [])).toEqual([{ synchronous: 2 }]);
});

test('the health route of the running service tells how durably its connection writes', async () => {
  const service = await startService();
  const reply = await service.health();
  expect(await reply.json()).toMatchObject({
    checks: { store: { status: 'ok', synchronous: 'full' } },
  });
});

test('a command beside the service opens a database that is up to date', async () => {
  const { db, path } = openDatabase();
  await migrate(db);
  const second = await openExisting(path);
  onTestFinished(() => second.destroy());
  expect(await second.selectFrom('issues').selectAll().execute()).toEqual([]);
});

test('a command is told plainly when there is no usable database', async () => {
  const directory = temporaryDirectory();
  const missing = join(directory, 'missing.db');
  await expect(openExisting(missing)).rejects.toMatchObject({ code: 'no_database' });
  await expect(openExisting(missing)).rejects.toThrow(missing);
  const other = join(directory, 'text.db');
  writeFileSync(other, 'This is not a database, only a text that is long enough. '.repeat(20));
  await expect(openExisting(other)).rejects.toMatchObject({ code: 'no_database' });
  await expect(openExisting(other)).rejects.toThrow('is not a coordinator database');
  await expect(openExisting(directory)).rejects.toThrow(
    /could not be read\. The file of the database cannot be opened\./,
  );
  const empty = join(directory, 'empty.db');
  new DatabaseSync(empty).close();
  await expect(openExisting(empty)).rejects.toMatchObject({ code: 'not_migrated' });
});

test('only text, numbers and null are stored', () => {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  const insert = adaptNodeSqlite(database).prepare('select ? as value');
  for (const value of ['text', 7, 1.5, null]) expect(insert.all([value])).toEqual([{ value }]);
  for (const value of [undefined, true, {}, new Date(0), 1n]) {
    expect(() => insert.all([value])).toThrow(TypeError);
  }
});

test('statements are prepared once, and the cache is bounded', () => {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  const adapted = adaptNodeSqlite(database);
  const first = adapted.prepare('select 1');
  expect(adapted.prepare('select 1')).toBe(first);
  for (let index = 0; index < 500; index += 1) adapted.prepare(`select ${index} + 1`);
  expect(adapted.prepare('select 1')).not.toBe(first);
  expect([...adapted.prepare('select 1 as one').iterate([])]).toEqual([{ one: 1 }]);
  const long = `select 1 /* ${'x'.repeat(10_000)} */`;
  expect(adapted.prepare(long)).not.toBe(adapted.prepare(long));
});

test.each([
  ['a NUL character', 'a\u0000b', 'a\u0000b'],
  ['an emoji', 'a 😀 b', 'a 😀 b'],
  ['a lone surrogate, which becomes U+FFFD', 'a\ud800b', 'a\ufffdb'],
  ['nothing', '', ''],
])('text with %s is stored in full', async (_name, text, expected) => {
  const { db } = openDatabase();
  await migrate(db);
  await db
    .insertInto('repositories')
    .values({ id: 1, full_name: text, lower_name: text, named_at: 0 })
    .execute();
  const row = await db.selectFrom('repositories').select('full_name').executeTakeFirst();
  expect(row?.full_name).toBe(expected);
});
