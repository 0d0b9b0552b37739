import { CoordinatorError, describeError } from '../errors.ts';
import { backoffMs, withJitter } from '../lib/backoff.ts';
import { createLoop } from '../lib/loop.ts';
import type { Logger } from '../log.ts';
import type { PassOutcome } from './pass-state.ts';

export interface ReconcilerDeps {
  readonly runPass: (wantsFull: boolean, signal: AbortSignal) => Promise<PassOutcome>;
  readonly intervalMs: number;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number;
  readonly random: () => number;
  /** False: another replica compares. */
  readonly isLeader?: () => boolean;
  readonly log: Logger;
}

/** Time from one full pass to the next; the first pass is a full one. */
export const fullEveryMs = 1_800_000;
/** Maximum of full passes in a row that repeat because of skipped issues. */
const maxRepeats = 3;
/** Pause of a replica that does not compare before it looks whether it has to now. */
const followMs = 1_000;
const retryBackoff = { firstMs: 5_000, factor: 2, maxMs: 300_000 };

export type Reconciler = ReturnType<typeof createReconciler>;

/**
 * Runs passes one at a time: at the start, then in intervals. A failed pass is retried sooner, with
 * backoff; a full one that failed stays due.
 */
export function createReconciler(deps: ReconcilerDeps) {
  const { runPass, intervalMs, elapsed, random, log, isLeader = () => true } = deps;
  let fullDueAt = -Infinity;
  let repeats = 0;
  let failures = 0;
  let lastError: string | undefined;
  const sinceStart = { passes: 0, differences: 0, missed: 0 };
  let running: Promise<PassOutcome> | undefined;
  const loop = createLoop({
    step: async () => {
      if (!isLeader()) return followMs;
      await pass();
      return pauseMs();
    },
    onError: (error) => {
      if (!loop.signal.aborted)
        log.warn({ err: error, reason: describeError(error) }, 'comparing with Gitea failed');
      return pauseMs();
    },
  });

  /** Runs one pass; a second caller gets the one under way. Throws `TryAgainLater`. */
  function pass(): Promise<PassOutcome> {
    running ??= onePass().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function onePass(): Promise<PassOutcome> {
    try {
      const beganAt = elapsed();
      const outcome = await runPass(beganAt >= fullDueAt, loop.signal);
      repeats = outcome.skipped > 0 ? repeats + 1 : 0;
      const isComplete = repeats === 0 || repeats > maxRepeats;
      if (!isComplete) fullDueAt = -Infinity;
      else if (outcome.full) fullDueAt = beganAt + fullEveryMs;
      failures = 0;
      lastError = undefined;
      sinceStart.passes += 1;
      sinceStart.differences += outcome.differences;
      sinceStart.missed += outcome.missed;
      log.info({ ...outcome }, 'compared with Gitea');
      return outcome;
    } catch (error) {
      if (!loop.signal.aborted) {
        failures += 1;
        lastError = error instanceof CoordinatorError ? error.code : 'internal';
      }
      throw error;
    }
  }

  function pauseMs(): number {
    if (failures === 0) return intervalMs;
    return withJitter(Math.min(backoffMs(retryBackoff, failures), intervalMs), random);
  }

  return {
    pass,
    start: loop.start,
    /** Ends a pass under way: its differences are in the inbox, and the next start finds the others. */
    stop: async () => {
      await Promise.allSettled([loop.stop(), running]);
    },
    /** Error code of the last pass; undefined after a success. */
    lastError: () => lastError,
    sinceStart: () => ({ ...sinceStart }),
  };
}
