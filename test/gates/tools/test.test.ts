import { describe, expect, it } from 'vitest';

import { testVerdict, withNetworkHint } from '../../../src/gates/tools/test.ts';
import { errorAt } from '../../../src/gates/gate.ts';
import { madeRun, madeTestRun, unfinishedRuns } from '../support/made-run.ts';

type Status = 'passed' | 'failed' | 'skipped' | 'todo' | 'pending';

const failure =
  'AssertionError: expected 3 to be 4\n    at helper (/repo/test/help.ts:9:1)\n    at /repo/test/a.test.ts:3:35';

/** A report of one file with tests that ended in these ways. */
function report(statuses: readonly Status[], changes: object = {}) {
  const count = (wanted: Status) => statuses.filter((status) => status === wanted).length;
  const failed = count('failed');
  return {
    success: failed === 0,
    startTime: 1_000_100,
    numTotalTests: statuses.length,
    numPassedTests: count('passed'),
    numFailedTests: failed,
    testResults: [
      {
        name: '/repo/test/a.test.ts',
        status: failed === 0 ? 'passed' : 'failed',
        message: '',
        assertionResults: statuses.map((status) => ({
          fullName: 'adds',
          status,
          failureMessages: status === 'failed' ? [failure] : [],
        })),
      },
    ],
    ...changes,
  };
}

function judge(value: unknown, run: Parameters<typeof madeRun>[0] = {}) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return testVerdict('/repo', madeTestRun({ run: madeRun(run), report: text }));
}

describe('the verdict on vitest', () => {
  it('passes when all tests do', () => {
    expect(judge(report(['passed', 'passed']))).toEqual({
      status: 'passed',
      message: '2 of 2 tests passed.',
      details: { files: 1, total: 2, passed: 2, failed: 0, skipped: 0, todo: 0, retried: 0 },
    });
  });

  it('passes beside skipped tests, and says how many', () => {
    expect(judge(report(['passed', 'skipped', 'todo']))).toMatchObject({
      status: 'passed',
      message: '1 of 3 tests passed, 1 skipped, 1 to do.',
    });
  });

  it('fails for a failing test, and names its place', () => {
    expect(judge(report(['passed', 'failed']), { exitCode: 1 })).toMatchObject({
      status: 'failed',
      message: '1 of 2 tests failed.',
      findings: [
        {
          file: 'test/a.test.ts',
          line: 3,
          column: 35,
          message: 'adds: AssertionError: expected 3 to be 4',
        },
      ],
    });
  });

  const none = { success: false, testResults: [] };
  const unread = report([], {
    success: false,
    testResults: [
      { name: '/repo/test/a.test.ts', status: 'failed', message: 'Boom', assertionResults: [] },
    ],
  });
  it.each([
    [
      'all are left out',
      report(['skipped', 'todo']),
      0,
      'None of 2 tests passed: 1 skipped, 1 to do.',
    ],
    ['a file cannot be loaded', unread, 1, '1 test file could not be loaded.'],
    ['one never ended', report(['passed', 'pending']), 1, '1 of 2 tests did not end.'],
    [
      'vitest says so',
      report(['passed'], { success: false }),
      0,
      'vitest calls the run unsuccessful.',
    ],
    [
      'an error happened outside of them',
      report(['passed']),
      1,
      'The tests passed, but vitest ended with exit code 1: Error: boom',
    ],
    ['one failed in spite of exit code 0', report(['failed']), 0, '1 of 1 tests failed.'],
  ])('fails when %s', (_, value, exitCode, message) => {
    const stderr = '⎯⎯ Unhandled Rejection ⎯⎯\nError: boom\n ❯ test/a.test.ts:3:37\n';
    expect(judge(value, { exitCode, stderr })).toMatchObject({ status: 'failed', message });
  });

  const noFiles = madeRun({ exitCode: 1, stderr: 'No test files found, exiting with code 1\n' });
  it.each([
    ['a report', JSON.stringify(report([], none))],
    ['no report', undefined],
  ])('fails when there are none, with %s', (_, text) => {
    expect(testVerdict('/repo', madeTestRun({ run: noFiles, report: text }))).toMatchObject({
      status: 'failed',
      message: 'There are no tests.',
    });
  });

  it('is an error when vitest ran none for a reason of its own', () => {
    const stderr = ' MISSING DEPENDENCY  Cannot find dependency jsdom\n';
    expect(judge(report([], none), { exitCode: 1, stderr })).toMatchObject({
      status: 'error',
      message: 'vitest ran no test: MISSING DEPENDENCY Cannot find dependency jsdom',
    });
  });

  const file = (message: string, statuses: readonly Status[] = []) => ({
    ...report(statuses).testResults[0],
    status: 'failed',
    message,
  });
  it.each([
    [
      [file('Boom'), file('Boom'), file('No test suite found in file /repo/a.test.ts')],
      '1 of 2 tests failed, and 2 test files could not be loaded, and 1 test file holds no test.',
    ],
    [
      [file('hook', ['passed'])],
      '1 of 3 tests failed, and 1 test file could not be run to the end.',
    ],
  ])('counts files that failed as a whole beside failed tests', (files, message) => {
    const red = report(['passed', 'failed']);
    const more = files.flatMap(({ assertionResults = [] }) => assertionResults).length;
    const value = {
      ...red,
      numTotalTests: 2 + more,
      numPassedTests: 1 + more,
      testResults: [...red.testResults, ...files],
    };
    expect(judge(value, { exitCode: 1 })).toMatchObject({ status: 'failed', message });
  });

  it('says how many tests passed only when retried', () => {
    const value = report(['passed', 'passed']);
    value.testResults[0]?.assertionResults[0]?.failureMessages.push('Error: first attempt');
    expect(judge(value)).toMatchObject({
      status: 'passed',
      message: '2 of 2 tests passed, 1 only when retried.',
      details: { retried: 1 },
    });
  });

  it('judges the tests below the paths of the gates file alone', () => {
    const red = report(['failed']);
    const value = {
      ...report(['passed', 'failed']),
      testResults: [
        ...report(['passed']).testResults,
        ...red.testResults.map((each) => ({ ...each, name: '/repo/other/test/a.test.ts' })),
      ],
    };
    const of = (stderr: string) =>
      testVerdict(
        '/repo',
        madeTestRun({
          run: madeRun({ exitCode: 1, stderr }),
          report: JSON.stringify(value),
          testPaths: ['/repo/test'],
        }),
      );
    expect(of('')).toMatchObject({ status: 'passed', message: '1 of 1 tests passed.' });
    expect(of('⎯ Unhandled Rejection ⎯\nError: boom')).toMatchObject({ status: 'failed' });
  });

  it('tells when tests looked for a network that the sandbox does not have', () => {
    const finding = errorAt('a.test.ts', 1, 'x', 'Error: getaddrinfo EAI_AGAIN example.org');
    const verdict = {
      status: 'failed',
      message: '1 of 2 tests failed.',
      findings: [finding],
    } as const;
    expect(withNetworkHint(verdict, false).message).toBe(
      '1 of 2 tests failed. The sandbox has no network (--network allows it).',
    );
    expect(withNetworkHint(verdict, true)).toBe(verdict);
    expect(withNetworkHint({ ...verdict, findings: [] }, false).message).toBe(verdict.message);
  });

  it.each([
    ['is of another run', report(['passed'], { startTime: 1000 })],
    ['is from the future', report(['passed'], { startTime: 9_000_000 })],
    ['counts other tests than it lists', report(['passed'], { numTotalTests: 7 })],
    ['has a negative count', report(['passed'], { numFailedTests: -1 })],
    ['is empty', ''],
    ['is of another kind', '[]'],
  ])('is an error when the report %s', (_, value) => {
    expect(judge(value).status).toBe('error');
  });

  it.each([0, 1])('is an error when there is no report, with exit code %i', (exitCode) => {
    const run = madeRun({ exitCode, stderr: 'failed to load config' });
    expect(testVerdict('/repo', madeTestRun({ run }))).toEqual({
      status: 'error',
      message: 'vitest left no report: failed to load config',
    });
  });

  it.each(unfinishedRuns)('knows a run that did not end: %j', (run, status) => {
    expect(judge(report(['passed']), run).status).toBe(status);
  });
});
