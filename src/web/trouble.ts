import { createContext } from 'preact';

import { isFailing, type Check } from '../http/health.ts';

/** Number of checks that are degraded or down; the menu of every page shows it. */
export const Trouble = createContext(0);

/** Age at which the checks run again: they write to the store, and every page would wait for them. */
const maxAgeMs = 5_000;

/** Counts the checks that fail, for the menu. Pages do not wait for it: they get the latest count there is. */
export function createTroubleCount(
  health: () => Promise<Readonly<Record<string, Check>>>,
): () => number {
  let latest = 0;
  let startedAt = -Infinity;
  return () => {
    if (performance.now() - startedAt >= maxAgeMs) {
      startedAt = performance.now();
      health().then(
        (checks) => (latest = Object.values(checks).filter(isFailing).length),
        // A check that fails says so itself.
        () => undefined,
      );
    }
    return latest;
  };
}
