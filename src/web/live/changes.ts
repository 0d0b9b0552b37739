/** Pages are told of changes no more often: many changes in a moment are one. */
const gatherMs = 1_000;

export type Changes = ReturnType<typeof createChanges>;

/**
 * Tells whoever looks at a page that something has changed, not what: the page asks again. `touch` costs next to
 * nothing while nobody looks.
 */
export function createChanges() {
  const listeners = new Set<() => void>();
  let toldAt = -Infinity;
  let told = 0;
  let telling: NodeJS.Timeout | undefined;

  /** Something that a page may show has changed. */
  function touch(): void {
    if (telling !== undefined) return;
    if (listeners.size === 0) {
      // Whoever comes now is shown what is.
      told += 1;
      return;
    }
    const inMs = Math.max(0, toldAt + gatherMs - performance.now());
    telling = setTimeout(tell, inMs).unref();
  }

  function tell(): void {
    telling = undefined;
    toldAt = performance.now();
    told += 1;
    for (const listener of listeners) listener();
  }

  /** Calls `listener` after changes, until the returned function is called. */
  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    ...{ touch, subscribe },
    count: () => listeners.size,
    /** How often pages were told, or would have been if there were any. */
    told: () => told,
  };
}
