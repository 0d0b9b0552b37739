import { StoreUnavailable, type StoreFault } from '../../errors.ts';
import type { Refusals } from '../engine.ts';
import type { StatementObserver } from './connections.ts';

interface FaultRecord {
  readonly observer: StatementObserver;
  /** Why nothing can be stored, as far as the latest statements tell. */
  readonly fault: () => StoreFault | undefined;
  readonly refusals: () => Refusals;
}

/** Remembers how the latest statements of a pool ended. */
export function createFaultRecord(now: () => number): FaultRecord {
  let failing: StoreUnavailable | undefined;
  let refusedWrites = 0;
  let lastRefusedAt: number | undefined;
  return {
    observer: {
      answered: (wrote) => {
        // A server that answers can be reached; whether it can store shows only when it does.
        if (wrote || failing?.fault?.kind === 'unreachable') failing = undefined;
      },
      failed: (error) => {
        if (!(error instanceof StoreUnavailable)) return;
        failing = error;
        refusedWrites += 1;
        lastRefusedAt = now();
      },
    },
    fault: () => failing?.fault,
    refusals: () => ({ refusedWrites, lastRefusedAt }),
  };
}
