import { setTimeout as sleep } from 'node:timers/promises';

import { CoordinatorError, describeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { PassOutcome } from './pass.ts';

export interface ReconcilerDeps {
  readonly runPass: (wantsFull: boolean, signal: AbortSignal) => Promise<PassOutcome>;
  readonly intervalMs: number;
  readonly random: () => number;
  readonly log: Logger;
}

/** Of passes, each of these is a full one, besides the first. */
const fullEvery = 12;
/** Full passes in a row for the sake of issues that Gitea gives no answer about. */
const mostRepeats = 3;
const firstRetryMs = 5_000;
const longestRetryMs = 300_000;

/**
 * Runs passes one at a time: at the start, then in intervals. One that fails is tried again sooner, with
 * growing pauses; a full one that failed stays due.
 */
export function createReconciler({ runPass, intervalMs, random, log }: ReconcilerDeps) {
  const stopping = new AbortController();
  let sinceFull = Infinity;
  let repeats = 0;
  let failures = 0;
  let lastError: string | undefined;
  const sinceStart = { passes: 0, differences: 0, missed: 0 };
  let running: Promise<PassOutcome> | undefined;
  let looping: Promise<void> | undefined;

  /** One pass; a second caller gets the one that is under way. Throws `TryAgainLater`. */
  function pass(): Promise<PassOutcome> {
    running ??= onePass().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function onePass(): Promise<PassOutcome> {
    try {
      const outcome = await runPass(sinceFull >= fullEvery - 1, stopping.signal);
      repeats = outcome.skipped > 0 ? repeats + 1 : 0;
      const isComplete = repeats === 0 || repeats > mostRepeats;
      if (!isComplete) sinceFull = Infinity;
      else sinceFull = outcome.full ? 0 : sinceFull + 1;
      failures = 0;
      lastError = undefined;
      sinceStart.passes += 1;
      sinceStart.differences += outcome.differences;
      sinceStart.missed += outcome.missed;
      log.info({ ...outcome }, 'compared with Gitea');
      return outcome;
    } catch (error) {
      if (!stopping.signal.aborted) {
        failures += 1;
        lastError = error instanceof CoordinatorError ? error.code : 'internal';
      }
      throw error;
    }
  }

  async function loop(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await pass().catch((error: unknown) => {
        if (signal.aborted) return;
        log.warn({ err: error, reason: describeError(error) }, 'comparing with Gitea failed');
      });
      await sleep(pauseMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  function pauseMs(): number {
    if (failures === 0) return intervalMs;
    const delay = Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs, intervalMs);
    return Math.round(delay * (1 - 0.25 * random()));
  }

  return {
    pass,
    start: () => {
      looping ??= loop();
    },
    /** Ends a pass under way; what it has found is in the inbox, the rest is found again. */
    stop: async () => {
      stopping.abort();
      await Promise.allSettled([running, looping]);
    },
    /** Code of the error that the last pass ended with. */
    lastError: () => lastError,
    sinceStart: () => ({ ...sinceStart }),
  };
}
