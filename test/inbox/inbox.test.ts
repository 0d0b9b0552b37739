import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { StoreUnavailable, TryAgainLater } from '../../src/errors.ts';
import { maxAttempts } from '../../src/inbox/backoff.ts';
import { findDelivery, listDeliveries, replayDelivery } from '../../src/inbox/delivery-views.ts';
import type { Delivery } from '../../src/inbox/rows.ts';
import { createInbox, type DeliveryGroup, type Inbox } from '../../src/inbox/inbox.ts';
import { createInsert, type InsertDeliveries } from '../../src/inbox/insert-deliveries.ts';
import type { IssueEvent } from '../../src/issue/event.ts';
import { createDatabase, type Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { createSqliteThread } from '../../src/db/sqlite-thread.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { manualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/service.ts';

const baseTime = Date.parse('2026-11-23T10:00:00Z');

function eventOf(number: number, second: number, body = `text ${second}`): IssueEvent {
  return {
    kind: 'edited',
    issue: {
      repositoryId: 3,
      repository: 'acme/orbit',
      number,
      title: `Issue ${number}`,
      body,
      bodyCut: false,
      open: true,
      assignees: ['bot'],
      labels: [],
      updatedAt: baseTime + second * 1000,
    },
  };
}

function delivery(id: string, number = 1, second = 1, body?: string): Delivery {
  return { id, eventName: 'issues', bodyHash: `hash-${id}`, event: eventOf(number, second, body) };
}

function rejection(id: string, raw = Buffer.from('{"later":true}')) {
  return { id, eventName: 'issues', bodyHash: `hash-${id}`, raw, error: 'not understood' };
}

function notUnderstood(): IssueEvent {
  throw new RangeError('still not understood');
}

async function openInbox(parse: (name: string, raw: Buffer) => IssueEvent = notUnderstood) {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const db = createDatabase(path);
  const thread = createSqliteThread(path);
  onTestFinished(async () => {
    await thread.close();
    await db.destroy();
  });
  await migrate(db);
  const insert = createInsert(db, thread.all);
  /** Each insert is one commit. */
  const counter = { inserts: 0 };
  const counted: InsertDeliveries = (rows) => {
    counter.inserts += 1;
    return insert(rows);
  };
  const clock = manualClock();
  const inbox = createInbox({
    db,
    writes: createWriteQueue(db),
    insert: counted,
    now: clock.now,
    random: () => 0,
    parse,
  });
  const find = (id: string) => findDelivery(db, id, clock.now());
  return { path, db, clock, counter, inbox, find };
}

async function claim(inbox: Inbox): Promise<DeliveryGroup> {
  const group = await inbox.claim([]);
  if (group === undefined) throw new Error('nothing was due');
  return group;
}

function complete(db: Database, inbox: Inbox, group: DeliveryGroup) {
  return db.transaction().execute((transaction) => inbox.complete(transaction, group));
}

function idsOf(group: DeliveryGroup | undefined): string[] | undefined {
  return group?.deliveries.map(({ id }) => id);
}

/** Another process that writes: the database's write lock is held until `release`. */
function holdWriteLock(path: string): () => void {
  const other = new DatabaseSync(path);
  other.exec('begin immediate');
  const release = () => {
    if (other.isOpen) other.close();
  };
  onTestFinished(release);
  return release;
}

test('a delivery is accepted once, and the same id again is a duplicate', async () => {
  const { inbox, find } = await openInbox();
  expect(await inbox.add(delivery('a'))).toBe('accepted');
  expect(await inbox.add(delivery('a', 9))).toBe('duplicate');
  expect(await find('a')).toMatchObject({ ref: 'acme/orbit#1', status: 'pending', attempts: 0 });
});

test('the same id twice in one commit is accepted once', async () => {
  const { inbox, counter } = await openInbox();
  const results = await Promise.all(['a', 'b', 'a', 'a'].map((id) => inbox.add(delivery(id))));
  expect(results).toEqual(['accepted', 'accepted', 'duplicate', 'duplicate']);
  expect(counter.inserts).toBe(1);
  expect(await inbox.counts()).toMatchObject({ pending: 2 });
});

test('deliveries that arrive together commit together, 128 at a time', async () => {
  const { inbox, counter } = await openInbox();
  const together = Array.from({ length: 100 }, (_, index) => inbox.add(delivery(`a${index}`)));
  expect(new Set(await Promise.all(together))).toEqual(new Set(['accepted']));
  expect(counter.inserts).toBe(1);
  const more = Array.from({ length: 300 }, (_, index) => inbox.add(delivery(`b${index}`)));
  await Promise.all(more);
  expect(counter.inserts).toBe(4);
});

test('when a delivery is accepted, another connection already sees it committed', async () => {
  const { inbox, path } = await openInbox();
  await inbox.add(delivery('a'));
  const other = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => other.close());
  expect(other.prepare('select id, status from deliveries').all()).toEqual([
    { id: 'a', status: 'waiting' },
  ]);
});

test('a claim hands out all that waits for one issue, in order of arrival', async () => {
  const { db, inbox } = await openInbox();
  for (const id of ['a', 'b', 'c']) await inbox.add(delivery(id, 1));
  await inbox.add(delivery('other', 2));
  const group = await claim(inbox);
  expect(group.issue).toEqual({ repositoryId: 3, number: 1 });
  expect(idsOf(group)).toEqual(['a', 'b', 'c']);
  await complete(db, inbox, group);
  expect(idsOf(await inbox.claim([]))).toEqual(['other']);
});

test('issues that are being handled are left out, others are handed out beside them', async () => {
  const { inbox } = await openInbox();
  await inbox.add(delivery('a', 1));
  await inbox.add(delivery('b', 2));
  const first = await claim(inbox);
  const second = await inbox.claim([first.issue]);
  expect(idsOf(second)).toEqual(['b']);
  expect(await inbox.claim([first.issue, { repositoryId: 3, number: 2 }])).toBeUndefined();
  expect(idsOf(await inbox.claim([{ repositoryId: 4, number: 1 }]))).toEqual(['a']);
});

test('snapshots that a newer one supersedes come without the text, whatever the order', async () => {
  const { inbox } = await openInbox();
  await inbox.add(delivery('middle', 1, 2));
  await inbox.add(delivery('newest', 1, 3));
  await inbox.add(delivery('oldest', 1, 1));
  const { events } = await claim(inbox);
  expect(events.map(({ issue }) => issue.body)).toEqual(['', 'text 3', '']);
});

test('of snapshots of the same second only the last to arrive comes with its text', async () => {
  const { inbox } = await openInbox();
  await inbox.add(delivery('a', 1, 1, 'first'));
  await inbox.add(delivery('b', 1, 1, 'second'));
  const { events } = await claim(inbox);
  expect(events.map(({ issue }) => issue.body)).toEqual(['', 'second']);
});

test('a look dated just before the newest snapshot does not take its text away', async () => {
  const { db, inbox, clock } = await openInbox();
  await inbox.add(delivery('a', 1, 1, 'the text'));
  const group = await claim(inbox);
  const event: IssueEvent = { ...eventOf(1, 1), kind: 'refreshed' };
  await db.transaction().execute((transaction) => inbox.scheduleRefresh(transaction, event, group));
  clock.advance(3_600_000);
  const { events } = await claim(inbox);
  expect(events.map(({ kind, issue }) => [kind, issue.body])).toEqual([
    ['edited', 'the text'],
    ['refreshed', ''],
  ]);
});

/** An inbox with a planned look at each of these issues, in this order, due in 30 s. */
async function withLooks(...numbers: readonly number[]) {
  const opened = await openInbox();
  const { db, inbox, clock } = opened;
  for (const number of numbers) {
    await inbox.add(delivery(`issue ${number}`, number));
    const group = await claim(inbox);
    await db.transaction().execute(async (transaction) => {
      await inbox.complete(transaction, group);
      const event: IssueEvent = { ...eventOf(number, 1), kind: 'refreshed' };
      await inbox.scheduleRefresh(transaction, event, group);
    });
  }
  const bringForward = (seconds: number) =>
    db
      .transaction()
      .execute((transaction) =>
        inbox.bringRefreshForward(transaction, clock.now() + seconds * 1000),
      );
  /** Issue number and seconds until it is due, in the order of their planning. */
  async function looks() {
    const options = { limit: 9, now: clock.now(), status: 'scheduled' } as const;
    const { items } = await listDeliveries(db, options);
    return items
      .map(({ ref, dueAt }) => [ref?.split('#')[1], (Date.parse(dueAt) - clock.now()) / 1000])
      .reverse();
  }
  return { ...opened, bringForward, looks };
}

test('one planned look is brought forward, the one planned first', async () => {
  const { bringForward, looks } = await withLooks(3, 1, 2);
  await bringForward(15);
  expect(await looks()).toEqual([
    ['3', 15],
    ['1', 30],
    ['2', 30],
  ]);
});

test('no look is brought forward when one is due by then, or none is planned', async () => {
  const { bringForward, looks } = await withLooks(1, 2);
  for (const seconds of [15, 20, 30, 40]) await bringForward(seconds);
  expect(await looks()).toEqual([
    ['1', 15],
    ['2', 30],
  ]);
  const none = await withLooks();
  await none.bringForward(15);
  expect(await none.looks()).toEqual([]);
});

test('a look brought forward is never due at once', async () => {
  const { bringForward, looks } = await withLooks(1);
  await bringForward(-60);
  expect(await looks()).toEqual([['1', 5]]);
});

test('all planned looks are made due at once', async () => {
  const { inbox, looks } = await withLooks(1, 2);
  await inbox.makeRefreshesDue();
  expect(await looks()).toEqual([]);
  expect((await inbox.counts()).pending).toBe(2);
});

test('of looks planned again and again only one waits for each issue, and it is due', async () => {
  const { db, inbox, looks } = await withLooks(1);
  const events = [1, 2].map((number): IssueEvent => ({ ...eventOf(number, 1), kind: 'refreshed' }));
  for (let start = 0; start < 3; start += 1) await inbox.requestRefreshes(db, events);
  expect(await looks()).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 2, scheduled: 0 });
  await inbox.requestRefreshes(db, []);
});

test('a stored row that cannot be read is given up with its error, and all others go on', async () => {
  const { db, inbox, clock, find } = await openInbox();
  const broken = { unknown: '{"kind":"from the future","issue":{}}', cut: '{"kind":' };
  for (const [id, event] of Object.entries(broken)) {
    await inbox.add(delivery(id, 1));
    await db.updateTable('deliveries').set({ event }).where('id', '=', id).execute();
  }
  await inbox.add(delivery('good', 1));
  await inbox.add(delivery('other', 2));
  const group = await claim(inbox);
  expect(idsOf(group)).toEqual(['good']);
  expect(idsOf(await inbox.claim([group.issue]))).toEqual(['other']);
  expect(await find('unknown')).toMatchObject({ status: 'dead', ref: null });
  expect((await find('unknown'))?.error).toContain('ZodError');
  expect((await find('cut'))?.error).toContain('SyntaxError');
  const { items } = await listDeliveries(db, { limit: 9, now: clock.now(), status: 'dead' });
  expect(items.map(({ deliveryId }) => deliveryId)).toEqual(['cut', 'unknown']);
});

test('a storm larger than one group keeps the text of the newest snapshot of each group', async () => {
  const { db, inbox } = await openInbox();
  for (let start = 0; start < 10_050; start += 1_005) {
    const part = Array.from({ length: 1_005 }, (_, index) => start + index + 1);
    await Promise.all(part.map((second) => inbox.add(delivery(`d${second}`, 1, second))));
  }
  const first = await claim(inbox);
  expect(first.deliveries).toHaveLength(10_000);
  expect(first.events.at(-1)?.issue.body).toBe('text 10000');
  expect(first.events.at(-2)?.issue.body).toBe('');
  await complete(db, inbox, first);
  const second = await claim(inbox);
  expect(second.deliveries).toHaveLength(50);
  expect(second.events.at(-1)?.issue.body).toBe('text 10050');
});

test('a completed group is done and not handed out again', async () => {
  const { db, inbox, find, clock } = await openInbox();
  await inbox.add(delivery('a'));
  clock.advance(1_500);
  await complete(db, inbox, await claim(inbox));
  expect(await inbox.claim([])).toBeUndefined();
  expect(await inbox.nextDueAt()).toBeUndefined();
  expect(await find('a')).toMatchObject({
    status: 'done',
    receivedAt: '2026-11-23T12:00:00.000Z',
    handledAt: '2026-11-23T12:00:01.500Z',
  });
});

test('a transaction that is rolled back leaves the group waiting', async () => {
  const { db, inbox } = await openInbox();
  await inbox.add(delivery('a'));
  const group = await claim(inbox);
  const handling = db.transaction().execute(async (transaction) => {
    await inbox.complete(transaction, group);
    throw new Error('crash');
  });
  await expect(handling).rejects.toThrow('crash');
  expect(idsOf(await inbox.claim([]))).toEqual(['a']);
});

test('a failed delivery waits 5 s, 20 s, 80 s and on up to an hour, and is dead after 8 tries', async () => {
  const { inbox, clock, find } = await openInbox();
  await inbox.add(delivery('a'));
  const waits: number[] = [];
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    const fate = await inbox.retryLater(await claim(inbox), new Error(`failure ${attempt}`));
    expect(fate).toBe('scheduled');
    const dueAt = (await inbox.nextDueAt()) ?? 0;
    waits.push(dueAt - clock.now());
    expect(await find('a')).toMatchObject({
      status: 'scheduled',
      attempts: attempt,
      error: `Error: failure ${attempt}`,
    });
    clock.advance(dueAt - clock.now() - 1);
    expect(await inbox.claim([])).toBeUndefined();
    clock.advance(1);
  }
  expect(waits).toEqual([5_000, 20_000, 80_000, 320_000, 1_280_000, 3_600_000, 3_600_000]);
  expect(await inbox.retryLater(await claim(inbox), new Error('the last one'))).toBe('dead');
  expect(await inbox.claim([])).toBeUndefined();
  expect(await find('a')).toMatchObject({
    status: 'dead',
    attempts: maxAttempts,
    error: 'Error: the last one',
  });
});

test('a newer delivery makes the waiting retry due now, and both are one group', async () => {
  const { inbox } = await openInbox();
  await inbox.add(delivery('a', 1, 1));
  await inbox.retryLater(await claim(inbox), new Error('down'));
  expect(await inbox.claim([])).toBeUndefined();
  await inbox.add(delivery('b', 1, 2));
  const group = await claim(inbox);
  expect(group.deliveries).toMatchObject([
    { id: 'a', attempts: 1 },
    { id: 'b', attempts: 0 },
  ]);
});

test('a retry that a newer delivery took along keeps its attempts and its time', async () => {
  const { inbox, clock, find } = await openInbox();
  for (let event = 1; event <= 9; event += 1) {
    await inbox.add(delivery(`d${event}`, 1, event));
    const group = await claim(inbox);
    expect(group.deliveries).toHaveLength(event);
    expect(await inbox.retryLater(group, new Error('down'))).toBe('scheduled');
    clock.advance(100);
  }
  expect(await inbox.counts()).toMatchObject({ pending: 0, scheduled: 9, dead: 0 });
  expect(await find('d1')).toMatchObject({ attempts: 1, dueAt: '2026-11-23T12:00:05.000Z' });
  expect(await find('d9')).toMatchObject({ attempts: 1, dueAt: '2026-11-23T12:00:05.800Z' });
});

test('the newest snapshot and a deletion are given up only when the whole group is', async () => {
  const { inbox, clock, find } = await openInbox();
  const deletion: IssueEvent = { ...eventOf(1, 1), kind: 'deleted' };
  await inbox.add({ ...delivery('deletion'), event: deletion });
  await inbox.add(delivery('newest', 1, 3));
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    await inbox.retryLater(await claim(inbox), new Error('down'));
    clock.advance(3_600_000);
  }
  await inbox.add(delivery('late', 1, 2));
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    expect(await inbox.retryLater(await claim(inbox), new Error('down'))).toBe('scheduled');
    const group = { status: 'scheduled', attempts: maxAttempts };
    expect([await find('deletion'), await find('newest')]).toMatchObject([group, group]);
    expect(await find('late')).toMatchObject({ attempts: attempt });
    clock.advance(3_600_000);
  }
  expect(await inbox.retryLater(await claim(inbox), new Error('down'))).toBe('dead');
  expect(await inbox.counts()).toMatchObject({ scheduled: 0, dead: 3 });
});

test('what is due is in the group even when more than a group waits for later', async () => {
  const { inbox } = await openInbox();
  for (let start = 0; start < 10_000; start += 1_000) {
    const part = Array.from({ length: 1_000 }, (_, index) => `d${start + index}`);
    await Promise.all(part.map((id) => inbox.add(delivery(id))));
  }
  await inbox.retryLater(await claim(inbox), new Error('down'));
  await inbox.add(delivery('late', 1, 2));
  const group = await claim(inbox);
  expect(group.deliveries).toHaveLength(10_000);
  expect(group.deliveries.filter(({ due }) => due)).toMatchObject([{ id: 'late' }]);
});

test('a delivery given up does not hold up the later ones of its issue', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.add(delivery('old', 1, 1));
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    await inbox.retryLater(await claim(inbox), new Error('down'));
    clock.advance(3_600_000);
  }
  await inbox.add(delivery('new', 1, 2));
  expect(await inbox.retryLater(await claim(inbox), new Error('down again'))).toBe('scheduled');
  expect(await find('old')).toMatchObject({ status: 'dead', error: 'Error: down again' });
  expect(await find('new')).toMatchObject({ status: 'scheduled', attempts: 1 });
  clock.advance(5_000);
  const group = await claim(inbox);
  expect(idsOf(group)).toEqual(['new']);
  await complete(db, inbox, group);
  expect(await find('new')).toMatchObject({ status: 'done', error: null });
});

test('counts tell what is due, scheduled, dead and rejected, and the age of the oldest due', async () => {
  const { inbox, clock } = await openInbox();
  expect(await inbox.counts()).toEqual({
    pending: 0,
    scheduled: 0,
    dead: 0,
    rejected: 0,
    oldestSeconds: 0,
  });
  await inbox.add(delivery('dead', 1));
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await inbox.retryLater(await claim(inbox), new Error('down'));
    clock.advance(3_600_000);
  }
  await inbox.add(delivery('scheduled', 2));
  await inbox.retryLater(await claim(inbox), new Error('down'));
  await inbox.addRejected(rejection('rejected'));
  await inbox.add(delivery('due', 3));
  clock.advance(4_500);
  expect(await inbox.counts()).toEqual({
    pending: 1,
    scheduled: 1,
    dead: 1,
    rejected: 1,
    oldestSeconds: 4,
  });
  clock.advance(500);
  expect(await inbox.counts()).toMatchObject({ pending: 2, scheduled: 0, oldestSeconds: 5 });
});

test('pruning deletes what is over and older than the retention, and nothing that waits', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.add(delivery('done', 1));
  await complete(db, inbox, await claim(inbox));
  await inbox.addRejected(rejection('rejected'));
  await inbox.add(delivery('waiting', 2));
  clock.advance(30 * 86_400_000);
  await inbox.add(delivery('recent', 3));
  await complete(db, inbox, {
    ...(await claim(inbox)),
    deliveries: [
      {
        seq: 4,
        id: '',
        attempts: 0,
        kind: 'edited',
        snapshot_at: 0,
        received_at: 0,
        due_at: 0,
        due: true,
      },
    ],
  });
  expect(await inbox.prune(30)).toBe(0);
  clock.advance(1);
  expect(await inbox.prune(30)).toBe(2);
  expect(await find('done')).toBeUndefined();
  expect(await find('rejected')).toBeUndefined();
  expect(await find('waiting')).toMatchObject({ status: 'pending' });
  expect(await find('recent')).toMatchObject({ status: 'done' });
});

test('old deliveries are pruned in chunks, and the event loop turns between them', async () => {
  const { db, inbox, clock } = await openInbox();
  await Promise.all(Array.from({ length: 1_500 }, (_, index) => inbox.add(delivery(`d${index}`))));
  await complete(db, inbox, await claim(inbox));
  clock.advance(86_400_001);
  let turns = 0;
  const count = () => {
    turns += 1;
    turning = setImmediate(count);
  };
  let turning = setImmediate(count);
  onTestFinished(() => clearImmediate(turning));
  expect(await inbox.prune(1)).toBe(1_500);
  expect(turns).toBeGreaterThanOrEqual(7);
  const plan = await sql<{ detail: string }>`explain query plan select seq from deliveries
    where status in ('done', 'dead', 'rejected') and received_at < 1 limit 200`.execute(db);
  expect(plan.rows[0]?.detail).toContain('deliveries_by_age (received_at<?)');
});

test('the oldest rejected deliveries lose their bytes when too many are kept', async () => {
  const { db, inbox } = await openInbox();
  for (const id of ['oldest', 'older']) await inbox.addRejected(rejection(id));
  // Two of 40 MiB, without writing 80 MiB.
  await db
    .updateTable('deliveries')
    .set({ raw_size: 40 * 1024 * 1024 })
    .execute();
  await inbox.addRejected(rejection('newest'));
  const rows = await db.selectFrom('deliveries').select(['id', 'raw_size', 'raw']).execute();
  expect(rows.map(({ id, raw }) => [id, raw !== null])).toEqual([
    ['oldest', false],
    ['older', true],
    ['newest', true],
  ]);
  expect(rows[0]?.raw_size).toBe(0);
  await expect(replayDelivery(db, 'oldest', 0)).rejects.toMatchObject({ code: 'bytes_not_kept' });
});

test('a dead and a done delivery are due again when replayed', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.add(delivery('done', 1));
  await complete(db, inbox, await claim(inbox));
  await inbox.add(delivery('dead', 2));
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await inbox.retryLater(await claim(inbox), new Error('down'));
    clock.advance(3_600_000);
  }
  for (const id of ['done', 'dead']) {
    expect(await replayDelivery(db, id, clock.now())).toMatchObject({
      status: 'pending',
      attempts: 0,
      error: null,
      handledAt: null,
    });
    const group = await claim(inbox);
    expect(idsOf(group)).toEqual([id]);
    await complete(db, inbox, group);
    expect(await find(id)).toMatchObject({ status: 'done' });
  }
  expect(await replayDelivery(db, 'unknown', clock.now())).toBeUndefined();
});

test('a rejected delivery that is understood by now is handed out when replayed', async () => {
  const { db, inbox, clock } = await openInbox((name, raw) => {
    expect(name).toBe('issues');
    return eventOf(7, 1, raw.toString());
  });
  await inbox.addRejected(rejection('a'));
  expect(await inbox.claim([])).toBeUndefined();
  await replayDelivery(db, 'a', clock.now());
  const group = await claim(inbox);
  expect(group).toMatchObject({ issue: { repositoryId: 3, number: 7 }, deliveries: [{ id: 'a' }] });
  expect(group.events[0]?.issue.body).toBe('{"later":true}');
});

test('a rejected delivery that is still not understood is rejected again and keeps its bytes', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.addRejected(rejection('a'));
  for (let round = 1; round <= 2; round += 1) {
    expect(await replayDelivery(db, 'a', clock.now())).toMatchObject({ status: 'pending' });
    expect(await inbox.claim([])).toBeUndefined();
    const error = 'RangeError: still not understood';
    expect(await find('a')).toMatchObject({ status: 'rejected', error });
  }
});

test('deliveries are listed newest first, page by page, and by status', async () => {
  const { db, inbox, clock } = await openInbox();
  for (const id of ['a', 'b', 'c']) await inbox.add(delivery(id));
  await inbox.addRejected(rejection('r'));
  const now = clock.now();
  const first = await listDeliveries(db, { limit: 2, now });
  expect(first.items.map(({ deliveryId }) => deliveryId)).toEqual(['r', 'c']);
  const cursor = first.nextCursor ?? '';
  const second = await listDeliveries(db, { limit: 2, now, cursor });
  expect(second.items.map(({ deliveryId }) => deliveryId)).toEqual(['b', 'a']);
  expect(second.nextCursor).toBeNull();
  const rejected = await listDeliveries(db, { limit: 9, now, status: 'rejected' });
  expect(rejected.items).toMatchObject([{ deliveryId: 'r', event: null, ref: null }]);
  await inbox.retryLater(await claim(inbox), new Error('down'));
  expect((await listDeliveries(db, { limit: 9, now, status: 'pending' })).items).toEqual([]);
  expect((await listDeliveries(db, { limit: 9, now, status: 'scheduled' })).items).toHaveLength(3);
  await expect(listDeliveries(db, { limit: 2, now, cursor: 'x' })).rejects.toMatchObject({
    code: 'invalid_cursor',
  });
});

test('when 2,000 deliveries wait to be stored the next is refused, and those that wait are stored', async () => {
  const { inbox } = await openInbox();
  const waiting = Array.from({ length: 2_000 }, (_, index) => inbox.add(delivery(`d${index}`)));
  await expect(inbox.add(delivery('late'))).rejects.toThrow(StoreUnavailable);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['accepted']));
  await inbox.settled();
  expect(await inbox.add(delivery('late'))).toBe('accepted');
  expect(await inbox.counts()).toMatchObject({ pending: 2_001 });
});

test('when 128 MiB wait to be stored the next delivery is refused', async () => {
  const { inbox } = await openInbox();
  const text = 'x'.repeat(1024 * 1024);
  const waiting = Array.from({ length: 128 }, (_, index) =>
    inbox.add(delivery(`d${index}`, 1, 1, text)),
  );
  await expect(inbox.add(delivery('late'))).rejects.toThrow(StoreUnavailable);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['accepted']));
});

test('a short write of another process is waited out', async () => {
  const { inbox, path } = await openInbox();
  const release = holdWriteLock(path);
  const startedAt = performance.now();
  const adding = inbox.add(delivery('a'));
  const outcomes: string[] = [];
  void adding.then((result) => outcomes.push(result));
  // The commit is tried in the first turn, and finds the database locked for its whole busy timeout.
  while (performance.now() - startedAt < 300) await new Promise((done) => setImmediate(done));
  expect(outcomes).toEqual([]);
  release();
  expect(await adding).toBe('accepted');
});

test('a write of another process that goes on is answered with "unavailable", and nothing is stuck', async () => {
  const { inbox, path, find } = await openInbox();
  const release = holdWriteLock(path);
  const adding = [inbox.add(delivery('a')), inbox.add(delivery('b'))];
  const results = await Promise.allSettled(adding);
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  }
  release();
  expect(await find('a')).toBeUndefined();
  expect(await inbox.add(delivery('a'))).toBe('accepted');
});

test('handling gives way while a storm of deliveries comes in, and no longer', async () => {
  const { db, clock } = await openInbox();
  const insert = () => Promise.resolve(new Set<string>());
  let perSecond = 99;
  const arrivals = { count: () => undefined, perSecond: () => perSecond };
  const writes = createWriteQueue(db);
  const options = { db, writes, insert, now: clock.now, random: () => 0, parse: notUnderstood };
  const inbox = createInbox({ ...options, arrivals });
  const stopping = new AbortController();
  const firstOf = (givingWay: Promise<void>) =>
    Promise.race([givingWay.then(() => 'went on'), nextTurn().then(() => 'waits')]);
  expect(await firstOf(inbox.yieldToArrivals(stopping.signal))).toBe('went on');
  perSecond = 5_000;
  const givingWay = inbox.yieldToArrivals(stopping.signal);
  expect(await firstOf(givingWay)).toBe('waits');
  stopping.abort();
  await givingWay;
});

test('the few deliveries that failed are found by their own index', async () => {
  const { db } = await openInbox();
  const plan = await sql<{ detail: string }>`explain query plan select seq from deliveries
    where status in ('dead', 'rejected') and status = 'dead' order by seq desc limit 9`.execute(db);
  expect(plan.rows.map(({ detail }) => detail).join()).toContain('deliveries_failed');
});

function found(number: number, second = 1): IssueEvent {
  return { ...eventOf(number, second), kind: 'refreshed' };
}

const nothingInWork = new Map<string, number>();

test('an issue that was found to be otherwise is put in once, and not while one of its deliveries waits', async () => {
  const { db, inbox } = await openInbox();
  await inbox.add(delivery('told', 1));
  const put = (...events: readonly IssueEvent[]) =>
    db
      .transaction()
      .execute((transaction) => inbox.addDifferences(transaction, events, nothingInWork));
  expect((await put(found(1), found(2))).map(({ number }) => number)).toEqual([2]);
  expect(await put(found(1), found(2))).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 2 });
});

test('an issue that is being handled is put in: whoever handles it may have asked Gitea before', async () => {
  const { db, inbox } = await openInbox();
  await inbox.add(delivery('told', 1));
  const group = await claim(inbox);
  const inWork = new Map([['3#1', Math.max(...group.deliveries.map(({ seq }) => seq))]]);
  const put = () =>
    db
      .transaction()
      .execute((transaction) => inbox.addDifferences(transaction, [found(1)], inWork));
  expect(await put()).toHaveLength(1);
  expect(await put()).toEqual([]);
});

test('what waits for later is made due, unless its handling failed', async () => {
  const { db, clock, inbox } = await openInbox();
  await inbox.add(delivery('outage', 1));
  await inbox.retryLater(await claim(inbox), new TryAgainLater('gitea_unreachable', 'away'));
  await inbox.add(delivery('failing', 2));
  await inbox.retryLater(await claim(inbox), new Error('no'));
  expect(await inbox.counts()).toMatchObject({ pending: 0, scheduled: 2 });
  clock.advance(1_000);
  const put = db
    .transaction()
    .execute((transaction) =>
      inbox.addDifferences(transaction, [found(1), found(2)], nothingInWork),
    );
  expect(await put).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 1, scheduled: 1 });
});
