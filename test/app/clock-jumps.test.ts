import { expect, test } from 'vitest';

import { createClockJumps } from '../../src/app/clock-jumps.ts';
import type { Database } from '../../src/db/database.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { createSteadyClock } from '../../src/lib/steady-clock.ts';
import { createLogger } from '../../src/log.ts';
import { manualClock } from '../support/clock.ts';
import { openTestDatabase } from '../support/database.ts';

const leaseMs = 60_000;
const hourMs = 3_600_000;

/** One of several services on a database whose clock all of them read. */
async function startOne(db: Database, wall: ReturnType<typeof manualClock>) {
  const clock = createSteadyClock(wall.now, wall.monotonic);
  const jumps = createClockJumps({
    ...{ writes: createWriteQueue(db), clock, processTime: () => 0, leaseMs },
    ...{ wakeConsumer: () => undefined, log: createLogger('error', { write: () => undefined }) },
  });
  await jumps.begin();
  return { clock, ...jumps };
}

/** A database with one claim, the wall clock, and the end of the claim's lease as it was and as it stands. */
async function openWithClaim() {
  const { db } = await openTestDatabase();
  const wall = manualClock();
  const expiresAt = wall.now() + leaseMs;
  await db
    .insertInto('claims')
    .values({
      ...{ id: 'one', repository_id: 2, number: 1, worker: 'worker-1', agent: 'haiku' },
      ...{ claimed_at: wall.now(), heartbeat_at: wall.now(), expires_at: expiresAt },
    })
    .execute();
  const lease = async () =>
    (await db.selectFrom('claims').select('expires_at').executeTakeFirstOrThrow()).expires_at;
  return { db, wall, expiresAt, lease };
}

test('stored times are moved once, by the first service that sees the clock jump', async () => {
  const { db, wall, expiresAt, lease } = await openWithClaim();
  const services = [
    await startOne(db, wall),
    await startOne(db, wall),
    await startOne(db, wall),
  ] as const;
  const [first, second, asleep] = services;
  const settleBoth = async () => {
    await second.settle();
    await first.settle();
  };

  await settleBoth();
  wall.advance(1_000);
  wall.jump(hourMs);
  await settleBoth();
  expect(await lease()).toBe(expiresAt + hourMs);
  // The same jump again, and one that goes back.
  wall.advance(60_000);
  await settleBoth();
  wall.jump(hourMs);
  await settleBoth();
  expect(await lease()).toBe(expiresAt + 2 * hourMs);
  wall.advance(5_000);
  await settleBoth();
  wall.jump(-2 * hourMs);
  await settleBoth();
  expect(await lease()).toBe(expiresAt);
  for (const { clock } of [first, second]) expect(clock.now()).toBe(wall.now());
  // It stood still all the time, and finds that nothing is left to be moved.
  await asleep.settle();
  expect(await lease()).toBe(expiresAt);
});

test.each([-30_000, 45_000, -2 * hourMs, hourMs])(
  'two equal jumps at once are two, also for one service and right after a start: %i',
  async (ms) => {
    const { db, wall, expiresAt, lease } = await openWithClaim();
    const first = await startOne(db, wall);
    for (const times of [1, 2]) {
      wall.jump(ms);
      await first.settle();
      expect(await lease()).toBe(expiresAt + times * ms);
    }
    const again = await startOne(db, wall);
    wall.jump(ms);
    await again.settle();
    expect(await lease()).toBe(expiresAt + 3 * ms);
  },
);
