import { expect, test } from 'vitest';

import { listTests, parseVitestReport } from '../../../src/gates/tools/vitest-report.ts';

function findingsOf(file: object, tests: readonly object[] = []) {
  const assertionResults = tests.map((each) => ({ fullName: 'adds', status: 'failed', ...each }));
  const report = parseVitestReport(
    JSON.stringify({
      success: false,
      startTime: 1,
      numTotalTests: tests.length,
      numPassedTests: 0,
      numFailedTests: tests.length,
      testResults: [
        { name: '/repo/a.test.ts', status: 'failed', message: '', assertionResults, ...file },
      ],
    }),
    '/repo',
  );
  return report?.findings.map((found) => `${found.file}:${found.line} ${found.message}`);
}

test.each([
  [
    'Error: no\n    at f (/repo/a.ts:1:1)\n    at /repo/a.test.ts:3:7',
    'a.test.ts:3 adds: Error: no',
  ],
  ['Error: no\n    at /repo/a.test.ts:x', 'a.test.ts:null adds: Error: no'],
  ['Error: no', 'a.test.ts:null adds: Error: no'],
])('the place of a failure is the first in the test file: %j', (failure, told) => {
  expect(findingsOf({}, [{ failureMessages: [failure] }])).toEqual([told]);
});

test.each([{}, { failureMessages: null }, { failureMessages: [] }])(
  'a failure that says nothing is told: %j',
  (failure) => {
    expect(findingsOf({}, [failure])).toEqual(['a.test.ts:null adds: failed']);
  },
);

test('a file that failed as a whole is told, with its message or without', () => {
  expect(findingsOf({ message: 'No such module.' })).toEqual(['a.test.ts:null No such module.']);
  expect(findingsOf({})).toEqual(['a.test.ts:null The file did not run to its end.']);
});

test('a file outside of the directory is named by its whole path', () => {
  expect(findingsOf({ name: '/other/b.test.ts' })?.[0]).toMatch(/^\/other\/b\.test\.ts:null /);
});

test('figures that contradict the list are no report', () => {
  const report = { success: true, startTime: 1, numTotalTests: 1, numPassedTests: 1 };
  const text = JSON.stringify({ ...report, numFailedTests: 0, testResults: [] });
  expect(parseVitestReport(text, '/repo')).toBeUndefined();
});

test('the tests of a report are listed with their file and status', () => {
  const testResults = [
    {
      name: '/repo/test/a.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [
        { fullName: 'sums adds', status: 'passed' },
        { fullName: 'sums more', status: 'skipped' },
      ],
    },
    { name: '/repo/test/b.test.ts', status: 'failed', message: 'Boom', assertionResults: [] },
  ];
  const report = { startTime: 1, numTotalTests: 2, numPassedTests: 1, numFailedTests: 0 };
  const text = JSON.stringify({ ...report, success: false, testResults });
  expect(listTests(text, '/repo')).toEqual([
    { file: 'test/a.test.ts', name: 'sums adds', status: 'passed' },
    { file: 'test/a.test.ts', name: 'sums more', status: 'skipped' },
  ]);
  expect(listTests('{}', '/repo')).toBeUndefined();
});
