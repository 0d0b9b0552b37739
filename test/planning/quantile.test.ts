import { expect, test } from 'vitest';

import { logQuantile } from '../../src/planning/estimate.ts';

test.each([
  [[7], 0.9, 7],
  [[100, 1], 0, 1],
  [[100, 1], 1, 100],
  [[100, 1], 0.5, 10],
  [[1, 10, 1_000], 0.5, 10],
  [[1, 10, 1_000], 0.75, 100],
  [[3, 5], 7, 5],
])('of %j the share %d stays below %d', (samples, share, quantile) => {
  expect(logQuantile(samples, share)).toBeCloseTo(quantile, 9);
});

test('there is no quantile of nothing', () => {
  expect(() => logQuantile([], 0.5)).toThrow(RangeError);
});
