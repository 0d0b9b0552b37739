import { z } from 'zod';

import type { Gate, TestRun, Verdict, Finding } from '../gate.ts';
import { lastWords, verdictOnEnd, withTestRun } from './tool-verdict.ts';
import { parseReport, relativeFile } from './reports.ts';

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

type VitestReport = NonNullable<ReturnType<typeof parseVitestReport>>;

/** Reads a report of vitest's reporter `json`; undefined for anything else, and for one that contradicts itself. */
export function parseVitestReport(text: string, directory: string) {
  const parsed = parseReport(text, reportSchema);
  if (!parsed) return undefined;
  const tests = parsed.testResults.flatMap((file) => file.assertionResults);
  const count = (status: TestStatus) => tests.filter((test) => test.status === status).length;
  const read = {
    success: parsed.success,
    startTime: parsed.startTime,
    total: tests.length,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped') + count('disabled'),
    todo: count('todo'),
    failedFiles: parsed.testResults.filter(isFailedFile).length,
    findings: parsed.testResults.flatMap((file) => findingsOf(file, directory)),
  };
  const agrees =
    read.total === parsed.numTotalTests &&
    read.passed === parsed.numPassedTests &&
    read.failed === parsed.numFailedTests;
  return agrees ? read : undefined;
}

const count = z.int().nonnegative();
// The words of `StatusMap` in vitest: a test that never ended is `pending`.
const testStatus = z.enum(['passed', 'failed', 'skipped', 'disabled', 'todo', 'pending']);
type TestStatus = z.infer<typeof testStatus>;
const testFile = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed']),
  message: z.string(),
  assertionResults: z.array(
    z.object({
      fullName: z.string(),
      status: testStatus,
      failureMessages: z.array(z.string()).nullish(),
    }),
  ),
});
const reportSchema = z.object({
  success: z.boolean(),
  /** Epoch milliseconds. */
  startTime: z.number(),
  numTotalTests: count,
  numPassedTests: count,
  numFailedTests: count,
  testResults: z.array(testFile),
});
type TestFile = z.infer<typeof testFile>;

/** A file that failed as a whole: it could not be imported, holds no test, or did not end. */
function isFailedFile(file: TestFile): boolean {
  return (
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
  );
}

function findingsOf(testFile: TestFile, directory: string): Finding[] {
  const file = relativeFile(directory, testFile.name);
  const findings: Finding[] = [];
  if (isFailedFile(testFile)) {
    const message = testFile.message || 'The file did not run to its end.';
    findings.push({ file, line: null, column: null, rule: null, message, severity: 'error' });
  }
  for (const { fullName, status, failureMessages } of testFile.assertionResults) {
    if (status !== 'failed') continue;
    const failure = failureMessages?.[0] ?? 'failed';
    findings.push({
      file,
      ...placeIn(failure, testFile.name),
      rule: null,
      message: `${fullName}: ${withoutStack(failure)}`,
      severity: 'error',
    });
  }
  return findings;
}

/** The first place of a stack that lies in this file. */
function placeIn(stack: string, file: string): Pick<Finding, 'line' | 'column'> {
  for (const line of stack.split('\n')) {
    const at = line.indexOf(`${file}:`);
    const [, row, column] =
      at === -1 ? [] : (/^(\d{1,9}):(\d{1,9})/.exec(line.slice(at + file.length + 1)) ?? []);
    if (row !== undefined) return { line: Number(row), column: Number(column) };
  }
  return { line: null, column: null };
}

function withoutStack(failure: string): string {
  return (failure.split(/\n\s+at /, 1)[0] ?? '').trim();
}
