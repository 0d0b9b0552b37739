import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { maxAttempts } from '../../src/inbox/backoff.ts';
import { listDeliveries, replayDelivery } from '../../src/inbox/delivery-views.ts';
import { delivery, rejection, openInbox, claim, complete, idsOf } from './open-inbox.ts';
import { testOfSqlite } from '../support/database.ts';

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

testOfSqlite('the few deliveries that failed are found by their own index', async () => {
  const { db } = await openInbox();
  const plan = await sql<{ detail: string }>`explain query plan select seq from deliveries
    where status in ('dead', 'rejected') and status = 'dead' order by seq desc limit 9`.execute(db);
  expect(plan.rows.map(({ detail }) => detail).join()).toContain('deliveries_failed');
});
