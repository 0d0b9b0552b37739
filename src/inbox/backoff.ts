import { backoffMs, withJitter, type Backoff } from '../lib/backoff.ts';

/** Maximum attempts of a delivery. After them it is dead: it stays stored with its error and can be replayed. */
export const maxAttempts = 8;

/** Longest delay of a retry or a refresh: a waiting delivery that is due later was set by another clock. */
export const longestDelayMs = 3_600_000;

/** Delays of a delivery whose handling failed: 5 s, 20 s, 80 s ... up to an hour. */
const retryBackoff: Backoff = { firstMs: 5_000, factor: 4, maxMs: longestDelayMs };

/** Bounds of the delay while another service is down. */
const minOutageDelayMs = 5_000;
const maxOutageDelayMs = 300_000;

/**
 * Delay before the next attempt while another service is down: as long as the delivery has waited so far,
 * within bounds, shortened by jitter.
 */
export function outageDelayMs(waitedMs: number, random: () => number): number {
  return withJitter(Math.min(Math.max(waitedMs, minOutageDelayMs), maxOutageDelayMs), random);
}

/** Delay before the next attempt after `failures` failed ones, in milliseconds, shortened by jitter. */
export function retryDelayMs(failures: number, random: () => number): number {
  return withJitter(backoffMs(retryBackoff, failures), random);
}
