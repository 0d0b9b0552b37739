import { CoordinatorError } from '../../errors.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

export interface Budget {
  /** By `performance.now()`: what has not begun by then is left out. */
  readonly endsAt: number;
  /** Ends the doctor as a whole. */
  readonly signal: AbortSignal;
}

export interface CheckOptions {
  readonly name: string;
  readonly deadlineMs?: number;
}

/** Longest one check may take; it is made of calls that have shorter deadlines of their own. */
const defaultDeadlineMs = 12_000;

/**
 * Runs one check within its deadline and that of all. What it throws for a reason that is known becomes a
 * finding; an abort from outside ends the doctor.
 */
export async function check<T>(
  { endsAt, signal }: Budget,
  { name, deadlineMs = defaultDeadlineMs }: CheckOptions,
  work: (signal: AbortSignal) => Promise<CheckResult<T>>,
): Promise<CheckResult<T>> {
  signal.throwIfAborted();
  const ms = Math.round(Math.min(deadlineMs, endsAt - performance.now()));
  if (ms <= 0) return skipped('The time of the doctor is up: other checks took too long.', name);
  const deadline = AbortSignal.timeout(ms);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    const found = deadline.aborted ? late(ms) : known(error);
    return { findings: [{ name, ...found }], value: undefined };
  }
}

/** Checks that rest on one that failed. */
export function skipped(text: string, ...names: readonly string[]): CheckResult<never> {
  return { findings: names.map((name) => ({ name, mark: 'skipped', text })), value: undefined };
}

function late(deadlineMs: number): Omit<DoctorFinding, 'name'> {
  return {
    mark: 'broken',
    text: `This was not answered within ${(deadlineMs / 1_000).toFixed(0)} s.`,
    cure: 'Look at the load of Gitea and of the network between, then run the doctor again.',
  };
}

function known(error: unknown): Omit<DoctorFinding, 'name'> {
  if (!(error instanceof CoordinatorError)) throw error;
  const cure = 'Look at the log of Gitea, or of the proxy before it, and run the doctor again.';
  return { mark: 'broken', text: error.message, cure };
}
