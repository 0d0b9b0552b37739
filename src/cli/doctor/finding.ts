/** From best to worst. `hint`: nothing is wrong, but this could not be checked or is worth knowing. */
export type Mark = 'ok' | 'hint' | 'skipped' | 'warning' | 'broken';

/** One line of the doctor. */
export interface DoctorFinding {
  /** Subject of the check, such as `token` or `hook acme/orbit`. */
  readonly name: string;
  readonly mark: Mark;
  /** Result of the check, in a sentence. */
  readonly text: string;
  /** Instructions for the operator; lines that start with four blanks are to be copied as they are. */
  readonly cure?: string | undefined;
}

/** Findings, and the value that later checks need; undefined when the check failed. */
export interface CheckResult<T> {
  readonly findings: readonly DoctorFinding[];
  readonly value: T | undefined;
}

/** The doctor's result. A skipped check depends on one that has a finding of its own. */
export function verdictOf(findings: readonly DoctorFinding[]): 'ok' | 'warnings' | 'broken' {
  if (findings.some(({ mark }) => mark === 'broken')) return 'broken';
  return findings.some(({ mark }) => mark === 'warning') ? 'warnings' : 'ok';
}

export const doctorExitCodes = { ok: 0, warnings: 1, broken: 2 } as const;

/** Pages that explain a cure, by the first word of the check's name; all others are in docs/setup.md. */
const docsPages: ReadonlyMap<string, string> = new Map([
  ['database', 'docs/operations.md'],
  ['service', 'docs/operations.md'],
  ['agents', 'docs/planning.md'],
  ['claude', 'docs/reading.md'],
]);

/** The finding with the page that explains its cure. */
export function withDocsPage({ cure, ...finding }: DoctorFinding): DoctorFinding {
  if (cure === undefined) return finding;
  const [subject = ''] = finding.name.split(' ');
  return { ...finding, cure: `${cure}\nSee ${docsPages.get(subject) ?? 'docs/setup.md'}.` };
}
