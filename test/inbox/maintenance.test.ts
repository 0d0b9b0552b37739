import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { maxAttempts } from '../../src/inbox/backoff.ts';
import { replayDelivery } from '../../src/inbox/delivery-views.ts';
import { delivery, rejection, openInbox, claim, complete } from './open-inbox.ts';
import { testOfSqlite } from '../support/database.ts';

test('counts are of pending, scheduled, dead and rejected deliveries, with the age of the oldest pending one', async () => {
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

test('pruning deletes what is done, dead or rejected and older than the retention, and nothing that waits', async () => {
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

testOfSqlite(
  'old deliveries are pruned in chunks, and the event loop turns between them',
  async () => {
    const { db, inbox, clock } = await openInbox();
    await Promise.all(
      Array.from({ length: 1_500 }, (_, index) => inbox.add(delivery(`d${index}`))),
    );
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
  },
);

test('the oldest rejected deliveries lose their bytes when too many are stored', async () => {
  const { db, inbox, reopen } = await openInbox();
  for (const id of ['oldest', 'older']) await inbox.addRejected(rejection(id));
  // Two of 40 MiB, without writing 80 MiB.
  await db
    .updateTable('deliveries')
    .set({ raw_size: 40 * 1024 * 1024 })
    .execute();
  // A fresh start counts at once; later only new bytes are counted.
  await reopen().addRejected(rejection('newest'));
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'raw_size', 'raw'])
    .orderBy('seq')
    .execute();
  expect(rows.map(({ id, raw }) => [id, raw !== null])).toEqual([
    ['oldest', false],
    ['older', true],
    ['newest', true],
  ]);
  expect(rows[0]?.raw_size).toBe(0);
  await expect(replayDelivery(db, 'oldest', 0)).rejects.toMatchObject({ code: 'bytes_not_kept' });
});

// M1c: it was counted anew with each delivery, at a cost that grew with all the others.
testOfSqlite(
  'the bytes of rejected deliveries are counted once a mebibyte, from an index alone',
  async () => {
    const { db, inbox } = await openInbox();
    await inbox.addRejected(rejection('oldest'));
    await db
      .updateTable('deliveries')
      .set({ raw_size: 64 * 1024 * 1024 })
      .execute();
    const isKept = async () => {
      const row = db.selectFrom('deliveries').select('raw').where('id', '=', 'oldest');
      return (await row.executeTakeFirstOrThrow()).raw !== null;
    };
    for (let index = 0; index < 100; index += 1) await inbox.addRejected(rejection(`r${index}`));
    expect(await isKept()).toBe(true);
    await inbox.addRejected(rejection('large', Buffer.alloc(1024 * 1024, 32)));
    expect(await isKept()).toBe(false);
    const plan = await sql<{ detail: string }>`explain query plan
    select seq, sum(raw_size + 1) over (order by seq desc) from deliveries
    where raw_size > 0`.execute(db);
    expect(plan.rows.map(({ detail }) => detail).join()).toContain(
      'COVERING INDEX deliveries_with_bytes',
    );
  },
);

test('many small rejected deliveries count for more than their bytes', async () => {
  const { db, inbox, reopen } = await openInbox();
  await inbox.addRejected(rejection('oldest'));
  await sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 65536)
    insert into deliveries (id, status, event_name, body_hash, received_at, due_at, attempts, raw, raw_size)
    select 'small-' || n, 'rejected', 'issues', 'hash-' || n, 0, 0, 0, 'e30=', 2 from numbers`.execute(
    db,
  );
  await reopen().addRejected(rejection('newest'));
  const { count } = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('raw', 'is not', null)
    .executeTakeFirstOrThrow();
  expect(count).toBeLessThan(65_536);
});
