import { expect, test } from 'vitest';

import { createLongPolls } from '../../../src/claims/hand-out/long-poll.ts';

const signal = new AbortController().signal;

test('a bounded number may wait, and a place that is left can be taken', () => {
  const longPolls = createLongPolls();
  const places = Array.from({ length: 200 }, (_, index) => longPolls.enter(`w${index % 4}`));
  expect(places.every((leave) => leave !== undefined)).toBe(true);
  expect(longPolls.enter('w5')).toBeUndefined();
  places[0]?.();
  expect(longPolls.enter('w5')).toBeDefined();
});

test('one caller takes no more than a quarter of the places', () => {
  const longPolls = createLongPolls();
  const own = Array.from({ length: 60 }, () => longPolls.enter('greedy'));
  expect(own.filter((leave) => leave !== undefined)).toHaveLength(50);
  expect(longPolls.enter('other')).toBeDefined();
  own[0]?.();
  expect(longPolls.enter('greedy')).toBeDefined();
  expect(longPolls.enter('greedy')).toBeUndefined();
});

test('a change wakes everybody who waits, and is not slept through by who looks meanwhile', async () => {
  const longPolls = createLongPolls();
  const seen = longPolls.version();
  const waiting = [1, 2].map(() => longPolls.changeSince(seen, 60_000, signal));
  expect(longPolls.asleep()).toBe(2);
  longPolls.wake();
  longPolls.wake();
  await Promise.all(waiting);
  expect(longPolls.asleep()).toBe(0);
  await longPolls.changeSince(seen, 60_000, signal);
  longPolls.close();
});

test('nobody waits beyond the time, the signal or the end', async () => {
  const longPolls = createLongPolls();
  await longPolls.changeSince(longPolls.version(), 1, signal);
  await longPolls.changeSince(longPolls.version(), 60_000, AbortSignal.abort());
  const leaving = new AbortController();
  const left = longPolls.changeSince(longPolls.version(), 60_000, leaving.signal);
  leaving.abort();
  await left;
  const last = longPolls.changeSince(longPolls.version(), 60_000, signal);
  longPolls.wake();
  longPolls.close();
  await last;
  longPolls.wake();
  await longPolls.changeSince(longPolls.version(), 60_000, signal);
  expect(longPolls.isClosed()).toBe(true);
});
