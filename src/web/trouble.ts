import { createContext } from 'preact';

import { isFailing, type Check } from '../http/health.ts';

/** Number of checks that are degraded or down; the menu of every page shows it. */
export const Trouble = createContext(0);

/** Counts the checks that fail; undefined before they ran for the first time. */
export function countTroubles(checks: Readonly<Record<string, Check>> | undefined): number {
  return Object.values(checks ?? {}).filter(isFailing).length;
}
