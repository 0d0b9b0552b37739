/** Delays between attempts: `firstMs` after the first failure, then `factor` times as long, up to `maxMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Largest share by which jitter shortens a delay. */
const jitterShare = 0.25;

/** Delay before the next attempt after `failures` failed ones (at least 1), in milliseconds. */
export function backoffMs({ firstMs, factor, maxMs }: Backoff, failures: number): number {
  return Math.min(firstMs * factor ** (failures - 1), maxMs);
}

/** Shortens a delay by up to 25 %, so that work that failed together does not retry together. */
export function withJitter(delayMs: number, random: () => number): number {
  return Math.round(delayMs * (1 - jitterShare * random()));
}
