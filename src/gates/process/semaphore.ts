/**
 * Limits how many run at once, first come first served. Wanted by the option `concurrency` of `runGates`: a
 * service that verifies several checkouts starts all, and they wait for each other here.
 */
export function createSemaphore() {
  const waiting: (() => void)[] = [];
  let active = 0;

  /** Runs `work` while fewer than `limit` others run; rejects when `signal` aborts before its turn. */
  return async function withSlot<T>(
    { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    while (active >= limit) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = () => resolve(undefined);
      waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
    active += 1;
    try {
      return await work();
    } finally {
      active -= 1;
      // Each waits for its own limit, so all check again.
      for (const wake of waiting.splice(0)) wake();
    }
  };
}
