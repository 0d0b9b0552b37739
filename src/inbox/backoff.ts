/** Tries before a delivery is given up (it stays in the store, with its error, and can be replayed). */
export const maxAttempts = 8;

const firstDelayMs = 5_000;
const factor = 4;
const longestDelayMs = 3_600_000;

/**
 * Wait before the next try, in milliseconds, after `attempts` failed ones: 5 s, 20 s, 80 s ... up to an
 * hour, each up to 25 % shorter, so that what failed together does not come back together.
 */
export function backoffMs(attempts: number, random: () => number): number {
  const delay = Math.min(firstDelayMs * factor ** (attempts - 1), longestDelayMs);
  return Math.round(delay * (1 - 0.25 * random()));
}
