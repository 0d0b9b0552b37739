import { setImmediate as nextTurn } from 'node:timers/promises';

export interface LoopOptions {
  /** Does the work that is due; returns the pause until the next step, in milliseconds. */
  readonly step: (signal: AbortSignal) => Promise<number>;
  /** Logs the error of a failed step; returns the pause until the next one, in milliseconds. */
  readonly onError: (error: unknown) => number;
}

export type Loop = ReturnType<typeof createLoop>;

/**
 * A poll loop: step, pause, step again. A step may begin tasks that outlive it; the user of the loop limits
 * their number and logs their errors.
 *
 * Promises: steps never overlap; `wake` ends the pause at once, and a `wake` during a step makes another step
 * follow it, so no news is lost; the end of a task wakes the loop; the event loop turns between two steps, so
 * requests are served.
 */
export function createLoop({ step, onError }: LoopOptions) {
  const stopping = new AbortController();
  const signal: AbortSignal = stopping.signal;
  const tasks = new Set<Promise<unknown>>();
  const idleWaiters: (() => void)[] = [];
  let running: Promise<void> | undefined;
  let woken = false;
  let endPause: () => void = () => undefined;

  function start(): void {
    running ??= run();
  }

  /** Makes the next step run now instead of after the pause. */
  function wake(): void {
    woken = true;
    endPause();
  }

  /** Adds a task that a step began and that must not reject. The loop is not idle before it ends. */
  function track(task: Promise<unknown>): void {
    const tracked = task.finally(() => {
      tasks.delete(tracked);
      wake();
    });
    tasks.add(tracked);
  }

  /** Resolves when a step finds nothing due and no task runs; at once when the loop was never started. */
  async function idle(): Promise<void> {
    if (running === undefined || signal.aborted) return running;
    await new Promise<void>((resolve) => {
      idleWaiters.push(resolve);
      wake();
    });
  }

  /** Begins no further step, aborts `signal`, and resolves when the present step and all tasks have ended. */
  async function stop(): Promise<void> {
    stopping.abort();
    wake();
    await running;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      woken = false;
      await pause(await runStep());
    }
    await Promise.allSettled(tasks);
    resolveIdle(idleWaiters.length);
  }

  async function runStep(): Promise<number> {
    // Who asks during the step may have seen something that the step did not.
    const askedBefore = idleWaiters.length;
    try {
      const pauseMs = await step(signal);
      if (pauseMs > 0 && tasks.size === 0) resolveIdle(askedBefore);
      return pauseMs;
    } catch (error) {
      return onError(error);
    }
  }

  function resolveIdle(count: number): void {
    for (const resolve of idleWaiters.splice(0, count)) resolve();
  }

  async function pause(milliseconds: number): Promise<void> {
    if (woken || milliseconds <= 0) {
      await nextTurn();
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    endPause = () => undefined;
  }

  return { signal, start, wake, track, idle, stop };
}
