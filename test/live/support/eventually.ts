import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 100;

/**
 * Looks until looking no longer throws; resolves to the milliseconds that took. Past the deadline what was thrown
 * last is the failure. (A real server tells nobody when it is done, so here one has to look.)
 */
export async function eventually(deadlineMs: number, look: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  for (;;) {
    try {
      await look();
      return elapsed();
    } catch (error) {
      if (elapsed() > deadlineMs) throw error;
    }
    await sleep(lookEveryMs);
  }
}
