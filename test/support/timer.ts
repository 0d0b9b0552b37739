import type { manualClock } from './clock.ts';

interface Sleeper {
  readonly milliseconds: number;
  readonly until: number;
  readonly wake: () => void;
}

/** Sleeps that end when the clock is advanced by hand, or when their signal aborts. */
export function manualTimer(clock: ReturnType<typeof manualClock>) {
  const sleepers = new Set<Sleeper>();
  const watchers = new Set<() => void>();

  function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const sleeper = { milliseconds, until: clock.now() + milliseconds, wake };
      function wake(): void {
        signal.removeEventListener('abort', abort);
        sleepers.delete(sleeper);
        resolve();
      }
      function abort(): void {
        sleepers.delete(sleeper);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      }
      signal.addEventListener('abort', abort, { once: true });
      sleepers.add(sleeper);
      for (const watcher of [...watchers]) watcher();
    });
  }

  /** Resolves when somebody sleeps for this long. */
  function sleeping(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      function look(): void {
        if (![...sleepers].some((sleeper) => sleeper.milliseconds === milliseconds)) return;
        watchers.delete(look);
        resolve();
      }
      watchers.add(look);
      look();
    });
  }

  function advance(milliseconds: number): void {
    clock.advance(milliseconds);
    for (const sleeper of [...sleepers]) if (sleeper.until <= clock.now()) sleeper.wake();
  }

  return { sleep, sleeping, advance, pending: () => sleepers.size };
}
