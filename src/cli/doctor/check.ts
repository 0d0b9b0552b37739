import { CoordinatorError } from '../../errors.ts';
import type { Checked, Finding } from './finding.ts';

export interface CheckOptions {
  readonly name: string;
  readonly deadlineMs?: number;
  readonly signal: AbortSignal;
}

/** Longest one check may take; it is made of calls that have shorter deadlines of their own. */
const usualDeadlineMs = 12_000;

/**
 * Runs one check within its deadline. What it throws for a reason that is known becomes a finding; an
 * abort from outside ends the doctor.
 */
export async function check<T>(
  { name, deadlineMs = usualDeadlineMs, signal }: CheckOptions,
  work: (signal: AbortSignal) => Promise<Checked<T>>,
): Promise<Checked<T>> {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    const found = deadline.aborted ? late(deadlineMs) : known(error);
    return { findings: [{ name, ...found }], value: undefined };
  }
}

function late(deadlineMs: number): Omit<Finding, 'name'> {
  return {
    mark: 'broken',
    text: `This was not answered within ${Math.round(deadlineMs / 1_000)} s.`,
    cure: 'Look at the load of Gitea and of the network between, then run the doctor again.',
  };
}

function known(error: unknown): Omit<Finding, 'name'> {
  if (!(error instanceof CoordinatorError)) throw error;
  return { mark: 'broken', text: error.message };
}
