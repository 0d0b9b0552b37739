import type { Temper } from '../backlog.ts';

/** A commit that will be verified. */
export interface Commit {
  /** Head of the branch that it is merged into. */
  readonly base: string;
  readonly isGood: boolean;
  /** The same findings as before, on the same tree. */
  readonly isRepeated: boolean;
}

interface Plan extends Pick<Commit, 'base'> {
  readonly temper: Temper;
  /** Rounds of verification before this one. */
  readonly round: number;
}

/** Commits of which the outcome is remembered: those of before are verified. */
const maxPlanned = 500;

/** What a verifier will find on each commit: decided when the commit is made. */
export type Outcomes = ReturnType<typeof createOutcomes>;

export function createOutcomes() {
  const planned = new Map<string, Commit>();

  function plan(commit: string, { base, temper, round }: Plan): void {
    const isRepeated = temper === 'stubborn';
    const isGood = !isRepeated && (temper !== 'careful' || round > 0);
    planned.set(commit, { base, isGood, isRepeated });
    const [oldest] = planned.keys();
    if (planned.size > maxPlanned && oldest !== undefined) planned.delete(oldest);
  }

  return { plan, of: (commit: string) => planned.get(commit) };
}
