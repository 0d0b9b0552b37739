import fc from 'fast-check';
import { expect, test } from 'vitest';

import { backoffMs, withJitter } from '../../src/lib/backoff.ts';

const backoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [10_000, 60_000],
])('after %d failures the delay is %d ms', (failures, expected) => {
  expect(backoffMs(backoff, failures)).toBe(expected);
});

test('jitter gives a whole number that is at most a quarter shorter', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_600_000 }), chance, (delayMs, random) => {
      const jittered = withJitter(delayMs, () => random);
      expect(Number.isInteger(jittered)).toBe(true);
      expect(jittered).toBeLessThanOrEqual(delayMs);
      expect(jittered).toBeGreaterThanOrEqual(Math.floor(delayMs * 0.75));
    }),
  );
  expect(withJitter(1_000, () => 0)).toBe(1_000);
});
