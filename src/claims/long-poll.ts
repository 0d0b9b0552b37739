/** Calls that may wait at once; each costs a look at the queue whenever something changes. */
const mostWaiting = 200;
/** Changes that come together wake everybody once. */
const gatherMs = 10;

export type Waiters = ReturnType<typeof createWaiters>;

/**
 * Calls that wait until there may be work. Promise: a change after `version` was read is never slept
 * through. They are woken by every change, look themselves, and wait on if another was faster.
 */
export function createWaiters() {
  const asleep = new Set<() => void>();
  let version = 0;
  let waiting = 0;
  let closed = false;
  let gathering: NodeJS.Timeout | undefined;

  /** Takes a place among the waiting; undefined when there is none. Call what it returns to leave. */
  function enter(): (() => void) | undefined {
    if (waiting >= mostWaiting) return undefined;
    waiting += 1;
    return () => {
      waiting -= 1;
    };
  }

  /** Resolves at the next change since `seen`, after `timeoutMs`, or when `signal` aborts. */
  async function changeSince(seen: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (version !== seen || closed || signal.aborted || timeoutMs <= 0) return;
    await new Promise<void>((resolve) => {
      function wakeUp(): void {
        clearTimeout(timer);
        asleep.delete(wakeUp);
        signal.removeEventListener('abort', wakeUp);
        resolve();
      }
      const timer = setTimeout(wakeUp, timeoutMs);
      asleep.add(wakeUp);
      signal.addEventListener('abort', wakeUp, { once: true });
    });
  }

  /** There may be work now. */
  function wake(): void {
    if (closed) return;
    gathering ??= setTimeout(wakeAll, gatherMs);
  }

  function wakeAll(): void {
    gathering = undefined;
    version += 1;
    for (const wakeUp of [...asleep]) wakeUp();
  }

  /** Nobody waits any more, now or later. */
  function close(): void {
    closed = true;
    clearTimeout(gathering);
    wakeAll();
  }

  return {
    enter,
    changeSince,
    wake,
    close,
    version: () => version,
    isClosed: () => closed,
    asleep: () => asleep.size,
  };
}
