import { setTimeout as sleep } from 'node:timers/promises';

/** Window of the rate: long enough for a steady figure, short enough to notice the end of a storm. */
const windowMs = 100;
/** Rate from which handling yields; no Gitea normally sends as much. */
const stormPerSecond = 100;
/** Pause per arrival and second: in a storm of 1,000 a second a group begins every 100 ms. */
const yieldMsPerArrival = 0.1;
/** Maximum pause, so that handling goes on in any storm. */
const maxYieldMs = 1_000;

export type Arrivals = ReturnType<typeof createArrivals>;

/** Measures how many deliveries arrive, over the last complete window. `now`: milliseconds. */
export function createArrivals(now: () => number = () => performance.now()) {
  let startedAt = now();
  let counted = 0;
  let rate = 0;

  function turnOver(): void {
    const elapsedMs = now() - startedAt;
    if (elapsedMs < windowMs) return;
    rate = (counted * 1000) / elapsedMs;
    counted = 0;
    startedAt += elapsedMs;
  }

  function count(): void {
    turnOver();
    counted += 1;
  }

  function perSecond(): number {
    turnOver();
    return rate;
  }

  return { count, perSecond };
}

/**
 * Waits during a storm of deliveries, the longer the stronger it is. Storing deliveries goes before handling
 * them, and the deliveries of one issue that arrive meanwhile are handled as one group.
 */
export async function yieldToArrivals(
  arrivals: Pick<Arrivals, 'perSecond'>,
  signal: AbortSignal,
): Promise<void> {
  const perSecond = arrivals.perSecond();
  if (perSecond < stormPerSecond) return;
  const waitMs = Math.min(perSecond * yieldMsPerArrival, maxYieldMs);
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}
