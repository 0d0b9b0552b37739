import { CoordinatorError } from '../../errors.ts';
import { TokenRefused } from '../../gitea/transport.ts';
import { broken, resultOf, skipped, type CheckResult, type Outcome } from './finding.ts';

export interface Budget {
  /** By `performance.now()`: a check that has not started by then is skipped. */
  readonly endsAt: number;
  /** Ends the doctor as a whole. */
  readonly signal: AbortSignal;
}

export interface CheckOptions {
  readonly name: string;
  readonly deadlineMs?: number;
}

/** Timeout of one check; the calls it makes have shorter timeouts of their own. */
const defaultDeadlineMs = 12_000;

/**
 * Runs one check within its own deadline and the doctor's. A known error becomes a finding; an abort from
 * outside ends the doctor.
 */
export async function check<T>(
  { endsAt, signal }: Budget,
  { name, deadlineMs = defaultDeadlineMs }: CheckOptions,
  work: (signal: AbortSignal) => Promise<CheckResult<T>>,
): Promise<CheckResult<T>> {
  signal.throwIfAborted();
  const ms = Math.round(Math.min(deadlineMs, endsAt - performance.now()));
  if (ms <= 0)
    return resultOf(name, skipped('The doctor ran out of time: other checks took too long.'));
  const deadline = AbortSignal.timeout(ms);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    return resultOf(name, deadline.aborted ? timedOut(ms) : failed(error));
  }
}

function timedOut(deadlineMs: number): Outcome {
  return broken(
    `The check timed out after ${(deadlineMs / 1_000).toFixed(0)} s.`,
    'Check the load of Gitea and the network between, then run the doctor again.',
  );
}

export const readTheLog =
  'Read the log of Gitea, or of the proxy in front of it, and run the doctor again.';

function failed(error: unknown): Outcome {
  if (!(error instanceof CoordinatorError)) throw error;
  return broken(error.message, readTheLog);
}

/** The answer to a call of Gitea, or `refused` when Gitea does not accept the token or its rights. */
export async function unlessRefused<T, R>(
  call: Promise<T>,
  refused: (message: string, status: number) => R,
): Promise<T | R> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TokenRefused) return refused(error.message, error.status);
    throw error;
  }
}
