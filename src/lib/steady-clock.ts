/** Smallest difference that counts as a jump: less is drift, which nobody notices. */
const minJumpMs = 1_000;

export type SteadyClock = ReturnType<typeof createSteadyClock>;

/**
 * Creates a clock that starts with the time of the wall and then goes on by monotonic time: when somebody sets
 * the clock of the machine, or the machine sleeps, it does not jump. `jumpMs` says how far the wall has jumped
 * away from it (0: not at all), and `follow` takes it along, once what is stored in its time was moved as well.
 *
 * On Linux and macOS monotonic time stands still while the machine sleeps, so a sleep is a jump forward.
 */
export function createSteadyClock(now: () => number, monotonic: () => number) {
  let offset = now() - monotonic();

  function steadyNow(): number {
    return Math.round(monotonic() + offset);
  }

  function jumpMs(): number {
    const ahead = now() - steadyNow();
    return Math.abs(ahead) < minJumpMs ? 0 : ahead;
  }

  function follow(milliseconds: number): void {
    offset += milliseconds;
  }

  return { now: steadyNow, jumpMs, follow };
}
