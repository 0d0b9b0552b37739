import { expect, test } from 'vitest';

import { createRate } from '../../src/inbox/rate.ts';

test('the rate is that of the last window that is complete', () => {
  let now = 0;
  const rate = createRate(() => now);
  for (now = 0; now < 100; now += 1) rate.count();
  expect(rate.perSecond()).toBe(1_000);
  for (let count = 0; count < 50; count += 1) rate.count();
  now = 199;
  expect(rate.perSecond()).toBe(1_000);
  now = 200;
  expect(rate.perSecond()).toBe(500);
});

test('what stopped is forgotten', () => {
  let now = 0;
  const rate = createRate(() => now);
  for (let count = 0; count < 50; count += 1) rate.count();
  now = 100;
  expect(rate.perSecond()).toBe(500);
  now = 199;
  expect(rate.perSecond()).toBe(500);
  now = 200;
  expect(rate.perSecond()).toBe(0);
});
