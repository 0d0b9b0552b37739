/** A clock that moves only when a test advances it. */
export function manualClock(startMs = Date.parse('2026-11-23T12:00:00Z')) {
  let current = startMs;
  return {
    now: () => current,
    advance: (milliseconds: number) => {
      current += milliseconds;
    },
  };
}
