import { CoordinatorError } from '../../errors.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

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
  if (ms <= 0) return skipped('The doctor ran out of time: other checks took too long.', name);
  const deadline = AbortSignal.timeout(ms);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    const found = deadline.aborted ? timedOut(ms) : failed(error);
    return { findings: [{ name, ...found }], value: undefined };
  }
}

/** Checks that depend on one that failed. */
export function skipped(text: string, ...names: readonly string[]): CheckResult<never> {
  return { findings: names.map((name) => ({ name, mark: 'skipped', text })), value: undefined };
}

function timedOut(deadlineMs: number): Omit<DoctorFinding, 'name'> {
  return {
    mark: 'broken',
    text: `The check timed out after ${(deadlineMs / 1_000).toFixed(0)} s.`,
    cure: 'Check the load of Gitea and the network between, then run the doctor again.',
  };
}

function failed(error: unknown): Omit<DoctorFinding, 'name'> {
  if (!(error instanceof CoordinatorError)) throw error;
  const cure = 'Read the log of Gitea, or of the proxy in front of it, and run the doctor again.';
  return { mark: 'broken', text: error.message, cure };
}
