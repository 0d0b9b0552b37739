import { expect, test } from 'vitest';

import { createWaiters } from '../../src/claims/long-poll.ts';

const signal = new AbortController().signal;

test('a bounded number may wait, and a place that is left can be taken', () => {
  const waiters = createWaiters();
  const places = Array.from({ length: 200 }, () => waiters.enter());
  expect(places.every((leave) => leave !== undefined)).toBe(true);
  expect(waiters.enter()).toBeUndefined();
  places[0]?.();
  expect(waiters.enter()).toBeDefined();
});

test('a change wakes everybody who waits, and is not slept through by who looks meanwhile', async () => {
  const waiters = createWaiters();
  const seen = waiters.version();
  const waiting = [1, 2].map(() => waiters.changeSince(seen, 60_000, signal));
  expect(waiters.asleep()).toBe(2);
  waiters.wake();
  waiters.wake();
  await Promise.all(waiting);
  expect(waiters.asleep()).toBe(0);
  await waiters.changeSince(seen, 60_000, signal);
  waiters.close();
});

test('nobody waits beyond the time, the signal or the end', async () => {
  const waiters = createWaiters();
  await waiters.changeSince(waiters.version(), 1, signal);
  await waiters.changeSince(waiters.version(), 60_000, AbortSignal.abort());
  const leaving = new AbortController();
  const left = waiters.changeSince(waiters.version(), 60_000, leaving.signal);
  leaving.abort();
  await left;
  const last = waiters.changeSince(waiters.version(), 60_000, signal);
  waiters.wake();
  waiters.close();
  await last;
  waiters.wake();
  await waiters.changeSince(waiters.version(), 60_000, signal);
  expect(waiters.isClosed()).toBe(true);
});
