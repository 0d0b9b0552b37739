import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import { listDeliveries } from '../../src/inbox/delivery-views.ts';
import type { IssueEvent } from '../../src/issue/event.ts';
import { storeIssue } from '../../src/plans/issue-rows.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { unreadableText } from '../../src/reading/read-text.ts';
import { issueUpdate } from '../support/issue-update.ts';
import { eventOf, delivery, openInbox, claim } from './open-inbox.ts';

/** An inbox with a scheduled refresh of each of these issues, in this order, due in 30 s. */
async function withRefreshes(...numbers: readonly number[]) {
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
  async function refreshes() {
    const options = { limit: 9, now: clock.now(), status: 'scheduled' } as const;
    const { items } = await listDeliveries(db, options);
    return items
      .map(({ ref, dueAt }) => [ref?.split('#')[1], (Date.parse(dueAt) - clock.now()) / 1000])
      .reverse();
  }
  return { ...opened, bringForward, refreshes };
}

function differing(number: number, second = 1): IssueEvent {
  return { ...eventOf(number, second), kind: 'refreshed' };
}

const nothingInWork = new Map<string, number>();

test('one scheduled refresh is brought forward, the one scheduled first', async () => {
  const { bringForward, refreshes } = await withRefreshes(3, 1, 2);
  await bringForward(15);
  expect(await refreshes()).toEqual([
    ['3', 15],
    ['1', 30],
    ['2', 30],
  ]);
});

test('no refresh is brought forward when one is due by then, or none is scheduled', async () => {
  const { bringForward, refreshes } = await withRefreshes(1, 2);
  for (const seconds of [15, 20, 30, 40]) await bringForward(seconds);
  expect(await refreshes()).toEqual([
    ['1', 15],
    ['2', 30],
  ]);
  const none = await withRefreshes();
  await none.bringForward(15);
  expect(await none.refreshes()).toEqual([]);
});

test('the refresh of a text that could not be read asks nobody, so it is not brought forward', async () => {
  const { db, bringForward, refreshes } = await withRefreshes(1, 2);
  const { facts, plan, ...update } = issueUpdate({ number: 1, blockers: [], open: true, at: 1 });
  const reading = readOffline(facts, [], { text: unreadableText('time') });
  await db
    .transaction()
    .execute((transaction) =>
      storeIssue(
        transaction,
        { ...update, facts: { ...facts, repositoryId: 3 }, plan: plan && { ...plan, reading } },
        1,
      ),
    );
  await bringForward(15);
  expect(await refreshes()).toEqual([
    ['1', 30],
    ['2', 15],
  ]);
});

test('a refresh brought forward is never due at once', async () => {
  const { bringForward, refreshes } = await withRefreshes(1);
  await bringForward(-60);
  expect(await refreshes()).toEqual([['1', 5]]);
});

test('all scheduled refreshes are made due at once', async () => {
  const { inbox, refreshes } = await withRefreshes(1, 2);
  await inbox.makeRefreshesDue();
  expect(await refreshes()).toEqual([]);
  expect((await inbox.counts()).pending).toBe(2);
});

test('a refresh requested again and again waits once for each issue, and is due', async () => {
  const { db, inbox, refreshes } = await withRefreshes(1);
  const events = [1, 2].map((number): IssueEvent => ({ ...eventOf(number, 1), kind: 'refreshed' }));
  for (let start = 0; start < 3; start += 1) await inbox.requestRefreshes(db, events);
  expect(await refreshes()).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 2, scheduled: 0 });
  await inbox.requestRefreshes(db, []);
});

test('refreshes that two replicas request at once are handled as one group', async () => {
  const { db, inbox } = await openInbox();
  const event: IssueEvent = { ...eventOf(1, 1), kind: 'refreshed' };
  // Not in the queue: on PostgreSQL no statement of the one waits for one of the other.
  await Promise.all([1, 2, 3].map(() => inbox.requestRefreshes(db, [event])));
  const { pending } = await inbox.counts();
  expect(pending).toBeGreaterThanOrEqual(1);
  expect(pending).toBeLessThanOrEqual(3);
  expect((await claim(inbox)).deliveries).toHaveLength(pending);
});

test('an issue that differs on Gitea is added once, and not while one of its deliveries waits', async () => {
  const { db, inbox } = await openInbox();
  await inbox.add(delivery('told', 1));
  const put = (...events: readonly IssueEvent[]) =>
    db
      .transaction()
      .execute((transaction) => inbox.addDifferences(transaction, events, nothingInWork));
  expect((await put(differing(1), differing(2))).map(({ number }) => number)).toEqual([2]);
  expect(await put(differing(1), differing(2))).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 2 });
});

test('an issue in work is added: its handler may have asked Gitea before', async () => {
  const { db, inbox } = await openInbox();
  await inbox.add(delivery('told', 1));
  const group = await claim(inbox);
  const inWork = new Map([['3#1', Math.max(...group.deliveries.map(({ seq }) => seq))]]);
  const put = () =>
    db
      .transaction()
      .execute((transaction) => inbox.addDifferences(transaction, [differing(1)], inWork));
  expect(await put()).toHaveLength(1);
  expect(await put()).toEqual([]);
});

test('a scheduled delivery is made due, unless its handling failed', async () => {
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
      inbox.addDifferences(transaction, [differing(1), differing(2)], nothingInWork),
    );
  expect(await put).toEqual([]);
  expect(await inbox.counts()).toMatchObject({ pending: 1, scheduled: 1 });
});
