import { setImmediate as turn } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { createRecent } from '../../src/lib/recent.ts';

/** A work that counts its runs; those in `failing` fail. */
function start(ages: { freshMs: number; staleMs?: number }, failing: readonly number[] = []) {
  const clock = { now: 0 };
  let made = 0;
  const work = async () => {
    made += 1;
    if (failing.includes(made)) return Promise.reject(new Error(`run ${made}`));
    return Promise.resolve(made);
  };
  return { clock, ...createRecent({ work, ...ages, now: () => clock.now }) };
}

test('the last result serves while the next one is made, until it is too old', async () => {
  const { clock, ask } = start({ freshMs: 5, staleMs: 30 });
  expect([await ask(), await ask()]).toEqual([1, 1]);
  clock.now = 5;
  expect(await ask()).toBe(1);
  await turn();
  expect(await ask()).toBe(2);
  clock.now = 40;
  expect(await ask()).toBe(3);
});

test('without a second age all wait for the new result, once for all', async () => {
  const { clock, ask } = start({ freshMs: 5 });
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  clock.now = 5;
  expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
});

test('a failure is told to those who waited, and is not kept', async () => {
  const { clock, ask } = start({ freshMs: 5, staleMs: 30 }, [1, 3]);
  const [one, two] = await Promise.allSettled([ask(), ask()]);
  expect([one.status, two.status]).toEqual(['rejected', 'rejected']);
  expect(await ask()).toBe(2);
  clock.now = 5;
  // The third run fails beside it.
  expect(await ask()).toBe(2);
  await turn();
  // So does the fourth begin.
  expect(await ask()).toBe(2);
  await turn();
  expect(await ask()).toBe(4);
});

test('who does not wait gets what there is', async () => {
  const { clock, ask, latest } = start({ freshMs: 5 });
  expect(latest()).toBeUndefined();
  expect(await ask()).toBe(1);
  clock.now = 100;
  expect(latest()).toBe(1);
  expect(await ask()).toBe(2);
  expect(latest()).toBe(2);
});
