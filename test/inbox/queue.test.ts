import { expect, test } from 'vitest';

import { createWriteQueue } from '../../src/db/write-queue.ts';
import { maxAttempts } from '../../src/inbox/backoff.ts';
import { listDeliveries, replayDelivery } from '../../src/inbox/delivery-views.ts';
import { createInbox } from '../../src/inbox/inbox.ts';
import type { IssueEvent } from '../../src/issue/event.ts';
import { eventOf, delivery, rejection, openInbox, claim, complete, idsOf } from './open-inbox.ts';

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

test('issues in work are left out, others are handed out beside them', async () => {
  const { inbox } = await openInbox();
  await inbox.add(delivery('a', 1));
  await inbox.add(delivery('b', 2));
  const first = await claim(inbox);
  const second = await inbox.claim([first.issue]);
  expect(idsOf(second)).toEqual(['b']);
  expect(await inbox.claim([first.issue, { repositoryId: 3, number: 2 }])).toBeUndefined();
  expect(idsOf(await inbox.claim([{ repositoryId: 4, number: 1 }]))).toEqual(['a']);
});

test('what another replica handled before this one held the issue is no group', async () => {
  const { db, inbox, clock } = await openInbox();
  await inbox.add(delivery('a', 1));
  await inbox.add(delivery('b', 2));
  const first = await claim(inbox);
  const released: number[] = [];
  const late = createInbox({
    ...{ db, writes: createWriteQueue(db), now: clock.now, random: () => 0 },
    parse: () => eventOf(1, 1),
    replica: {
      id: 'late',
      hold: async ([issue]) => {
        if (issue?.number === 1) await complete(db, inbox, first);
        return issue;
      },
      release: ({ number }) => void released.push(number),
      heldElsewhere: () => Promise.resolve([]),
    },
  });
  expect(idsOf(await late.claim([]))).toEqual(['b']);
  expect(released).toEqual([1]);
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

test('a refresh dated just before the newest snapshot does not take its text away', async () => {
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

test('a stored row that cannot be read is dead with its error, and all others go on', async () => {
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
    const dead = await inbox.retryLater(await claim(inbox), new Error(`failure ${attempt}`));
    expect(dead).toEqual([]);
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
  expect(await inbox.retryLater(await claim(inbox), new Error('the last one'))).toEqual(['a']);
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
    expect(await inbox.retryLater(group, new Error('down'))).toEqual([]);
    clock.advance(100);
  }
  expect(await inbox.counts()).toMatchObject({ pending: 0, scheduled: 9, dead: 0 });
  expect(await find('d1')).toMatchObject({ attempts: 1, dueAt: '2026-11-23T12:00:05.000Z' });
  expect(await find('d9')).toMatchObject({ attempts: 1, dueAt: '2026-11-23T12:00:05.800Z' });
});

test('the newest snapshot and a deletion are dead only when the whole group is', async () => {
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
    expect(await inbox.retryLater(await claim(inbox), new Error('down'))).toEqual([]);
    const group = { status: 'scheduled', attempts: maxAttempts };
    expect([await find('deletion'), await find('newest')]).toMatchObject([group, group]);
    expect(await find('late')).toMatchObject({ attempts: attempt });
    clock.advance(3_600_000);
  }
  const dead = await inbox.retryLater(await claim(inbox), new Error('down'));
  expect(dead.toSorted()).toEqual(['deletion', 'late', 'newest']);
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

test('a dead delivery does not hold up the later ones of its issue', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.add(delivery('old', 1, 1));
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    await inbox.retryLater(await claim(inbox), new Error('down'));
    clock.advance(3_600_000);
  }
  await inbox.add(delivery('new', 1, 2));
  expect(await inbox.retryLater(await claim(inbox), new Error('down again'))).toEqual(['old']);
  expect(await find('old')).toMatchObject({ status: 'dead', error: 'Error: down again' });
  expect(await find('new')).toMatchObject({ status: 'scheduled', attempts: 1 });
  clock.advance(5_000);
  const group = await claim(inbox);
  expect(idsOf(group)).toEqual(['new']);
  await complete(db, inbox, group);
  expect(await find('new')).toMatchObject({ status: 'done', error: null });
});

test('a rejected delivery that can be parsed now is handed out when replayed', async () => {
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

test('a rejected delivery that still cannot be parsed is rejected again and keeps its bytes', async () => {
  const { db, inbox, clock, find } = await openInbox();
  await inbox.addRejected(rejection('a'));
  for (let round = 1; round <= 2; round += 1) {
    expect(await replayDelivery(db, 'a', clock.now())).toMatchObject({ status: 'pending' });
    expect(await inbox.claim([])).toBeUndefined();
    const error = 'RangeError: still not understood';
    expect(await find('a')).toMatchObject({ status: 'rejected', error });
  }
});
