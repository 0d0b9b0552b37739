import { z } from 'zod';

import type { Finding, TestRun } from '../gate.ts';
import { parseReport, relativeFile } from './reports.ts';

export type VitestReport = NonNullable<ReturnType<typeof parseVitestReport>>;

/**
 * Reads a report of vitest's reporter `json`; undefined for anything else, and for one that contradicts itself. Files
 * that are not to be judged are left out.
 */
export function parseVitestReport(
  text: string,
  directory: string,
  isJudged: (file: string) => boolean = () => true,
) {
  const parsed = parseReport(text, reportSchema);
  if (!parsed) return undefined;
  const all = countsOf(parsed.testResults);
  const agrees =
    all.total === parsed.numTotalTests &&
    // Version 1 counts all as passed that did not fail.
    [all.passed, all.total - all.failed].includes(parsed.numPassedTests) &&
    all.failed === parsed.numFailedTests;
  if (!agrees) return undefined;
  const judged = parsed.testResults.filter((file) => isJudged(file.name));
  return {
    success: parsed.success,
    startTime: parsed.startTime,
    /** True when a file that is not judged failed, which makes the whole run unsuccessful. */
    failedElsewhere: parsed.testResults.some(
      (file) => file.status === 'failed' && !judged.includes(file),
    ),
    /** Test files, as vitest names them. */
    files: judged.map((file) => file.name),
    ...countsOf(judged),
    findings: judged.flatMap((file) => findingsOf(file, directory)),
  };
}

/** The report of a run about the files that it was asked to run. */
export function judgedReport(
  directory: string,
  { report, testPaths }: Pick<TestRun, 'report' | 'testPaths'>,
): VitestReport | undefined {
  const isJudged = (file: string) =>
    testPaths.length === 0 ||
    testPaths.some((place) => file === place || file.startsWith(`${place}/`));
  return parseVitestReport(report ?? '', directory, isJudged);
}

function countsOf(files: readonly TestFile[]) {
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (status: TestStatus) => tests.filter((test) => test.status === status).length;
  const broken = files.filter(isFailedFile);
  return {
    total: tests.length,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped') + count('disabled'),
    todo: count('todo'),
    /** Tests that passed, but not at the first attempt. */
    retried: tests.filter((test) => test.status === 'passed' && failuresOf(test).length > 0).length,
    /** Files that could not be loaded. */
    unloaded: broken.filter((file) => isWithoutTests(file) && !isEmptyFile(file)).length,
    /** Files that were loaded, and hold no test. */
    empty: broken.filter((file) => isWithoutTests(file) && isEmptyFile(file)).length,
    /** Files whose tests passed, and which failed as a whole, such as in a hook. */
    unfinished: broken.filter((file) => !isWithoutTests(file)).length,
    /** Files of failed tests, as vitest names them. */
    redFiles: files
      .filter((file) => file.assertionResults.some((test) => test.status === 'failed'))
      .map((file) => file.name),
  };
}

/** One test of a report. */
export interface TestOutcome {
  /** Relative to the directory, with `/`. */
  readonly file: string;
  /** Titles of its suites and its own; not unique within a file. */
  readonly name: string;
  readonly status: TestStatus;
}

/**
 * Every test of a report of vitest's reporter `json`, in its order; undefined for any other text. A file that could
 * not be loaded has no tests.
 */
export function listTests(text: string, directory: string): readonly TestOutcome[] | undefined {
  return parseReport(text, reportSchema)?.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      file: relativeFile(directory, name),
      name: fullName.trim(),
      status,
    })),
  );
}

const count = z.int().nonnegative();
// The words of `StatusMap` in vitest: a test that never ended is `pending`.
const testStatus = z.enum(['passed', 'failed', 'skipped', 'disabled', 'todo', 'pending']);
export type TestStatus = z.infer<typeof testStatus>;
const testFile = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed']),
  message: z.string(),
  assertionResults: z.array(
    z.object({
      fullName: z.string(),
      status: testStatus,
      failureMessages: z.array(z.string()).nullish(),
      location: z.object({ line: z.int(), column: z.int() }).nullish(),
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

const isWithoutTests = (file: TestFile) => file.assertionResults.length === 0;
const isEmptyFile = (file: TestFile) => /^(Error: )?No test suite found in file/.test(file.message);

/** Also those of attempts before a test passed. */
function failuresOf({ failureMessages }: TestFile['assertionResults'][number]): readonly string[] {
  return failureMessages ?? [];
}

function findingsOf(testFile: TestFile, directory: string): Finding[] {
  const file = relativeFile(directory, testFile.name);
  const findings: Finding[] = [];
  if (isFailedFile(testFile)) {
    const message = testFile.message || 'The file did not run to its end.';
    findings.push({ file, line: null, column: null, rule: null, message, severity: 'error' });
  }
  for (const test of testFile.assertionResults) {
    if (test.status !== 'failed') continue;
    const failure = failuresOf(test)[0] ?? 'failed';
    findings.push({
      file,
      ...(placeIn(failure, testFile.name) ?? test.location ?? { line: null, column: null }),
      rule: null,
      message: `${test.fullName.trim()}: ${withoutStack(failure)}`,
      severity: 'error',
    });
  }
  return findings;
}

/** The first place of a stack that lies in this file. */
function placeIn(stack: string, file: string): Pick<Finding, 'line' | 'column'> | undefined {
  for (const line of stack.split('\n')) {
    const at = line.indexOf(`${file}:`);
    const [, row, column] =
      at === -1 ? [] : (/^(\d{1,9}):(\d{1,9})/.exec(line.slice(at + file.length + 1)) ?? []);
    if (row !== undefined) return { line: Number(row), column: Number(column) };
  }
  return undefined;
}

function withoutStack(failure: string): string {
  return (failure.split(/\n\s+at /, 1)[0] ?? '').trim();
}
