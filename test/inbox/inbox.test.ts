import { expect, test } from 'vitest';

import { StoreUnavailable } from '../../src/errors.ts';
import { delivery, openInbox, holdWriteLock } from './open-inbox.ts';
import { openDatabase, testOfSqlite } from '../support/database.ts';

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
  const other = openDatabase(path);
  expect(await other.selectFrom('deliveries').select(['id', 'status']).execute()).toEqual([
    { id: 'a', status: 'waiting' },
  ]);
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

testOfSqlite('the service waits for a short write of another process', async () => {
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

testOfSqlite(
  'a long write of another process is answered with "unavailable", and nothing is stuck',
  async () => {
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
  },
);
