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

/** A finding whose subject the caller names. */
export type Outcome = Omit<DoctorFinding, 'name'>;

export const ok = (text: string): Outcome => ({ mark: 'ok', text });
export const hint = (text: string, cure?: string): Outcome => ({ mark: 'hint', text, cure });
export const skipped = (text: string): Outcome => ({ mark: 'skipped', text });
export const warning = (text: string, cure: string): Outcome => ({ mark: 'warning', text, cure });
export const broken = (text: string, cure: string): Outcome => ({ mark: 'broken', text, cure });

/** Findings, and the value that later checks need; without one when the check failed. */
export interface CheckResult<T> {
  readonly findings: readonly DoctorFinding[];
  readonly value?: T | undefined;
}

/** A single finding as the result of a check. */
export function resultOf<T = never>(name: string, outcome: Outcome, value?: T): CheckResult<T> {
  return { findings: [{ name, ...outcome }], value };
}

const shownNames = 5;

/** The first names, and the number of the others. */
export function listNames(names: readonly string[]): string {
  const more = names.length - shownNames;
  return `${names.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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
  ['notify', 'docs/notifications.md'],
  ['traces', 'docs/monitoring.md'],
]);

/** The finding with the page that explains its cure. */
export function withDocsPage({ cure, ...finding }: DoctorFinding): DoctorFinding {
  if (cure === undefined) return finding;
  const [subject = ''] = finding.name.split(' ');
  return { ...finding, cure: `${cure}\nSee ${docsPages.get(subject) ?? 'docs/setup.md'}.` };
}
