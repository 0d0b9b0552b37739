import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { createInbox } from '../../src/inbox/inbox.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { notUnderstood, openInbox } from './open-inbox.ts';
import { createArrivals } from '../../src/inbox/arrivals.ts';

test('the rate is that of the last window that is complete', () => {
  let now = 0;
  const rate = createArrivals(() => now);
  for (now = 0; now < 100; now += 1) rate.count();
  expect(rate.perSecond()).toBe(1_000);
  for (let count = 0; count < 50; count += 1) rate.count();
  now = 199;
  expect(rate.perSecond()).toBe(1_000);
  now = 200;
  expect(rate.perSecond()).toBe(500);
});

test('what stopped is forgotten', () => {
  let now = 0;
  const rate = createArrivals(() => now);
  for (let count = 0; count < 50; count += 1) rate.count();
  now = 100;
  expect(rate.perSecond()).toBe(500);
  now = 199;
  expect(rate.perSecond()).toBe(500);
  now = 200;
  expect(rate.perSecond()).toBe(0);
});

test('handling yields during a storm of deliveries, and no longer', async () => {
  const { db, clock } = await openInbox();
  const insert = () => Promise.resolve(new Set<string>());
  let perSecond = 99;
  const arrivals = { count: () => undefined, perSecond: () => perSecond };
  const writes = createWriteQueue(db);
  const options = { db, writes, insert, now: clock.now, random: () => 0, parse: notUnderstood };
  const inbox = createInbox({ ...options, arrivals });
  const stopping = new AbortController();
  const firstOf = (yielding: Promise<void>) =>
    Promise.race([yielding.then(() => 'went on'), nextTurn().then(() => 'waits')]);
  expect(await firstOf(inbox.yieldToArrivals(stopping.signal))).toBe('went on');
  perSecond = 5_000;
  const yielding = inbox.yieldToArrivals(stopping.signal);
  expect(await firstOf(yielding)).toBe('waits');
  stopping.abort();
  await yielding;
});
