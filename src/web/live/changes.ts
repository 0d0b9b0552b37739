/** Pages are told of changes no more often: many changes in a moment are one. */
const gatherMs = 1_000;
/**
 * Between one page and the next that are told: all that are open (`maxListeners` in events.ts) are told within half a
 * second. If they asked in one moment, their answers would hold up the deliveries that come in that moment.
 */
const spacingMs = 10;

export type Changes = ReturnType<typeof createChanges>;

/**
 * Tells whoever looks at a page that something has changed, not what: the page asks again. `touch` costs next to
 * nothing while nobody looks.
 *
 * Promise: what changes while pages are told is told to all of them in the next round. So what was rendered after a
 * round began serves all whom this round tells.
 */
export function createChanges() {
  const listeners = new Set<() => void>();
  /** Those whom the present round has not told yet. */
  const waiting = new Set<() => void>();
  let toldAt = -Infinity;
  let told = 0;
  let telling: NodeJS.Timeout | undefined;
  let next: NodeJS.Timeout | undefined;

  /** Something that a page may show has changed. */
  function touch(): void {
    if (listeners.size === 0) outdate();
    if (listeners.size === 0 || telling !== undefined) return;
    const inMs = Math.max(0, toldAt + gatherMs - performance.now());
    telling = setTimeout(tell, inMs).unref();
  }

  function tell(): void {
    telling = undefined;
    toldAt = performance.now();
    told += 1;
    for (const listener of listeners) waiting.add(listener);
    if (next === undefined) tellNext();
  }

  function tellNext(): void {
    next = undefined;
    const [listener] = waiting;
    if (listener === undefined) return;
    waiting.delete(listener);
    listener();
    if (waiting.size > 0) next = setTimeout(tellNext, spacingMs).unref();
  }

  /** Calls `listener` after changes, until the returned function is called. */
  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      waiting.delete(listener);
    };
  }

  /** What was rendered serves nobody any more, though nobody is told: who has just acted looks what it did. */
  function outdate(): void {
    told += 1;
  }

  return { touch, subscribe, outdate, count: () => listeners.size, told: () => told };
}
