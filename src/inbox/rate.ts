/** Long enough for a steady figure, short enough to notice the end of a storm. */
const windowMs = 100;

/** How often something happens, over the last tenth of a second that is complete. `now`: milliseconds. */
export function createRate(now: () => number = () => performance.now()) {
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
