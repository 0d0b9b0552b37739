/** A clock that begins somewhere, can be moved forward, and goes as fast as it is told. */
export type WorldClock = ReturnType<typeof createWorldClock>;

/** `startsAt`: epoch milliseconds. The clock goes at its usual speed until it is told another one. */
export function createWorldClock(startsAt: number) {
  let base = startsAt;
  let origin = performance.now();
  let rate = 1;

  /** Epoch milliseconds, whole, never going back. */
  function now(): number {
    return Math.floor(base + (performance.now() - origin) * rate);
  }

  function advance(ms: number): void {
    base += ms;
  }

  /** From now on a second of the machine is `speed` seconds of the world. */
  function goAt(speed: number): void {
    base = now();
    origin = performance.now();
    rate = speed;
  }

  return { now, advance, goAt };
}
