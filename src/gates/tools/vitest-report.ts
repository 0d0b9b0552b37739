import { z } from 'zod';

import type { Finding } from '../gate.ts';
import { parseReport, relativeFile } from './reports.ts';

export type VitestReport = NonNullable<ReturnType<typeof parseVitestReport>>;

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
      name: fullName,
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
