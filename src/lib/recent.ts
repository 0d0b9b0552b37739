interface RecentOptions<T> {
  readonly work: () => Promise<T>;
  /** Age from which on it is done once more for the next who asks. */
  readonly freshMs: number;
  /** Until this age the last result serves meanwhile; by default everybody waits for the new one. */
  readonly staleMs?: number;
  readonly now?: () => number;
}

/**
 * The result of a work that costs much, for all who ask: it runs once at a time, and an age counts from its beginning.
 * A failure is told to those who waited for it and is not kept: the last result serves on, and the next who asks has
 * it tried again. A work whose failures shall be kept as well returns them.
 */
export function createRecent<T>({
  work,
  freshMs,
  staleMs = freshMs,
  now = () => performance.now(),
}: RecentOptions<T>) {
  let last: { readonly at: number; readonly value: T } | undefined;
  let running: Promise<T> | undefined;
  let forgotten = 0;

  async function run(): Promise<T> {
    const at = now();
    const begun = forgotten;
    try {
      const value = await work();
      if (begun === forgotten) last = { at, value };
      return value;
    } finally {
      if (begun === forgotten) running = undefined;
    }
  }

  async function ask(): Promise<T> {
    const age = last === undefined ? Infinity : now() - last.at;
    if (last !== undefined && age < freshMs) return last.value;
    running ??= run();
    if (last === undefined || age >= staleMs) return running;
    running.catch(() => undefined);
    return last.value;
  }

  /** The last result, of any age, for one who does not wait; asks for a new one when it is not fresh. */
  function latest(): T | undefined {
    ask().catch(() => undefined);
    return last?.value;
  }

  /** Something has changed: the next who asks waits for a new result. */
  function forget(): void {
    forgotten += 1;
    last = undefined;
    running = undefined;
  }

  return { ask, latest, forget };
}
