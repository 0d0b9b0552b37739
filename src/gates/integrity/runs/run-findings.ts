import { describeError } from '../../../errors.ts';
import { errorAt, type Finding } from '../../gate.ts';
import { lostRuns, type LostRuns, type RunTest } from './lost-runs.ts';

/** Where the runs of the tests come from. Both name files from the directory under check. */
export interface TestRuns {
  /** Every test of the checkout's own run; undefined when that left no report. */
  readonly head: () => Promise<readonly RunTest[] | undefined>;
  /** The same of the tree of this commit; rejects with the reason when its tests cannot be run. */
  readonly base: (commit: string) => Promise<readonly RunTest[] | undefined>;
}

export interface RunRequest {
  readonly runs: TestRuns;
  /** The base as the user names it, and its commit. */
  readonly base: string;
  readonly commit: string;
  /** The path now by the path at the base, of files that were renamed; from the directory under check. */
  readonly renames: ReadonlyMap<string, string>;
  /** Files that are gone. */
  readonly deleted: ReadonlySet<string>;
  /** What reading the sources found: it is not told twice. */
  readonly known: readonly Finding[];
  readonly signal: AbortSignal;
}

export interface RunFindings {
  readonly findings: readonly Finding[];
  readonly details: Readonly<Record<string, number>>;
}

/** Most names that one finding quotes. */
const quotedNames = 3;

/**
 * Compares what ran: reading the sources does not tell which files a test runner collects, nor what a condition
 * came out as. The base is run after the head. That it cannot be run is no fault of the author.
 */
export async function runFindings(request: RunRequest): Promise<RunFindings> {
  const { runs, base: ref, commit, renames, signal } = request;
  const head = await runs.head().catch(() => undefined);
  if (head === undefined) {
    return withoutRun(`The tests left no report, so what runs was not compared with ${ref}.`);
  }
  let base: readonly RunTest[] | undefined;
  let reason = 'they left no report';
  try {
    base = await runs.base(commit);
  } catch (error) {
    signal.throwIfAborted();
    reason = error instanceof Error ? error.message : describeError(error);
  }
  const passed = base?.filter(({ status }) => status === 'passed').length ?? 0;
  if (base === undefined) {
    return withoutRun(
      `The tests of ${ref} could not be run, so what runs was not compared: ${reason}`,
    );
  }
  const details = { testsRunBefore: passed, testsRunAfter: head.length };
  if (passed === 0) {
    return { ...withoutRun(`No test passed on ${ref}, so what runs was not compared.`), details };
  }
  const lost = lostRuns(base, head, renames).filter((one) => !isKnown(one, request.known));
  return { findings: lost.map((one) => findingOf(one, request)), details };
}

function withoutRun(message: string): RunFindings {
  const finding = { file: null, line: null, column: null, rule: 'base-run', message };
  return { findings: [{ ...finding, severity: 'warning' }], details: {} };
}

const rulesOfSource = {
  lost: /^test-deleted$/,
  skipped: /^new-(skip|only|todo|conditional-skip)$/,
};

/** Reading the sources told it already: as many tests deleted, or the mark by which they are skipped. */
function isKnown({ kind, fileBefore, file, names }: LostRuns, known: readonly Finding[]): boolean {
  const told = known.filter(
    (finding) =>
      (finding.file === file || finding.file === fileBefore) &&
      rulesOfSource[kind].test(finding.rule ?? ''),
  ).length;
  return kind === 'skipped' ? told > 0 : told >= names.length;
}

function findingOf(lost: LostRuns, { base, deleted }: RunRequest): Finding {
  const { kind, fileBefore, file, names, isCollected } = lost;
  const subject = `${names.length} ${names.length === 1 ? 'test' : 'tests'} of ${fileBefore} passed on ${base}`;
  if (kind === 'skipped') {
    const are = names.length === 1 ? 'is' : 'are';
    return errorAt(
      file,
      null,
      'tests-skipped',
      `${subject} and ${are} skipped now: ${some(names)}`,
    );
  }
  const verb = names.length === 1 ? 'does' : 'do';
  const why = deleted.has(file)
    ? '(the file is gone)'
    : isCollected
      ? `: ${some(names)}`
      : `(${file === fileBefore ? 'it' : file} is not collected)`;
  const message = `${subject} and ${verb} not run now ${why}`.replace(' :', ':');
  return errorAt(file, null, 'tests-lost', message);
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, quotedNames).map((name) => `"${clipped(name)}"`);
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function clipped(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name;
}
