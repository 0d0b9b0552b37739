import { expect, test } from 'vitest';

import { createSlots, type Slot } from '../../src/inbox/slots.ts';

const never = new AbortController().signal;

/** Slots, and the groups that begin as long as they may. */
function stage(count: number) {
  let changes = 0;
  const slots = createSlots(count, () => {
    changes += 1;
  });
  function beginAll() {
    const begun: Slot[] = [];
    while (slots.canBegin()) begun.push(slots.begin());
    return begun;
  }
  return { ...slots, beginAll, changes: () => changes };
}

test.each([
  [1, 1],
  [2, 1],
  [4, 1],
  [8, 1],
])('of %i slots at least one is left by any number of long texts', async (count, left) => {
  const { canBegin, begin, beginAll } = stage(count);
  for (let started = 0; started < 12 && canBegin(); started += 1) {
    const slot = begin();
    void slot.beLong(never);
    await Promise.resolve();
  }
  expect(beginAll().length).toBe(left);
});

test('a long text that ends hands its slot to the next one that waits, and then a new group may begin', async () => {
  const { canBegin, begin, beginAll, changes } = stage(2);
  const order: string[] = [];
  const [first, second] = [begin(), begin()];
  await first.beLong(never);
  const waits = second.beLong(never).then(() => order.push('second'));
  expect(canBegin()).toBe(true);
  const other = begin();
  expect([canBegin(), order]).toEqual([false, []]);
  const before = changes();
  first.end();
  await waits;
  expect(order).toEqual(['second']);
  expect(changes()).toBeGreaterThan(before);
  expect(canBegin()).toBe(false);
  second.end();
  other.end();
  expect(beginAll()).toHaveLength(2);
});

test('too many long texts are put back instead of kept in memory', async () => {
  const { begin } = stage(1);
  await begin().beLong(never);
  for (let waiting = 0; waiting < 16; waiting += 1) void begin().beLong(never);
  await expect(begin().beLong(never)).rejects.toMatchObject({ name: 'TryAgainLater' });
});

test('a wait that is ended leaves no slot behind', async () => {
  const { begin, beginAll } = stage(1);
  const first = begin();
  await first.beLong(never);
  const stopping = new AbortController();
  const second = begin();
  const waits = second.beLong(stopping.signal);
  stopping.abort();
  await expect(waits).rejects.toThrow(/abort/i);
  second.end();
  first.end();
  const third = begin();
  await third.beLong(never);
  third.end();
  expect(beginAll()).toHaveLength(1);
});
