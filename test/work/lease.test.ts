import { setTimeout as delay } from 'node:timers/promises';

import { pino } from 'pino';
import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import type { HeartbeatAnswer } from '../../src/issue/claim-answers.ts';
import { LeaseLost } from '../../src/lib/service-calls.ts';
import { holdLease } from '../../src/work/lease.ts';
import { claim, now } from './job-stage.ts';

/** Heartbeats that get these answers in turn; `asked` resolves with the calls so far when that many were made. */
function start(answers: readonly (() => Promise<HeartbeatAnswer>)[], leaseExpiresAt: string) {
  let calls = 0;
  let active = 0;
  let most = 0;
  const lost: LeaseLost[] = [];
  const waiting: (() => void)[] = [];
  const lease = holdLease({
    client: {
      async heartbeat() {
        active += 1;
        most = Math.max(most, active);
        try {
          return await (answers[calls++] ?? answers.at(-1) ?? never)();
        } finally {
          active -= 1;
          for (const wake of waiting) wake();
        }
      },
    },
    ...{ claim, leaseExpiresAt, report: () => ({}), onContext: () => undefined },
    ...{ onLost: (error) => lost.push(error), now: () => now, log: pino({ level: 'silent' }) },
  });
  return {
    ...{ lost, calls: () => calls, most: () => most },
    async until(count: number): Promise<void> {
      while (calls < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    [Symbol.dispose]: lease[Symbol.dispose],
  };
}

const never = () => new Promise<never>(() => undefined);
const until = (time: string) => () => Promise.resolve({ leaseExpiresAt: time, context: null });
const past = '2026-11-29T10:00:00Z';

test('a lease noted by a runner that was killed does not make a heartbeat of every second', async () => {
  using lease = start([until('2026-11-30T10:30:00Z')], past);
  await lease.until(1);
  // Two seconds would be two more.
  await delay(2_100);
  expect(lease.calls()).toBe(1);
});

test('a heartbeat that is not answered is not joined by others', async () => {
  using lease = start([never], past);
  await delay(2_100);
  expect(lease.most()).toBe(1);
});

test('a service that is away is asked again; one that refuses ends the lease', async () => {
  const away = () => Promise.reject(new TryAgainLater('service_unreachable', 'away'));
  const gone = () => Promise.reject(new LeaseLost('gone'));
  using lease = start([away, gone], past);
  await lease.until(2);
  expect(lease.lost).toHaveLength(1);
});
