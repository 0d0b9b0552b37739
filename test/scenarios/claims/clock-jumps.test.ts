import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { createDatabase } from '../../../src/db/database.ts';
import { locationIn, testOfSqlite } from '../../support/database.ts';
import { including } from '../../support/matching.ts';
import { manualClock } from '../../support/clock.ts';
import { startServiceProcess } from '../../support/process.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';
import { codeOf, leaseSeconds, startWork } from '../../support/work.ts';
import { call, claim, issueEvent, workerTokens, type HeldClaim } from '../../support/workers.ts';

const leaseMs = leaseSeconds * 1_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const agents = { GITEA_BOT_USERNAME: 'coordinator-bot', LEASE_SECONDS: String(leaseSeconds) };

const claimsSchema = z.object({ items: z.array(z.object({ leaseExpiresAt: z.string() })) });

/** The claims that one worker holds, by the API. */
async function leases(service: Awaited<ReturnType<typeof startWork>>, worker: string) {
  const reply = await fetch(`${service.url}/api/v1/claims`, {
    headers: { authorization: `Bearer token-of-${worker}-0000` },
  });
  const { items } = claimsSchema.parse(await reply.json());
  return items.map(({ leaseExpiresAt }) => Date.parse(leaseExpiresAt));
}

// Case clock-that-jumps.
test('an hour forward takes no live lease, two hours back make none longer', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  for (let number = 1; number <= 6; number += 1) await tell(number);
  const mine: HeldClaim[] = [];
  for (let count = 0; count < 3; count += 1) mine.push(await held('worker-1'));
  for (const claimed of mine)
    expect(await call(service, 'worker-1', { held: claimed, what: 'heartbeat' })).toMatchObject({
      status: 200,
    });

  clock.advance(1_000);
  clock.jump(hourMs);
  clock.advance(2_000);
  for (const claimed of mine) {
    const beat = await call(service, 'worker-1', { held: claimed, what: 'heartbeat' });
    expect(beat).toMatchObject({
      status: 200,
      json: { leaseExpiresAt: new Date(clock.now() + leaseMs).toISOString() },
    });
  }
  const others = [await claim(service, 'worker-2'), await claim(service, 'worker-2')];
  const taken = new Set(mine.map(({ issue }) => issue));
  expect(others.some(({ claim: other }) => taken.has(other?.issue ?? ''))).toBe(false);
  expect(service.logs).toContainEqual(
    including({ level: 'warn', direction: 'forward', seconds: 3_600 }),
  );

  clock.jump(-2 * hourMs);
  const ends = await leases(service, 'worker-1');
  expect(ends).toHaveLength(3);
  for (const endsAt of ends) expect(endsAt).toBeLessThanOrEqual(clock.now() + leaseMs);
  clock.advance(leaseMs - 1);
  expect(
    (await call(service, 'worker-1', { held: mine[0] ?? never(), what: 'heartbeat' })).status,
  ).toBe(200);
  // A worker that is dead loses its lease in time, whatever the wall says.
  clock.advance(1_001);
  const late = await call(service, 'worker-1', { held: mine[1] ?? never(), what: 'heartbeat' });
  expect(codeOf(late)).toBe('409 stale_lease');
});

function never(): never {
  throw new Error('there is no such claim');
}

test('a jump during a stop leaves no lease that is longer than a lease', async () => {
  const clock = manualClock();
  const first = await startWork({ clock });
  await first.tell(1);
  await first.held('worker-1');
  await first.close();
  clock.jump(-dayMs);
  const second = await startWork({ clock, directory: first.directory });
  const [endsAt = 0] = await leases(second, 'worker-1');
  expect(endsAt).toBe(clock.now() + leaseMs);
  expect(second.logs).toContainEqual(including({ level: 'warn', leases: 1 }));
});

test('a start with the clock an hour ahead, or after an hour of downtime, takes no live lease', async () => {
  for (const how of ['jump', 'advance'] as const) {
    const clock = manualClock();
    const first = await startWork({ clock });
    await first.tell(1);
    const mine = await first.held('worker-1');
    await first.close();
    clock[how](hourMs);
    const second = await startWork({ clock, directory: first.directory });
    expect(second.logs).toContainEqual(including({ level: 'info', claims: 1 }));
    expect(await second.stateOf(1)).toBe('in_progress claimed');
    clock.advance(leaseMs - 1);
    const beat = await call(second, 'worker-1', { held: mine, what: 'heartbeat' });
    expect(beat).toMatchObject({
      status: 200,
      json: { leaseExpiresAt: new Date(clock.now() + leaseMs).toISOString() },
    });
    await second.close();
  }
});

test('a dead worker loses its lease within two leases, however often the service starts', async () => {
  const clock = manualClock();
  const first = await startWork({ clock });
  await first.tell(1);
  const mine = await first.held('worker-1');
  await first.close();
  let service = first;
  for (let starts = 1; starts <= 3; starts += 1) {
    clock.advance(leaseMs / 2);
    service = await startWork({ clock, directory: first.directory });
    if (starts < 3) expect(await service.stateOf(1)).toBe('in_progress claimed');
    if (starts < 3) await service.close();
  }
  expect(clock.monotonic()).toBeLessThan(2 * leaseMs);
  expect((await service.held('worker-2')).issue).toBe(mine.issue);
  const late = await call(service, 'worker-1', { held: mine, what: 'heartbeat' });
  expect(codeOf(late)).toBe('409 stale_lease');
});

test('a service that stood still gives live leases one more, once until their next heartbeat', async () => {
  let stoodStillMs = 0;
  const service = await startWork({ processTime: () => stoodStillMs });
  const { clock, tell, held } = service;
  await tell(1);
  const mine = await held('worker-1');
  const beat = async () =>
    (await call(service, 'worker-1', { held: mine, what: 'heartbeat' })).status;
  const standStill = (milliseconds: number) => {
    clock.advance(milliseconds);
    stoodStillMs += milliseconds;
  };
  standStill(leaseMs + 1_000);
  expect(await beat()).toBe(200);
  expect(service.logs).toContainEqual(including({ level: 'warn', claims: 1 }));
  standStill(leaseMs + 1_000);
  expect((await claim(service, 'worker-2')).claim).toBeNull();
  standStill(leaseMs + 1_000);
  expect((await claim(service, 'worker-2', { query: '?wait=10' })).claim?.issue).toBe(mine.issue);
  expect(await beat()).toBe(409);
});

// The child process opens a file of its own.
testOfSqlite(
  'heartbeats that came while the process was stopped count',
  { timeout: 60_000 },
  async () => {
    const directory = temporaryDirectory();
    const env = {
      API_TOKENS: workerTokens,
      LEASE_SECONDS: '3',
      GITEA_BOT_USERNAME: 'coordinator-bot',
    };
    const child = await startServiceProcess(directory, env);
    const event = issueEvent(1, Date.now() - hourMs);
    const reply = await fetch(`${child.url}/webhook/gitea`, {
      method: 'POST',
      headers: event.headers,
      body: new Uint8Array(event.body),
    });
    expect(reply.status).toBe(200);
    const { claim: mine } = await claim(child, 'worker-1', { query: '?wait=20' });
    if (mine === null) throw new Error('nothing to claim');
    child.send('SIGSTOP');
    const other = claim(child, 'worker-2', { query: '?wait=1' });
    const beat = call(child, 'worker-1', { held: mine, what: 'heartbeat' });
    const endsAt = Date.parse(mine.leaseExpiresAt);
    await expect.poll(() => Date.now() - endsAt, { timeout: 10_000 }).toBeGreaterThan(0);
    child.send('SIGCONT');
    expect((await beat).status).toBe(200);
    expect((await other).claim).toBeNull();
    expect(child.output.stdout).toContain('stood still');
  },
);

// H5.
test('deliveries accepted while the clock was ahead are handled when it is set back', async () => {
  const clock = manualClock();
  let isHeldUp = true;
  const service = await startWork({
    clock,
    aroundRead: (read) => async (facts, signal) => {
      if (isHeldUp) throw new Error('held up');
      return read(facts, signal);
    },
  });
  clock.jump(dayMs);
  await leases(service, 'worker-1');
  for (let number = 1; number <= 5; number += 1) await service.tell(number);
  isHeldUp = false;
  clock.jump(-dayMs);
  // The longest delay after a first failure, by monotonic time.
  clock.advance(5_000);
  await leases(service, 'worker-1');
  await service.idle();
  for (let number = 1; number <= 5; number += 1)
    expect(await service.stateOf(number)).toBe('ready ready');
  expect((await service.api('/deliveries?status=scheduled')).json).toMatchObject({ items: [] });
});

test('deliveries from the future are handled at the next start', async () => {
  const clock = manualClock();
  const directory = temporaryDirectory();
  const first = await startService({ clock, directory, env: agents });
  await first.close();
  const db = createDatabase(locationIn(directory));
  const at = clock.now() + dayMs;
  await db
    .insertInto('deliveries')
    .values(
      [1, 2].map((number) => ({
        ...storedDelivery(number, at),
        due_at: number === 1 ? at : clock.now() + 400 * dayMs,
      })),
    )
    .execute();
  await db.destroy();
  const second = await startService({ clock, directory, env: agents });
  await second.idle();
  expect((await second.plan('acme/orbit#1'))?.state).toBe('ready');
  expect(second.logs).toContainEqual(including({ level: 'warn', deliveries: 3 }));
  clock.advance(hourMs);
  await second.idle();
  expect((await second.plan('acme/orbit#2'))?.state).toBe('ready');
});

function storedDelivery(number: number, at: number) {
  const { issue, repository } = z
    .object({
      issue: z.object({ title: z.string() }),
      repository: z.object({ full_name: z.string() }),
    })
    .parse(JSON.parse(issueEvent(number, at).body.toString()));
  const event = {
    kind: 'assigned',
    issue: {
      repositoryId: 2,
      repository: repository.full_name,
      number,
      title: issue.title,
      bodyCut: false,
      open: true,
      assignees: ['coordinator-bot'],
      labels: [],
      updatedAt: at - dayMs,
    },
  };
  return {
    id: `future-${number}`,
    status: 'waiting' as const,
    event_name: 'issues',
    kind: 'assigned',
    repository_id: 2,
    issue_number: number,
    snapshot_at: at - dayMs,
    event: JSON.stringify(event),
    body: 'Total estimated: 20k',
    raw: null,
    raw_size: 0,
    body_hash: '',
    received_at: at,
    attempts: 0,
    handled_at: null,
    error: null,
  };
}

test('a start with the clock a month ahead forgets no delivery', async () => {
  const clock = manualClock();
  const first = await startService({ clock, env: agents });
  const event = issueEvent(1, clock.now());
  await first.send(event);
  await first.idle();
  await first.close();
  clock.jump(31 * dayMs);
  const second = await startService({ clock, directory: first.directory, env: agents });
  expect((await second.send(event)).json).toMatchObject({ status: 'duplicate' });
});

test('an issue that became ready in the future does not wait behind those of now', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  clock.jump(dayMs);
  await leases(service, 'worker-1');
  await tell(1);
  clock.jump(-dayMs);
  await leases(service, 'worker-1');
  clock.advance(1_000);
  await tell(2);
  expect((await held('worker-1')).issue).toBe('acme/orbit#1');
});

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim'), worker: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('beat'), worker: fc.nat(2) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('pass'),
        ms: fc.constantFrom(1_000, 20_000, leaseMs),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('jump'),
        ms: fc.constantFrom(-2 * hourMs, -30_000, 500, 45_000, hourMs, 31 * dayMs),
      }),
    },
  ),
  { minLength: 10, maxLength: 30 },
);

test('however the clock jumps, a lease lasts one lease of monotonic time and no issue has two', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (actions) => {
      const service = await startWork();
      const { clock, tell } = service;
      for (const number of [1, 2]) await tell(number);
      // What each live claim must end at, by monotonic time.
      const live = new Map<string, { held: HeldClaim; worker: string; until: number }>();
      try {
        for (const action of actions) {
          if ('ms' in action) {
            if (action.kind === 'pass') clock.advance(action.ms);
            else clock.jump(action.ms);
            continue;
          }
          const worker = `worker-${action.worker + 1}`;
          const until = clock.monotonic() + leaseMs;
          if (action.kind === 'claim') {
            const answer = await claim(service, worker);
            if (answer.claim === null) continue;
            const before = live.get(answer.claim.issue);
            // Handed out again only after the lease of the claim before.
            expect(before?.until ?? -Infinity).toBeLessThanOrEqual(clock.monotonic());
            live.set(answer.claim.issue, { held: answer.claim, worker, until });
          } else {
            for (const held of [...live.values()].filter((each) => each.worker === worker)) {
              const { status } = await call(service, worker, {
                held: held.held,
                what: 'heartbeat',
              });
              expect(status).toBe(held.until > clock.monotonic() ? 200 : 409);
              if (status === 200) held.until = until;
            }
          }
          for (const name of ['worker-1', 'worker-2', 'worker-3'])
            for (const endsAt of await leases(service, name))
              expect(endsAt).toBeLessThanOrEqual(clock.now() + leaseMs + 1_000);
        }
      } finally {
        await service.close();
      }
    }),
    { numRuns: 8 },
  );
}, 90_000);
