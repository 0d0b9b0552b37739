/** Epoch milliseconds of the server, for a select list: `now()` would be the start of the transaction. */
export const serverTime = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** The clock of the server as a call showed it. */
export interface ClockReading {
  /** Epoch milliseconds. */
  readonly serverMs: number;
  /** Our monotonic clock in the middle of the call. */
  readonly monotonicMs: number;
  /** How long the call took: the reading is right to half of it. */
  readonly tookMs: number;
}

/** What a call showed that was sent at `sentAt`, by our monotonic clock, and has just been answered. */
export function readingOf(serverMs: number, sentAt: number): ClockReading {
  const tookMs = performance.now() - sentAt;
  return { serverMs, monotonicMs: sentAt + tookMs / 2, tookMs };
}

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
