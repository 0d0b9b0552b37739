import { expect, test } from 'vitest';

import { createRecent } from '../../src/web/recent.ts';

test('the last result serves while the next one is made, until it is too old', async () => {
  let now = 0;
  let made = 0;
  const ask = createRecent(
    () => Promise.resolve((made += 1)),
    { freshMs: 5, staleMs: 30 },
    () => now,
  );
  expect([await ask(), await ask()]).toEqual([1, 1]);
  now = 5;
  expect(await ask()).toBe(1);
  expect(await ask()).toBe(2);
  now = 40;
  expect(await ask()).toBe(3);
});
