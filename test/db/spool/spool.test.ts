import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, onTestFinished, test } from 'vitest';

import { backUp } from '../../../src/db/sqlite/backup.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { emptyRow, type NewDelivery } from '../../../src/db/delivery-rows.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { quickCheck } from '../../../src/db/sqlite/quick-check.ts';
import { createSpool } from '../../../src/db/spool/spool.ts';
import { prepareSpool, spoolPath } from '../../../src/db/spool/file.ts';
import { spooledColumns } from '../../../src/db/spool/columns.ts';
import { createSqliteThread } from '../../../src/db/sqlite/thread.ts';
import { createStoreGuard } from '../../../src/db/sqlite/store-guard.ts';
import { createTakeIn, takeInBeside } from '../../../src/db/spool/take-in.ts';
import { createWriteQueue } from '../../../src/db/write-queue.ts';
import { temporaryDirectory } from '../../support/service.ts';

/** A database and its spool, as the service opens them. */
async function openBoth(limits?: { readonly rows: number; readonly bytes: number }) {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const spoolFile = spoolPath(path);
  const db = createDatabase(path);
  await migrate(db);
  prepareSpool(spoolFile);
  const guard = createStoreGuard({ path: spoolFile, quickCheck, now: Date.now });
  const spool = createSpool({ spool: spoolFile, database: path, guard, limits });
  const thread = createSqliteThread(path, { spool: spoolFile });
  onTestFinished(async () => {
    await thread.close();
    await spool.close();
    await db.destroy();
  });
  await spool.open();
  const taken: number[] = [];
  /** Each has a position of its own, as after a start. */
  const newTakeIn = () =>
    createTakeIn({
      run: thread.all,
      writes: createWriteQueue(db),
      onTaken: (upTo) => taken.push(upTo),
      onRejected: () => Promise.resolve(),
    });
  const insert = async (...rows: readonly NewDelivery[]) => {
    const positions = await spool.insert(
      rows.map((row) => spooledColumns.map((column) => row[column])),
    );
    return positions.map((position) => rows[position]?.id);
  };
  const stored = async () =>
    db.selectFrom('deliveries').select(['id', 'status']).orderBy('seq').execute();
  const waiting = () => {
    const other = new DatabaseSync(spoolFile);
    const ids = other.prepare('select id from arrivals order by seq').all();
    other.close();
    return ids.map(({ id }) => id);
  };
  return { path, spoolFile, db, spool, thread, insert, stored, waiting, taken, newTakeIn };
}

function row(id: string, more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    ...emptyRow,
    id,
    event_name: 'issues',
    kind: 'edited',
    body_hash: `hash-${id}`,
    ...more,
  };
}

test('what is taken in is in the database once, in the order of arrival', async () => {
  const { insert, stored, taken, newTakeIn } = await openBoth();
  await insert(row('a'), row('b'));
  await insert(row('c'));
  const takeIn = newTakeIn();
  expect(await takeIn()).toBe(3);
  expect(await takeIn()).toBe(0);
  expect(taken).toEqual([3]);
  expect((await stored()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('rows that are taken in again, after a kill before they were deleted, stay as they are', async () => {
  const { db, insert, stored, newTakeIn } = await openBoth();
  await insert(row('a'), row('b'));
  await newTakeIn()();
  await db.updateTable('deliveries').set({ status: 'done' }).where('id', '=', 'a').execute();
  await insert(row('c'));
  expect(await newTakeIn()()).toBe(1);
  expect(await stored()).toEqual([
    { id: 'a', status: 'done' },
    { id: 'b', status: 'waiting' },
    { id: 'c', status: 'waiting' },
  ]);
});

// Without AUTOINCREMENT the number of an emptied spool begins anew: of 6,624 acknowledged, 2,443 were lost.
test('a deletion that comes late, or twice, takes nothing along that came after it', async () => {
  const { insert, spool, stored, taken, waiting, newTakeIn } = await openBoth();
  const takeIn = newTakeIn();
  await insert(row('a'), row('b'));
  await takeIn();
  const [upTo = 0] = taken;
  await spool.forget(upTo);
  expect(waiting()).toEqual([]);
  await insert(row('c'));
  await spool.forget(upTo);
  expect(waiting()).toEqual(['c']);
  expect(await takeIn()).toBe(1);
  expect((await stored()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('numbers go on after the spool was closed with nothing in it but a row that was deleted', async () => {
  const { insert, spool, taken, newTakeIn } = await openBoth();
  await insert(row('a'));
  await newTakeIn()();
  await spool.forget(1);
  await insert(row('b'));
  await newTakeIn()();
  expect(taken).toEqual([1, 2]);
});

test('ids and bytes that are known, here or in the database, are not taken again', async () => {
  const { insert, spool, newTakeIn } = await openBoth();
  expect(await insert(row('a'), row('b'), row('a', { body_hash: 'other' }))).toEqual(['a', 'b']);
  expect(await insert(row('c', { body_hash: 'hash-a' }))).toEqual([]);
  await newTakeIn()();
  await spool.forget(2);
  expect(await insert(row('d', { body_hash: 'hash-a' }), row('b', { body_hash: 'new' }))).toEqual(
    [],
  );
  expect(await insert(row('e'))).toEqual(['e']);
});

test.each(['dead', 'rejected'] as const)(
  'bytes that led to nothing (%s) are taken when they come understood, and take its place',
  async (status) => {
    const { db, insert, spool, stored, newTakeIn } = await openBoth();
    await insert(row('old', { body_hash: 'same' }));
    await newTakeIn()();
    await spool.forget(1);
    await db.updateTable('deliveries').set({ status }).execute();
    expect(await insert(row('again', { body_hash: 'same', status: 'rejected' }))).toEqual([]);
    expect(await insert(row('new', { body_hash: 'same' }))).toEqual(['new']);
    await newTakeIn()();
    expect(await stored()).toEqual([{ id: 'new', status: 'waiting' }]);
  },
);

test('a rejected delivery that still waits here gives way to the same bytes, understood', async () => {
  const { insert, stored, spool, newTakeIn } = await openBoth();
  await insert(row('bad', { body_hash: 'same', status: 'rejected', raw: 'e30=', raw_size: 2 }));
  expect(await spool.holds('same')).toBe(false);
  expect(await insert(row('good', { body_hash: 'same' }))).toEqual(['good']);
  expect(await spool.holds('same')).toBe(true);
  await newTakeIn()();
  expect(await stored()).toEqual([{ id: 'good', status: 'waiting' }]);
});

test('a database that cannot be read keeps nothing out', async () => {
  const { path, insert, waiting } = await openBoth();
  const other = new DatabaseSync(path);
  other.exec('drop table deliveries');
  other.close();
  expect(await insert(row('a'))).toEqual(['a']);
  expect(await insert(row('b', { body_hash: 'hash-a' }))).toEqual([]);
  expect(waiting()).toEqual(['a']);
});

test('while another program writes to the database, the spool waits for nothing', async () => {
  const { path, insert } = await openBoth();
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec('begin exclusive');
  expect(await insert(row('a'))).toEqual(['a']);
});

test('beyond its bound it refuses, and says that it is full; with room it takes again', async () => {
  const { insert, spool, newTakeIn } = await openBoth({ rows: 2, bytes: Infinity });
  await insert(row('a'), row('b'));
  const full = { code: 'store_unavailable', fault: { kind: 'full' } };
  await expect(insert(row('c'))).rejects.toMatchObject(full);
  await expect(spool.probe()).rejects.toMatchObject(full);
  await newTakeIn()();
  await spool.forget(2);
  expect(await insert(row('c'))).toEqual(['c']);
});

test('bytes count as they come, also while nothing is taken in', async () => {
  const { insert } = await openBoth({ rows: Infinity, bytes: 200_000 });
  await insert(row('long', { body: 'x'.repeat(300_000) }));
  await expect(insert(row('next'))).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('what comes while taking in is for the next run: under load it ends all the same', async () => {
  const { db, insert, thread } = await openBoth();
  await insert(row('first'));
  let runs = 0;
  const takeIn = createTakeIn({
    run: async (sql, parameters) => {
      const rows = await thread.all(sql, parameters);
      runs += 1;
      if (runs < 20) await insert(row(`later-${runs}`));
      return rows;
    },
    ...{ writes: createWriteQueue(db), onTaken: () => undefined },
    onRejected: () => Promise.resolve(),
  });
  expect(await takeIn()).toBe(1);
  expect(runs).toBe(2);
});

test('a long backlog is taken in piece by piece, and each piece may be deleted at once', async () => {
  const { insert, taken, newTakeIn } = await openBoth();
  await insert(...Array.from({ length: 1_100 }, (_, index) => row(`${index}`)));
  expect(await newTakeIn()()).toBe(1_100);
  expect(taken).toEqual([500, 1_000, 1_100]);
});

test('an empty spool goes when it is closed, one that holds something stays', async () => {
  const empty = await openBoth();
  await empty.thread.close();
  await empty.spool.close();
  expect(existsSync(empty.spoolFile)).toBe(false);
  const full = await openBoth();
  await full.insert(row('a'));
  await full.thread.close();
  await full.spool.close();
  expect(full.waiting()).toEqual(['a']);
});

test('a backup holds what waits in the spool, and deletes nothing', async () => {
  const { path, insert, waiting, newTakeIn } = await openBoth();
  await insert(row('a'));
  await newTakeIn()();
  await insert(row('b'));
  const file = join(temporaryDirectory(), 'backup.db');
  backUp(path, file);
  const copy = new DatabaseSync(file);
  const ids = copy.prepare('select id from deliveries order by seq').all();
  copy.close();
  expect(ids.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(waiting()).toEqual(['a', 'b']);
});

test('a command takes in beside the service, which meets its own rows again', async () => {
  const { path, insert, stored, newTakeIn } = await openBoth();
  const takeIn = newTakeIn();
  await insert(row('a'));
  takeInBeside(path);
  expect((await stored()).map(({ id }) => id)).toEqual(['a']);
  await insert(row('b'));
  expect(await takeIn()).toBe(1);
  expect((await stored()).map(({ id }) => id)).toEqual(['a', 'b']);
});

test('a damaged spool is not opened: what it holds would be lost', async () => {
  const { spoolFile, spool, thread, insert } = await openBoth();
  await insert(
    ...Array.from({ length: 50 }, (_, index) => row(`${index}`, { body: 'y'.repeat(9_000) })),
  );
  await thread.close();
  await spool.close();
  const bytes = readFileSync(spoolFile);
  bytes.fill(0xab, 4 * 4_096, 40 * 4_096);
  writeFileSync(spoolFile, bytes);
  expect(() => prepareSpool(spoolFile)).toThrow(/coordinator\.db\.spool is damaged/);
});

test('what waits is known again after the spool was opened anew, and no more once it was deleted', async () => {
  const { path, spoolFile, insert, spool } = await openBoth();
  await insert(row('a'), row('b', { status: 'rejected', body_hash: 'same' }));
  const guard = createStoreGuard({ path: spoolFile, quickCheck, now: Date.now });
  const again = createSpool({ spool: spoolFile, database: path, guard });
  onTestFinished(() => again.close());
  const columns = (one: NewDelivery) => spooledColumns.map((column) => one[column]);
  const repeated = [
    row('a', { body_hash: 'other' }),
    row('c', { body_hash: 'hash-a' }),
    row('d', { status: 'rejected', body_hash: 'same' }),
    row('e', { body_hash: 'same' }),
  ];
  expect(await again.insert(repeated.map(columns))).toEqual([3]);
  expect([await again.holds('hash-a'), await spool.holds('nothing')]).toEqual([true, false]);
  await again.forget(1);
  expect(await again.holds('hash-a')).toBe(false);
  expect(await again.insert([columns(row('a'))])).toEqual([0]);
});
