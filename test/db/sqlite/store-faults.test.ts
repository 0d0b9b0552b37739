import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { Kysely, SqliteDialect } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';

import { createDatabase } from '../../../src/db/database.ts';
import { createStoreCheck } from '../../../src/db/health.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { adaptNodeSqlite } from '../../../src/db/sqlite/connection.ts';
import {
  quickCheck,
  quickCheckInThread,
  quickCheckOn,
} from '../../../src/db/sqlite/quick-check.ts';
import type { Schema } from '../../../src/db/schema.ts';
import { createSqliteThread } from '../../../src/db/sqlite/thread.ts';
import { asStoreError, faultOf } from '../../../src/db/sqlite/store-fault.ts';
import { createStoreGuard } from '../../../src/db/sqlite/store-guard.ts';
import { createWriteQueue } from '../../../src/db/write-queue.ts';
import { containing } from '../../support/matching.ts';
import { temporaryDirectory } from '../../support/service.ts';

/** A store as the service opens it. */
async function openStore() {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const guard = createStoreGuard({ path, quickCheck, now: Date.now });
  const db = createDatabase(path, guard.observe('main'));
  const thread = createSqliteThread(path, { guard });
  onTestFinished(async () => {
    await thread.close();
    await db.destroy();
  });
  await migrate(db);
  await thread.open();
  guard.remember();
  const writes = createWriteQueue(db, guard);
  const addAgent = (name: string) =>
    writes.transaction((transaction) =>
      transaction.insertInto('known_agents').values({ name }).execute(),
    );
  const addDirectly = (name: string) =>
    thread.all('insert into known_agents (name) values (?) returning name', [name]);
  return { path, guard, db, thread, writes, addAgent, addDirectly };
}

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('as SQLite says it'), { errcode });
}

test.each([
  [13, 'full'],
  [8, 'read_only'],
  [1032, 'read_only'],
  [3, 'read_only'],
  [11, 'damaged'],
  [267, 'damaged'],
  [26, 'damaged'],
  [10, 'disk'],
  [778, 'disk'],
  [14, 'cannot_open'],
  [5, 'busy'],
  [517, 'busy'],
])('SQLite error %i is the fault "%s" of the store, with a cause and a cure', (errcode, kind) => {
  const fault = faultOf(asStoreError(sqliteError(errcode)));
  expect(fault?.kind).toBe(kind);
  expect(fault?.cause).toMatch(/^[A-Z].*\.$/);
  expect(fault?.cure).toMatch(/^[A-Z].*\.$/);
});

test.each([1, 19, 20, 21])('SQLite error %i is no fault of the store', (errcode) => {
  const error = sqliteError(errcode);
  expect(asStoreError(error)).toBe(error);
});

/** A database that may have only so many pages: SQLite says SQLITE_FULL, as on a full disk. */
function openFull() {
  const database = new DatabaseSync(join(temporaryDirectory(), 'full.db'));
  database.exec('create table known_agents (name text); pragma max_page_count = 3');
  const db = new Kysely<Pick<Schema, 'known_agents'>>({
    dialect: new SqliteDialect({ database: adaptNodeSqlite(database) }),
  });
  onTestFinished(() => db.destroy());
  return { database, db };
}

const long = 'x'.repeat(50_000);

test('a transaction on a full disk fails with that, not with its rollback, and the next one works', async () => {
  const { db } = openFull();
  const add = (name: string) =>
    db.transaction().execute((trx) => trx.insertInto('known_agents').values({ name }).execute());
  const failed = await add(long).catch((error: unknown) => error);
  expect(faultOf(failed)?.kind).toBe('full');
  await add('short');
  expect(await db.selectFrom('known_agents').selectAll().execute()).toEqual([{ name: 'short' }]);
});

test('a transaction that went on after the disk was full commits nothing', async () => {
  const { db } = openFull();
  const careless = db.transaction().execute(async (trx) => {
    await trx
      .insertInto('known_agents')
      .values({ name: long })
      .execute()
      .catch(() => undefined);
  });
  await expect(careless).rejects.toMatchObject({ fault: { kind: 'full' } });
});

test.each(['', '-wal', '-shm'])(
  'nothing is acknowledged on either connection once coordinator.db%s is deleted',
  async (suffix) => {
    const { path, guard, addAgent, addDirectly } = await openStore();
    await addAgent('before');
    rmSync(`${path}${suffix}`);
    await expect(addAgent('a')).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(addDirectly('b')).rejects.toMatchObject({ fault: { kind: 'displaced' } });
    expect(guard.fault()?.cause).toContain(`coordinator.db${suffix}) was deleted or moved`);
    expect(guard.refusals().refusedWrites).toBeGreaterThanOrEqual(2);
  },
);

test('a database that was replaced is refused, and put back it is taken again', async () => {
  const { path, guard, addAgent, addDirectly } = await openStore();
  renameSync(path, `${path}.kept`);
  copyFileSync(`${path}.kept`, path);
  await expect(addAgent('a')).rejects.toMatchObject({ fault: { kind: 'displaced' } });
  expect(guard.fault()?.cause).toContain('was replaced');
  renameSync(`${path}.kept`, path);
  await addAgent('b');
  await addDirectly('c');
  expect(guard.fault()).toBeUndefined();
});

test('a database that was cut is damaged for good', async () => {
  const { path, guard, thread, addAgent, addDirectly } = await openStore();
  await thread.all('pragma wal_checkpoint(truncate)', []);
  await addAgent('a');
  truncateSync(path, 8_192);
  await expect(addAgent('b')).rejects.toMatchObject({ fault: { kind: 'damaged' } });
  await expect(addDirectly('c')).rejects.toMatchObject({ fault: { kind: 'damaged' } });
  expect(guard.fault()?.cure).toContain('restore a backup');
});

test('a database that VACUUM made smaller is sound', async () => {
  const { path, guard, db, thread, addAgent } = await openStore();
  for (let n = 0; n < 20; n += 1) await addAgent(`${n}${'x'.repeat(100_000)}`);
  await thread.all('pragma wal_checkpoint(truncate)', []);
  await addAgent('look at the size');
  await db.deleteFrom('known_agents').execute();
  const person = new DatabaseSync(path);
  person.exec('vacuum; pragma wal_checkpoint(truncate)');
  person.close();
  await addAgent('after');
  expect(guard.fault()).toBeUndefined();
});

test('the check writes through both connections, at most once a second however many ask', async () => {
  const { db, guard, thread, writes } = await openStore();
  const check = createStoreCheck({ thread, writes, guard });
  const probes = vi.spyOn(writes, 'transaction');
  const before = guard.commits();
  const [first, ...others] = await Promise.all(Array.from({ length: 50 }, check));
  expect(first).toMatchObject({ status: 'ok', synchronous: 'full', refusedWrites: 0 });
  for (const other of others) expect(other).toEqual(first);
  expect(probes).toHaveBeenCalledTimes(1);
  // Its own writes are no sign that the service is in use.
  expect(guard.commits()).toBe(before);
  const rows = await db.selectFrom('store_checks').select('writer').orderBy('writer').execute();
  expect(rows).toEqual([{ writer: 'deliveries' }, { writer: 'main' }]);
});

test('the check says why writing fails, and what was refused', async () => {
  const { path, guard, thread, writes } = await openStore();
  const check = createStoreCheck({ thread, writes, guard });
  rmSync(path);
  expect(await check()).toMatchObject({
    status: 'down',
    cause: 'The database (coordinator.db) was deleted or moved under the running service.',
    cure: 'Put the file back, or stop the service, restore a backup and start it (docs/operations.md).',
  });
  expect(guard.refusals().refusedWrites).toBe(1);
});

test('a store whose thread does not answer is down', async () => {
  const { guard, writes } = await openStore();
  const never = new Promise<never>(() => undefined);
  const silent = { open: () => never, close: () => never, all: () => never };
  const check = createStoreCheck({ thread: silent, writes, guard, answerDeadlineMs: 20 });
  expect(await check()).toMatchObject({ status: 'down', cause: containing('within 0.02 seconds') });
});

test('one write that failed makes the store down until the next one of its connection succeeds', async () => {
  const { guard, addDirectly, addAgent } = await openStore();
  guard.observe('deliveries').failed(asStoreError(sqliteError(13)));
  await addAgent('main');
  expect(guard.fault()?.kind).toBe('full');
  await addDirectly('deliveries');
  expect(guard.fault()).toBeUndefined();
  expect(guard.refusals().refusedWrites).toBe(1);
});

test('a page that turns out to be damaged makes the store down for good', async () => {
  const { guard, addDirectly } = await openStore();
  guard.observe('main').failed(asStoreError(sqliteError(11)));
  await expect(addDirectly('a')).rejects.toMatchObject({ fault: { kind: 'damaged' } });
  expect(guard.fault()?.kind).toBe('damaged');
});

async function checkOnConnection(path: string) {
  const db = createDatabase(path);
  try {
    return await quickCheckOn(db);
  } finally {
    await db.destroy();
  }
}

test.each([
  ['', (path: string) => Promise.resolve(quickCheck(path)), 'not a database'],
  [' in a thread', quickCheckInThread, 'is damaged'],
  [' on a connection', checkOnConnection, 'is damaged'],
])('quick_check%s finds a damaged page, and what is no database', async (_, check, words) => {
  const path = join(temporaryDirectory(), 'some.db');
  const database = new DatabaseSync(path);
  database.exec('begin; create table t (a)');
  const insert = database.prepare('insert into t values (?)');
  for (let row = 0; row < 200; row += 1) insert.run('y'.repeat(900));
  database.exec('commit');
  database.close();
  expect(await check(path)).toBeUndefined();
  const bytes = readFileSync(path);
  bytes.fill(0xab, 4_096 * 20, 4_096 * 21);
  writeFileSync(path, bytes);
  expect(await check(path)).toMatch(/./);
  writeFileSync(path, 'This is not a database, only a text. '.repeat(200));
  expect(await check(path)).toContain(words);
});
