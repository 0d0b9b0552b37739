/** Tries before a delivery is given up (it stays in the store, with its error, and can be replayed). */
export const maxAttempts = 8;

const firstDelayMs = 5_000;
const factor = 4;
const longestDelayMs = 3_600_000;

/** Somebody else's outage is asked about this often at most and at least. */
const shortestOutageDelayMs = 5_000;
const longestOutageDelayMs = 300_000;

/**
 * Wait before the next try while somebody else is out of order: as long again as the work has waited so
 * far, at most 5 minutes, up to 25 % shorter.
 */
export function outageDelayMs(waitedMs: number, random: () => number): number {
  const delay = Math.min(Math.max(waitedMs, shortestOutageDelayMs), longestOutageDelayMs);
  return Math.round(delay * (1 - 0.25 * random()));
}

/**
 * Wait before the next try, in milliseconds, after `attempts` failed ones: 5 s, 20 s, 80 s ... up to an
 * hour, each up to 25 % shorter, so that what failed together does not come back together.
 */
export function backoffMs(attempts: number, random: () => number): number {
  const delay = Math.min(firstDelayMs * factor ** (attempts - 1), longestDelayMs);
  return Math.round(delay * (1 - 0.25 * random()));
}
