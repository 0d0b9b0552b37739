import type { ClockReading } from './session.ts';

/** Smallest difference that is corrected: less is the jitter of the network. */
const minCorrectionMs = 250;

/**
 * The clock of the database server, which all replicas share: leases and due times of one are read by the others.
 * Between two readings it goes on by monotonic time, so the clock of this machine may be set at will.
 */
export function createServerClock() {
  /** Server time less monotonic time. */
  let offset: number | undefined;

  function read({ serverMs, monotonicMs, tookMs }: ClockReading): void {
    const found = serverMs - monotonicMs;
    if (offset === undefined || Math.abs(found - offset) > Math.max(minCorrectionMs, tookMs))
      offset = found;
  }

  /** Epoch milliseconds; of this machine before the first reading. */
  function now(): number {
    return offset === undefined ? Date.now() : Math.round(performance.now() + offset);
  }

  return { read, now };
}
