import { describe, expect, it } from 'vitest';

import type { RunTest } from '../../../../src/gates/integrity/runs/lost-runs.ts';
import type { TestRuns } from '../../../../src/gates/integrity/runs/run-findings.ts';
import { check, createRepository, type Files } from '../../support/integrity-repository.ts';

const imports = "import { expect, it } from 'vitest';\n";
const price = (...titles: string[]) =>
  imports + titles.map((title) => `it('${title}', () => expect(f()).toBe('${title}'));\n`).join('');
const ran = (file: string, ...names: string[]) =>
  names.map((name): RunTest => ({ file, name, status: 'passed' }));
const five = ['one', 'two', 'three', 'four', 'five'];

async function verdictOn(before: Files, after: Files, runs: Partial<TestRuns>) {
  const { directory, write } = createRepository(before);
  write(after);
  const testRuns: TestRuns = {
    head: () => Promise.resolve(ran('test/price.test.ts', ...five)),
    base: () => Promise.resolve(ran('test/price.test.ts', ...five)),
    ...runs,
  };
  const verdict = await check(directory, { testRuns });
  const said = verdict.findings?.map(({ severity, rule, file, message }) =>
    [severity, rule, file, message].filter(Boolean).join(' '),
  );
  return { ...verdict, said };
}

describe('what ran is compared with the base', () => {
  it('a file renamed out of the sight of the test runner', async () => {
    const { status, said } = await verdictOn(
      { 'test/price.test.ts': price(...five) },
      {
        'test/price.test.ts': null,
        'test/price.spec.ts': price(...five),
        'test/weak.test.ts': price('weak'),
      },
      { head: () => Promise.resolve(ran('test/weak.test.ts', 'weak')) },
    );
    expect(status).toBe('failed');
    expect(said).toEqual([
      'error tests-lost test/price.spec.ts 5 tests of test/price.test.ts passed on main and do not run now (test/price.spec.ts is not collected)',
    ]);
  });

  it('a file that a changed configuration no longer collects', async () => {
    const { said } = await verdictOn(
      { 'test/price.test.ts': price(...five) },
      { 'src/other.ts': 'a();\n' },
      { head: () => Promise.resolve([]) },
    );
    expect(said).toEqual([
      'error tests-lost test/price.test.ts 5 tests of test/price.test.ts passed on main and do not run now (it is not collected)',
    ]);
  });

  it('tests that a condition skips', async () => {
    const { said } = await verdictOn(
      { 'test/price.test.ts': price(...five) },
      { 'test/price.test.ts': `${price(...five)}hidden();\n` },
      {
        head: () =>
          Promise.resolve(
            ran('test/price.test.ts', ...five).map((test, index) =>
              index > 2 ? { ...test, status: 'skipped' } : test,
            ),
          ),
      },
    );
    expect(said).toEqual([
      'error tests-skipped test/price.test.ts 2 tests of test/price.test.ts passed on main and are skipped now: "four", "five"',
    ]);
  });

  it('rows that a table lost in another file', async () => {
    const { said } = await verdictOn(
      { 'test/price.test.ts': price(), 'rows.json': '[1, 2]' },
      { 'rows.json': '[1]' },
      { head: () => Promise.resolve(ran('test/price.test.ts', 'one')) },
    );
    expect(said).toEqual([
      'error tests-lost test/price.test.ts 4 tests of test/price.test.ts passed on main and do not run now: "two", "three", "four" and 1 more',
    ]);
  });

  it('what reading the sources told is not told twice', async () => {
    const { said } = await verdictOn(
      { 'test/price.test.ts': price(...five) },
      { 'test/price.test.ts': price('one', 'two', 'three', 'four') },
      { head: () => Promise.resolve(ran('test/price.test.ts', 'one', 'two', 'three', 'four')) },
    );
    expect(said).toEqual([
      'error test-deleted test/price.test.ts the test "five" is gone (the line is the base\'s)',
    ]);
  });

  it('counts both sides', async () => {
    const { status, details } = await verdictOn({ 'a.ts': 'a();\n' }, {}, {});
    expect(status).toBe('passed');
    expect(details).toMatchObject({ testsRunBefore: 5, testsRunAfter: 5 });
  });
});

describe('what cannot be run is a warning and no more', () => {
  it.each<[string, Partial<TestRuns>, string]>([
    [
      'the base cannot be run',
      { base: () => Promise.reject(new Error('vitest is not installed.')) },
      'The tests of main could not be run, so what runs was not compared: vitest is not installed.',
    ],
    [
      'the base leaves no report',
      { base: () => Promise.resolve(undefined) },
      'The tests of main could not be run, so what runs was not compared: they left no report',
    ],
    [
      'nothing passed on the base',
      { base: () => Promise.resolve([]) },
      'No test passed on main, so what runs was not compared.',
    ],
    [
      'the head has no report',
      { head: () => Promise.resolve(undefined) },
      'The tests left no report, so what runs was not compared with main.',
    ],
    [
      'the head cannot be run',
      { head: () => Promise.reject(new Error('gone')) },
      'The tests left no report, so what runs was not compared with main.',
    ],
  ])('%s', async (_title, runs, message) => {
    const { status, said } = await verdictOn({ 'a.ts': 'a();\n' }, {}, runs);
    expect(status).toBe('passed');
    expect(said).toEqual([`warning base-run ${message}`]);
  });

  it('the base is not run when the head has no report', async () => {
    let asked = false;
    await verdictOn(
      { 'a.ts': 'a();\n' },
      {},
      {
        head: () => Promise.resolve(undefined),
        base: () => {
          asked = true;
          return Promise.resolve([]);
        },
      },
    );
    expect(asked).toBe(false);
  });

  it('but a run that is given up has no verdict', async () => {
    const { directory } = createRepository({ 'a.ts': 'a();\n' });
    const stop = new AbortController();
    const verdict = await check(directory, {
      signal: stop.signal,
      testRuns: {
        head: () => Promise.resolve([]),
        base: () => {
          stop.abort();
          return Promise.reject(new Error('stopped'));
        },
      },
    });
    expect(verdict.status).toBe('timeout');
  });
});
