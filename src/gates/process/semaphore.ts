/** Lets no more than so many through at once, first come first served. */
export function createSemaphore() {
  const waiting: (() => void)[] = [];
  let active = 0;

  /** Runs `work` when fewer than `limit` others are at it; rejects when `signal` aborts before that. */
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
      // All of them: each has its own limit, and looks for itself.
      for (const wake of waiting.splice(0)) wake();
    }
  };
}
