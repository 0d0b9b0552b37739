import fc from 'fast-check';
import { expect, test } from 'vitest';

import { maxAttempts, retryDelayMs } from '../../src/inbox/backoff.ts';

test.each([
  [1, 5_000],
  [2, 20_000],
  [3, 80_000],
  [4, 320_000],
  [5, 1_280_000],
  [6, 3_600_000],
  [7, 3_600_000],
])('after %d failed tries the next one waits %d ms at most', (attempts, expected) => {
  expect(retryDelayMs(attempts, () => 0)).toBe(expected);
});

test('the wait is a whole number, at most a quarter shorter, and never above an hour', () => {
  const attempt = fc.integer({ min: 1, max: 100 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(attempt, chance, (attempts, random) => {
      const longest = retryDelayMs(attempts, () => 0);
      const wait = retryDelayMs(attempts, () => random);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeLessThanOrEqual(longest);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(longest * 0.75));
      expect(longest).toBeLessThanOrEqual(3_600_000);
    }),
  );
});

test('a wait is never shorter than the one before it', () => {
  const waits = Array.from({ length: maxAttempts }, (_, index) => retryDelayMs(index + 1, () => 0));
  expect(waits).toEqual(waits.toSorted((left, right) => left - right));
});
