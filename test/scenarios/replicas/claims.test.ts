import { randomUUID } from 'node:crypto';

import { expect } from 'vitest';
import { z } from 'zod';

import { postgresDatabase, testOfPostgres as test } from '../../support/database.ts';
import { startService } from '../../support/service.ts';
import { call, claim, issueEvent, workerNames } from '../../support/workers.ts';

const issueCount = 12;
const pageSchema = z.object({ items: z.array(z.unknown()) });

/** Two replicas on one database, with ready issues in it. */
async function startTwo() {
  const env = { DATABASE_URL: await postgresDatabase(true) };
  const one = await startService({ env, workers: true });
  const two = await startService({ env, workers: true });
  for (let number = 1; number <= issueCount; number += 1)
    await (number % 2 === 0 ? one : two).send(issueEvent(number, Date.now()));
  const ready = async () => pageSchema.parse((await two.api('/issues?state=ready&limit=50')).json);
  await expect.poll(async () => (await ready()).items.length, { timeout: 60_000 }).toBe(issueCount);
  return [one, two] as const;
}

test('workers at two replicas never get the same issue', { timeout: 90_000 }, async () => {
  const services = await startTwo();
  const answers = await Promise.all(
    workerNames
      .slice(0, 8)
      .map((worker, at) => claim(services[at % 2] ?? services[0], worker, { body: {} })),
  );
  const issues = answers.flatMap(({ claim: held }) => held?.issue ?? []);
  expect(issues.length).toBeGreaterThan(0);
  expect(new Set(issues).size).toBe(issues.length);
});

test(
  'a call that is repeated at the other replica has one effect',
  { timeout: 90_000 },
  async () => {
    const [one, two] = await startTwo();
    const more = { body: {}, headers: { 'idempotency-key': randomUUID() } };
    const [first, second] = await Promise.all([
      claim(one, 'worker-1', more),
      claim(two, 'worker-1', more),
    ]);
    expect(first.claim?.claimId).toBeDefined();
    expect(second.claim).toEqual(first.claim);
    if (first.claim === null) return;
    // The token of one replica is good at the other.
    const beat = await call(two, 'worker-1', { held: first.claim, what: 'heartbeat', body: {} });
    expect(beat.status).toBe(200);
  },
);

test(
  'a call that waits at one replica hears of work that the other made',
  { timeout: 90_000 },
  async () => {
    const [one, two] = await startTwo();
    const held = await Promise.all(
      Array.from({ length: issueCount }, () => claim(one, 'worker-1', { body: {} })),
    );
    const taken = held.flatMap((answer) => answer.claim ?? []);
    const [last] = taken;
    if (last === undefined) throw new RangeError('nothing was handed out');
    const began = performance.now();
    const waiting = claim(two, 'worker-2', {
      body: { repositories: ['acme/orbit'] },
      query: '?wait=30',
    });
    const body = { reason: 'Not mine.', handoff: 'Nothing is done.' };
    await call(one, 'worker-1', { held: last, what: 'release', body });
    expect((await waiting).claim).not.toBeNull();
    expect(performance.now() - began).toBeLessThan(25_000);
  },
);
