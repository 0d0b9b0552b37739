/** The chance of the world: the same seed gives the same throws. */
export type Dice = ReturnType<typeof createDice>;

/** Mulberry32, by Tommy Ettinger (public domain): small, and even enough for a story. */
export function createDice(seed: number) {
  let state = seed >>> 0;

  /** From 0 up to, but not, 1. */
  function throwOnce(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `low` to `high`, both included. */
  function between(low: number, high: number): number {
    return low + Math.floor(throwOnce() * (high - low + 1));
  }

  /** Throws when there is nothing to pick from. */
  function pick<T>(items: readonly T[]): T {
    const [picked] = items.slice(between(0, items.length - 1));
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  }

  /** True with this probability. */
  function chance(share: number): boolean {
    return throwOnce() < share;
  }

  /** Hexadecimal digits. */
  function hex(length: number): string {
    return Array.from({ length }, () => between(0, 15).toString(16)).join('');
  }

  return { between, pick, chance, hex };
}
