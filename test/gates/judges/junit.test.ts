import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { judgeJunit } from '../../../src/gates/judges/junit.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { judged } from '../support/judged.ts';

const pytest = (attributes: string, cases: string) =>
  `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" ${attributes} time="0.02" timestamp="2026-01-01T00:00:00" hostname="x">${cases}</testsuite></testsuites>`;
const ok = '<testcase classname="tests.test_a" name="test_adds" time="0.001" />';
const skipped =
  '<testcase classname="tests.test_a" name="test_later"><skipped type="pytest.skip" message="later">tests/test_a.py:9: later</skipped></testcase>';
const failed =
  '<testcase classname="tests.test_a" name="test_wrong"><failure message="assert 3 == 4">def test_wrong():\n&gt;       assert add(1, 2) == 4\n\ntests/test_a.py:6: AssertionError</failure></testcase>';
const notCollected =
  '<testcase classname="" name="tests.test_b"><error message="collection failure">ImportError while importing test module</error></testcase>';

describe('reports as tools write them', () => {
  test.each([
    [
      'pytest, all green',
      pytest('errors="0" failures="0" skipped="1" tests="2"', ok + skipped),
      0,
      'passed',
      '1 of 2 tests passed, 1 skipped.',
    ],
    [
      'pytest, one red',
      pytest('errors="0" failures="1" skipped="0" tests="2"', ok + failed),
      1,
      'failed',
      '1 of 2 tests failed.',
    ],
    [
      'pytest, a file that does not load',
      pytest('errors="1" failures="0" skipped="0" tests="1"', notCollected),
      2,
      'failed',
      '1 of 1 test failed.',
    ],
    [
      'pytest, no test',
      pytest('errors="0" failures="0" skipped="0" tests="0"', ''),
      5,
      'failed',
      'report holds no test. The command ended with exit code 5.',
    ],
    [
      'pytest, all skipped',
      pytest('errors="0" failures="0" skipped="1" tests="1"', skipped),
      0,
      'failed',
      'None of 1 test passed: all were skipped.',
    ],
    [
      'pytest, red in the test and in its teardown, which it counts once',
      pytest(
        'errors="1" failures="1" skipped="0" tests="1"',
        failed +
          '<testcase classname="tests.test_a" name="test_wrong"><error message="failed on teardown"/></testcase>',
      ),
      1,
      'failed',
      '2 of 2 tests failed.',
    ],
    [
      'jest-junit, a suite that did not load and is only counted',
      `<testsuites name="jest tests" tests="1" failures="0" errors="1"><testsuite name="a" errors="0" failures="0" skipped="0" tests="1"><testcase classname="a" name="adds"/></testsuite></testsuites>`,
      1,
      'failed',
      'report contradicts itself: it states 1 failure and holds none. The command ended with exit code 1.',
    ],
    [
      'gotestsum',
      `<testsuites tests="2" failures="0" errors="0"><testsuite tests="2" failures="0" name="example.org/a"><properties><property name="go.version" value="go1.24"></property></properties><testcase classname="example.org/a" name="TestAdd"></testcase><testcase classname="example.org/a" name="TestSub"></testcase></testsuite></testsuites>`,
      0,
      'passed',
      '2 of 2 tests passed.',
    ],
    [
      'cargo nextest, flaky',
      `<testsuites name="r" tests="1" failures="0" errors="0"><testsuite name="r" tests="1" disabled="0" errors="0" failures="0"><testcase name="adds" classname="r"><flakyFailure type="test failure"/></testcase></testsuite></testsuites>`,
      0,
      'passed',
      '1 of 1 test passed.',
    ],
    [
      'GoogleTest, disabled',
      `<testsuites tests="2" failures="0" disabled="1" errors="0"><testsuite name="A" tests="2" failures="0" disabled="1" errors="0"><testcase name="a" status="run" result="completed" classname="A"/><testcase name="b" status="notrun" result="suppressed" classname="A"/></testsuite></testsuites>`,
      0,
      'passed',
      '1 of 2 tests passed, 1 skipped.',
    ],
    [
      'PHPUnit, nested',
      `<testsuites><testsuite name="all" tests="2" failures="0"><testsuite name="A" tests="1"><testcase name="a"/></testsuite><testsuite name="B" tests="1"><testcase name="b"/></testsuite></testsuite></testsuites>`,
      0,
      'passed',
      '2 of 2 tests passed.',
    ],
    [
      'a testsuite alone, with output and colours in it',
      `<testsuite name="a" tests="1"><testcase name="a"><system-out><![CDATA[<testcase name="x"><failure/></testcase> \u001b[31mred]]></system-out></testcase></testsuite>`,
      0,
      'passed',
      '1 of 1 test passed.',
    ],
    ['a byte order mark', '\ufeff' + pytest('tests="1"', ok), 0, 'passed', '1 of 1 test passed.'],
  ])('%s', (_, text, exitCode, status, message) => {
    expect(judgeJunit(judged(text, { exitCode }))).toMatchObject({ status, message });
  });

  const nested = `
    const { describe, test } = require('node:test');
    describe('outer', () => { test('one', () => {}); describe('inner', () => { test('two', () => {}); test.skip('three'); }); });
    test('four', () => { if (process.env.RED) throw new Error('no'); });`;

  test.each([
    [{}, 'passed', '3 of 4 tests passed, 1 skipped.'],
    [{ RED: '1' }, 'failed', '1 of 4 tests failed.'],
  ])('node:test, as this Node writes it: %o', async (env, status, message) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.test.cjs'), nested);
    const report = join(directory, 'report.xml');
    const options = ['--test-reporter=junit', `--test-reporter-destination=${report}`];
    const run = await execa(process.execPath, ['--test', ...options], {
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', ...env },
      extendEnv: false,
      reject: false,
    });
    const text = await readFile(report, 'utf8');
    expect(judgeJunit(judged(text, { exitCode: run.exitCode ?? 0 }))).toMatchObject({
      status,
      message,
    });
  });
});

describe('what is no report, or contradicts itself, is an error', () => {
  test.each([
    [
      'half a report',
      '<testsuites><testsuite><testcase name="a"/>',
      `report cannot be read: Invalid '["testsuites","testsuite"]' found.`,
    ],
    ['nothing', '', 'report cannot be read: Start tag expected.'],
    ['another document', '<coverage/>', 'report is no JUnit report: it has no testsuite.'],
    [
      'fewer tests than stated',
      pytest('tests="2"', ok),
      'report contradicts itself: it states 2 tests and holds 1.',
    ],
    [
      'failures that no test shows',
      pytest('tests="1" failures="1"', ok),
      'report contradicts itself: it states 1 failure and holds none.',
    ],
    [
      'entities of its own',
      `<!DOCTYPE a [<!ENTITY a "boo">]>${pytest('tests="1"', ok).slice(38)}`,
      'report cannot be read: it defines entities.',
    ],
    [
      'too deep',
      '<testsuite>'.repeat(200) + '</testsuite>'.repeat(200),
      'report cannot be read: Maximum nested tags exceeded.',
    ],
  ])('%s', (_, text, message) => {
    expect(judgeJunit(judged(text))).toMatchObject({ status: 'error', message });
  });
});

test('a failure names its test, what it says, and the place in the project', () => {
  const { findings } = judgeJunit(judged(pytest('tests="1"', failed), { exitCode: 1 }));
  expect(findings).toEqual([
    {
      ...{ file: 'tests/test_a.py', line: 6, column: null, rule: null, severity: 'error' },
      message: 'tests.test_a test_wrong: assert 3 == 4',
    },
  ]);
});

test('each error that mypy puts into its one case is a finding', () => {
  const text =
    'src/a.py:5: error: Name "x" is not defined  [name-defined]\nsrc/a.py:9:3: error: Wrong\nother.py:1: error: Foreign\nFound 3 errors';
  const report = `<testsuite errors="0" failures="1" name="mypy" tests="1"><testcase classname="mypy" name="mypy-py3_11-linux"><failure message="mypy produced messages">${text}</failure></testcase></testsuite>`;
  const { findings = [] } = judgeJunit(
    judged(report, { exitCode: 1, files: new Set(['src/a.py']) }),
  );
  expect(
    findings.map(({ file, line, column, rule, message }) => [file, line, column, rule, message]),
  ).toEqual([
    ['src/a.py', 5, null, 'name-defined', 'Name "x" is not defined'],
    ['src/a.py', 9, 3, null, 'Wrong'],
  ]);
});

test('a file that node:test reports as a case is no test', () => {
  const path = '/repo/test/a.test.js';
  const report = `<testsuites><testcase name="${path}" time="0.1" classname="test" file="${path}"/></testsuites>`;
  expect(judgeJunit(judged(report))).toMatchObject({
    status: 'failed',
    message: 'report holds no test.',
  });
});

test('a file that the report names is relative to the directory under check', () => {
  const text =
    '<testsuite file="src/b.py"><testcase name="a" line="4"><failure>no</failure></testcase></testsuite>';
  const { findings } = judgeJunit(judged(text, { ranIn: '/repo/packages/api' }));
  expect(findings).toMatchObject([{ file: 'packages/api/src/b.py', line: 4, message: 'a: no' }]);
});

test('it is passed exactly when a test passed and none failed', () => {
  const outcome = fc.constantFrom('', '<skipped/>', '<failure/>', '<error/>');
  fc.assert(
    fc.property(fc.array(outcome), fc.nat(2), (outcomes, depth) => {
      const cases = outcomes.map((inner, index) => `<testcase name="${index}">${inner}</testcase>`);
      const suite = `${'<testsuite>'.repeat(depth + 1)}${cases.join('')}${'</testsuite>'.repeat(depth + 1)}`;
      const { status } = judgeJunit(judged(suite));
      const isGreen = outcomes.includes('') && !outcomes.some((each) => /failure|error/.test(each));
      expect(status).toBe(isGreen ? 'passed' : 'failed');
    }),
  );
});

test('a text that nobody wrote for people is read in no time: all else waits meanwhile', () => {
  const texts = [`src/a.ts:1: error: ${' '.repeat(300_000)}x[`, 'a.a/'.repeat(5_000)];
  const cases = texts.map((text) => `<testcase name="a"><failure>${text}</failure></testcase>`);
  const suite = `<testsuite>${cases[0]}${cases[1]?.repeat(50)}</testsuite>`;
  const started = performance.now();
  expect(judgeJunit(judged(suite)).findings).toHaveLength(51);
  expect(performance.now() - started).toBeLessThan(4_000);
});
