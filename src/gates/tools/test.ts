import type { Checkout, Gate, TestRun, Verdict } from '../gate.ts';
import { errorWords } from './error-words.ts';
import { flakyIn, flakySentence, markFlaky, runRedAgain, type SecondRun } from './second-run.ts';
import { relativeFile } from './reports.ts';
import { withTestScope } from './scope/test-scope.ts';
import { verdictOnEnd, withTestRun } from './tool-verdict.ts';
import { judgedReport, type VitestReport } from './vitest-report.ts';

/** All tests pass, and there are some. */
export const test: Gate = {
  name: 'test',
  check: (checkout) =>
    withTestRun(checkout, async (testRun) => {
      const verdict = withNetworkHint(testVerdict(checkout.directory, testRun), checkout.network);
      if (verdict.status === 'passed') return withCollected(verdict, checkout, testRun);
      if (verdict.status !== 'failed') return verdict;
      return withSecondRun(verdict, await runRedAgain(checkout, testRun));
    }),
};

async function withCollected(
  verdict: Verdict,
  { directory, files, options }: Checkout,
  testRun: TestRun,
): Promise<Verdict> {
  const collected = judgedReport(directory, testRun)?.files ?? [];
  return withTestScope(verdict, {
    files: await files(),
    collected: new Set(collected.map((file) => relativeFile(directory, file))),
    options: options.test,
  });
}

/** The verdict on a run of the tests: passed only if exit code, report and counts say so. */
export function testVerdict(directory: string, testRun: TestRun): Verdict {
  const { run, report: text } = testRun;
  const ended = verdictOnEnd('vitest', run);
  if (ended) return ended;
  if (text === undefined) {
    // Version 1 and 2 then leave no report.
    if (foundNoFile(run)) return { status: 'failed', message: 'There are no tests.' };
    return { status: 'error', message: `vitest left no report: ${errorWords(run)}` };
  }
  const report = judgedReport(directory, testRun);
  if (!report) {
    return {
      status: 'error',
      message: 'The report of vitest cannot be read, or it contradicts itself.',
    };
  }
  const { files, total, passed, failed, skipped, todo, retried, startTime, findings } = report;
  const details = { files: files.length, total, passed, failed, skipped, todo, retried };
  if (startTime < run.startedAt - clockSlackMs || startTime > run.startedAt + run.durationMs) {
    return { status: 'error', message: 'The report of vitest is not of this run.', details };
  }
  const nothing = total === 0 && brokenFiles(report).length === 0;
  if (nothing && run.exitCode !== 0 && !foundNoFile(run)) {
    return { status: 'error', message: `vitest ran no test: ${errorWords(run)}`, details };
  }
  const objection = objectionTo(report) ?? outsideError(run, report);
  if (objection !== undefined) {
    return { status: 'failed', message: objection, details, findings };
  }
  const left = [
    skipped > 0 && `${skipped} skipped`,
    todo > 0 && `${todo} to do`,
    retried > 0 && `${retried} only when retried`,
  ].filter(Boolean);
  return {
    status: 'passed',
    message: [`${passed} of ${total} tests passed`, ...left].join(', ') + '.',
    details,
  };
}

/** Times are whole milliseconds of two processes. */
const clockSlackMs = 1000;

function foundNoFile({ stderr, exitCode }: TestRun['run']): boolean {
  return exitCode === 1 && /^No test files found/m.test(stderr);
}

function objectionTo(report: VitestReport): string | undefined {
  const { total, passed, failed, skipped, todo } = report;
  const broken = brokenFiles(report);
  if (failed > 0) {
    return `${[`${failed} of ${total} tests failed`, ...broken].join(', and ')}.`;
  }
  if (broken.length > 0) return `${broken.join(', and ')}.`;
  if (total === 0) return 'There are no tests.';
  if (passed === 0) return `None of ${total} tests passed: ${skipped} skipped, ${todo} to do.`;
  const unfinished = total - passed - skipped - todo;
  if (unfinished > 0) return `${unfinished} of ${total} tests did not end.`;
  return report.success || report.failedElsewhere
    ? undefined
    : 'vitest calls the run unsuccessful.';
}

/** Files that failed as a whole, by what happened to them. */
function brokenFiles({ unloaded, empty, unfinished }: VitestReport): readonly string[] {
  const files = (count: number) => `${count} test ${count === 1 ? 'file' : 'files'}`;
  return [
    ...(unloaded > 0 ? [`${files(unloaded)} could not be loaded`] : []),
    ...(empty > 0 ? [`${files(empty)} ${empty === 1 ? 'holds' : 'hold'} no test`] : []),
    ...(unfinished > 0 ? [`${files(unfinished)} could not be run to the end`] : []),
  ];
}

/** An unhandled rejection, a failing teardown: in no report, but vitest does not end with 0. */
function outsideError(run: TestRun['run'], report: VitestReport): string | undefined {
  if (run.exitCode === 0) return undefined;
  if (report.failedElsewhere && !/Unhandled (?:Error|Rejection)/.test(run.stderr)) return undefined;
  return `The tests passed, but vitest ended with exit code ${run.exitCode}: ${errorWords(run)}`;
}

/** Adds that there was no network to a verdict on tests that looked for one. */
export function withNetworkHint(verdict: Verdict, network: boolean): Verdict {
  const { findings = [], message } = verdict;
  if (network || verdict.status === 'passed') return verdict;
  const texts = [message, ...findings.map((finding) => finding.message)];
  if (!texts.some((text) => /ENOTFOUND|EAI_AGAIN|ENETUNREACH/.test(text))) return verdict;
  return { ...verdict, message: `${message} The sandbox has no network (--network allows it).` };
}

/** Adds what a second run told; the status stays. */
function withSecondRun(verdict: Verdict, second: SecondRun | undefined): Verdict {
  if (!second) return verdict;
  const flaky = flakySentence(second);
  return {
    ...verdict,
    message: flaky === undefined ? verdict.message : `${verdict.message} ${flaky}`,
    details: { ...verdict.details, flaky: flakyIn(second) },
    findings: markFlaky(verdict.findings ?? [], second),
  };
}
