import { describe, expect, it } from 'vitest';

import { test } from '../../../src/gates/tools/test.ts';
import { fakeCheckout, type Left } from '../support/fake-checkout.ts';
import { madeRun, madeTestRun } from '../support/made-run.ts';

/** A report of tests by file, each with the status of its tests, which are called `n`. */
function report(files: Readonly<Record<string, readonly ('passed' | 'failed')[]>>) {
  const all = Object.values(files).flat();
  const failed = all.filter((status) => status === 'failed').length;
  return JSON.stringify({
    success: failed === 0,
    startTime: 1_000_100,
    numTotalTests: all.length,
    numPassedTests: all.length - failed,
    numFailedTests: failed,
    testResults: Object.entries(files).map(([name, statuses]) => ({
      name: `/repo/${name}`,
      status: statuses.includes('failed') ? 'failed' : 'passed',
      message: '',
      assertionResults: statuses.map((status) => ({
        fullName: 'n',
        status,
        failureMessages: status === 'failed' ? ['Error: no'] : [],
      })),
    })),
  });
}

/** The verdict on a first run, and what was asked of vitest afterwards. */
async function judge(first: string, second: Left) {
  const { checkout, asked } = fakeCheckout([second]);
  const testRun = madeTestRun({ run: madeRun({ exitCode: 1 }), report: first });
  const verdict = await test.check({ ...checkout, testRun: () => Promise.resolve(testRun) });
  return { verdict, asked };
}

describe('the second run of red tests', () => {
  const first = report({ 'a.test.ts': ['failed', 'passed', 'failed'], 'b.test.ts': ['passed'] });

  it('runs their files alone, and tells which are flaky, without turning green', async () => {
    const second = report({ 'a.test.ts': ['passed', 'passed', 'failed'] });
    const { verdict, asked } = await judge(first, { files: { 'report.json': second } });
    expect(asked[0]?.filter((argument) => !argument.startsWith('--'))).toEqual([
      'run',
      '/repo/a.test.ts',
    ]);
    expect(verdict).toMatchObject({
      status: 'failed',
      message: '2 of 4 tests failed. 1 of 2 red tests passed on a second run: it is flaky.',
      details: { flaky: 1 },
    });
    expect(verdict.findings?.map(({ message }) => message)).toEqual([
      '(passed on a second run) n: Error: no',
      'n: Error: no',
    ]);
  });

  it('says nothing when all stay red, when it does not end or leaves no report', async () => {
    for (const second of [
      { files: { 'report.json': first } },
      { end: 'timeout', exitCode: null },
      {},
    ] as const) {
      expect((await judge(first, second)).verdict.message).toBe('2 of 4 tests failed.');
    }
  });

  it.each([
    ['no test is red', { 'a.test.ts': [] }],
    [
      'too many files are',
      Object.fromEntries(
        Array.from({ length: 21 }, (_, n) => [`${n}.test.ts`, ['failed'] as const]),
      ),
    ],
  ] as const)('is not made when %s', async (_, files) => {
    expect((await judge(report(files), {})).asked).toEqual([]);
  });
});
