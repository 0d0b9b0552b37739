import type { Gate, TestRun, Verdict } from '../gate.ts';
import { lastWords, verdictOnEnd, withTestRun } from './tool-verdict.ts';
import { parseVitestReport, type VitestReport } from './vitest-report.ts';

/** All tests pass, and there are some. */
export const test: Gate = {
  name: 'test',
  check: (checkout) => withTestRun(checkout, (testRun) => testVerdict(checkout.directory, testRun)),
};

/** The verdict on a run of the tests: passed only if exit code, report and counts say so. */
export function testVerdict(directory: string, { run, report: text }: TestRun): Verdict {
  const ended = verdictOnEnd('vitest', run);
  if (ended) return ended;
  if (text === undefined) {
    return { status: 'error', message: `vitest left no report: ${lastWords(run)}` };
  }
  const report = parseVitestReport(text, directory);
  if (!report) {
    return {
      status: 'error',
      message: 'The report of vitest cannot be read, or it contradicts itself.',
    };
  }
  const { total, passed, failed, skipped, todo, startTime, findings } = report;
  const details = { total, passed, failed, skipped, todo };
  if (startTime < run.startedAt - clockSlackMs || startTime > run.startedAt + run.durationMs) {
    return { status: 'error', message: 'The report of vitest is not of this run.', details };
  }
  const objection = objectionTo(report) ?? (run.exitCode === 0 ? undefined : outsideError(run));
  if (objection !== undefined) {
    return { status: 'failed', message: objection, details, findings };
  }
  const left = [skipped > 0 && `${skipped} skipped`, todo > 0 && `${todo} to do`].filter(Boolean);
  return {
    status: 'passed',
    message: [`${passed} of ${total} tests passed`, ...left].join(', ') + '.',
    details,
  };
}

/** Times are whole milliseconds of two processes. */
const clockSlackMs = 1000;

function objectionTo(report: VitestReport): string | undefined {
  const { total, passed, failed, skipped, todo, failedFiles } = report;
  if (failed > 0) return `${failed} of ${total} tests failed.`;
  if (failedFiles > 0) {
    return `${failedFiles} test ${failedFiles === 1 ? 'file' : 'files'} could not be run to the end.`;
  }
  if (total === 0) return 'There are no tests.';
  if (passed === 0) return `None of ${total} tests passed: ${skipped} skipped, ${todo} to do.`;
  const unfinished = total - passed - skipped - todo;
  if (unfinished > 0) return `${unfinished} of ${total} tests did not end.`;
  return report.success ? undefined : 'vitest calls the run unsuccessful.';
}

/** An unhandled rejection, a failing teardown: in no report, but vitest does not end with 0. */
function outsideError(run: TestRun['run']): string {
  const [error = lastWords(run)] = /^\s*\S*Error: .{0,300}/m.exec(run.stderr) ?? [];
  return `The tests passed, but vitest ended with exit code ${run.exitCode}: ${error.trim()}`;
}
