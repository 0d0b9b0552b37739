/** A clock that moves only when a test advances it, or sets it. */
export function manualClock(startMs = Date.parse('2026-11-23T12:00:00Z')) {
  let current = startMs;
  let jumped = 0;
  return {
    now: () => current + jumped,
    monotonic: () => current - startMs,
    advance: (milliseconds: number) => {
      current += milliseconds;
    },
    /** Somebody sets the clock: the wall jumps, monotonic time does not. */
    jump: (milliseconds: number) => {
      jumped += milliseconds;
    },
  };
}
