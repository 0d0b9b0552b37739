import { expect, test } from 'vitest';

import { createMissedWebhooks } from '../../src/reconcile/missed-webhooks.ts';
import { createLogger } from '../../src/log.ts';

const second = 1_000;

interface Given {
  readonly told?: readonly number[];
  readonly first?: boolean;
}

/** Times are seconds of Gitea's clock; the process is up since 100. */
async function stage({ told = [], first = true }: Given = {}) {
  const lines: string[] = [];
  const missed = createMissedWebhooks({
    wasReported: ({ updatedAt }) => Promise.resolve(told.some((at) => at * second >= updatedAt)),
    upSince: () => 100 * second,
    log: createLogger('warning', { write: (line: string) => void lines.push(line) }),
  });
  const suspect = (number: number, at: number) =>
    missed.suspect(
      { repositoryId: 2, repository: 'acme/orbit', number, updatedAt: at * second, storedAt: 0 },
      (at + 1) * second,
    );
  const settle = (at: number) => missed.settle(at * second);
  if (first) await settle(110);
  return { missed, suspect, settle, lines };
}

test('a change that no webhook told of within a minute counts, once', async () => {
  const { missed, suspect, settle, lines } = await stage();
  suspect(5, 200);
  suspect(5, 200);
  expect(await settle(259)).toBe(0);
  expect(await settle(260)).toBe(1);
  expect(lines.join()).toContain('acme/orbit#5');
  missed.recorded(1);
  suspect(5, 200);
  expect(await settle(400)).toBe(0);
  suspect(5, 300);
  expect(await settle(400)).toBe(1);
});

test('what could not be recorded is told again', async () => {
  const { missed, suspect, settle } = await stage();
  suspect(5, 200);
  expect(await settle(300)).toBe(1);
  suspect(6, 250);
  expect(await settle(400)).toBe(2);
  missed.recorded(2);
  expect(await settle(500)).toBe(0);
});

test.each<[string, Given, number]>([
  ['told by a webhook of that second', { told: [200] }, 200],
  ['told by a later webhook', { told: [230] }, 200],
  ['made before the start', {}, 99],
  ['found in the first pass', { first: false }, 200],
])('a change does not count that was %s', async (_name, given, at) => {
  const { suspect, settle } = await stage(given);
  suspect(5, at);
  await settle(300);
  expect(await settle(400)).toBe(0);
});

test('a webhook of before tells nothing of the change', async () => {
  const { suspect, settle } = await stage({ told: [199] });
  suspect(5, 200);
  expect(await settle(300)).toBe(1);
});

test('without Gitea’s time nothing counts', async () => {
  const { missed, suspect, settle } = await stage();
  missed.suspect(
    { repositoryId: 2, repository: 'acme/orbit', number: 5, updatedAt: 200_000, storedAt: 0 },
    undefined,
  );
  suspect(6, 200);
  expect(await missed.settle(undefined)).toBe(0);
  expect(await settle(300)).toBe(1);
});

test('what is in doubt, and what has counted, is bounded', async () => {
  const { suspect, settle } = await stage();
  for (let number = 1; number <= 6_000; number += 1) suspect(number, 200);
  expect(await settle(300)).toBe(5_000);
  suspect(6_000, 200);
  expect(await settle(300)).toBe(5_001);
  // The oldest is no longer remembered.
  suspect(1, 200);
  expect(await settle(300)).toBe(5_002);
});
