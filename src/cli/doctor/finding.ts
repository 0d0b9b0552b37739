/** From the best to the worst. `hint`: nothing is wrong, but this could not be looked at, or is worth knowing. */
export type Mark = 'ok' | 'hint' | 'skipped' | 'warning' | 'broken';

/** One line of the doctor. */
export interface DoctorFinding {
  /** What was looked at: `token`, `hook acme/orbit`. */
  readonly name: string;
  readonly mark: Mark;
  /** What was found, in a sentence. */
  readonly text: string;
  /** What to do about it; lines that start with four blanks are to be copied as they are. */
  readonly cure?: string | undefined;
}

/** Findings, and what later checks go on with; undefined when they cannot. */
export interface CheckResult<T> {
  readonly findings: readonly DoctorFinding[];
  readonly value: T | undefined;
}

/** What all findings come to. A skipped check rests on one that is told of by itself. */
export function verdictOf(findings: readonly DoctorFinding[]): 'ok' | 'warnings' | 'broken' {
  if (findings.some(({ mark }) => mark === 'broken')) return 'broken';
  return findings.some(({ mark }) => mark === 'warning') ? 'warnings' : 'ok';
}

export const doctorExitCodes = { ok: 0, warnings: 1, broken: 2 } as const;
