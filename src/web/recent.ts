/**
 * The result of a work that costs much, for all who ask: from `freshMs` on it is done once more, meanwhile the last
 * result serves, until `staleMs`.
 */
export function createRecent<T>(
  work: () => Promise<T>,
  { freshMs, staleMs }: { readonly freshMs: number; readonly staleMs: number },
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let latest: { readonly at: number; readonly value: T } | undefined;
  let running: Promise<T> | undefined;

  async function run(): Promise<T> {
    const at = now();
    try {
      const value = await work();
      latest = { at, value };
      return value;
    } finally {
      running = undefined;
    }
  }

  return async () => {
    const age = latest === undefined ? Infinity : now() - latest.at;
    if (latest !== undefined && age < freshMs) return latest.value;
    running ??= run();
    if (latest === undefined || age >= staleMs) return running;
    // Who asks after it has failed is told.
    running.catch(() => undefined);
    return latest.value;
  };
}
