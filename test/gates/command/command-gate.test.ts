import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { hideValues } from '../../../src/gates/command/caller-environment.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { commitAll, projectWith, runFile } from '../support/gates-file.ts';

const suite = (cases: string) => `<testsuites><testsuite>${cases}</testsuite></testsuites>`;
const green = suite('<testcase classname="a" name="adds"/>');
const red = suite('<testcase classname="a" name="adds"><failure message="3 is not 4"/></testcase>');

/** A script that leaves a report and ends with an exit code. */
const leave = (text: string, exitCode = 0, file = 'report.xml') =>
  `require('node:fs').writeFileSync(${JSON.stringify(file)}, ${JSON.stringify(text)}); process.exitCode = ${exitCode};`;

async function runOne(gate: object, files: Readonly<Record<string, string>> = {}) {
  const { report, result } = await runFile(projectWith({ gates: { mine: gate } }, files));
  const { status, message, judgedBy, details, findings } = result('mine') ?? {};
  return { verdict: report.verdict, status, message, judgedBy, details, findings };
}

test.each([
  [green, 0, 'passed', '1 of 1 test passed.'],
  [red, 1, 'failed', '1 of 1 test failed.'],
  [red, 0, 'failed', '1 of 1 test failed.'],
  [green, 1, 'failed', 'The command ended with exit code 1 although no test failed.'],
  [suite(''), 5, 'failed', 'report.xml holds no test. The command ended with exit code 5.'],
  ['nonsense', 0, 'error', "report.xml cannot be read: char 'n' is not expected."],
])('a command is judged by its report and its exit code: %s, %i', async (text, code, ...wanted) => {
  const gate = { command: 'node tests.cjs', junit: 'report.xml' };
  const { status, message, judgedBy } = await runOne(gate, { 'tests.cjs': leave(text, code) });
  expect([status, message]).toEqual(wanted);
  expect(judgedBy).toBe('report');
});

test('a failed test is a finding with its message', async () => {
  const gate = { command: ['node', 'tests.cjs'], junit: 'report.xml' };
  const { findings } = await runOne(gate, { 'tests.cjs': leave(red, 1) });
  expect(findings).toEqual([
    {
      ...{ file: null, line: null, column: null, rule: null, severity: 'error' },
      message: 'a adds: 3 is not 4',
    },
  ]);
});

test('the report of an earlier run is not taken for one of this run', async () => {
  const gate = { command: 'true', junit: 'report.xml' };
  expect(await runOne(gate, { 'report.xml': green })).toMatchObject({
    status: 'error',
    message:
      'true ended with exit code 0 and left no report report.xml of this run: exit code 0, no output',
  });
});

test('a report that git tracks is not overwritten', async () => {
  const directory = projectWith(
    { gates: { mine: { command: 'node tests.cjs', junit: 'report.xml' } } },
    { 'report.xml': 'mine', 'tests.cjs': leave(green) },
  );
  await commitAll(directory);
  const { result } = await runFile(directory);
  expect(result('mine')).toMatchObject({
    status: 'error',
    message:
      'The report report.xml is a file that git tracks, and would be overwritten: name a file that git ignores.',
  });
  expect(readFileSync(join(directory, 'report.xml'), 'utf8')).toBe('mine');
});

test('a report behind a link is neither deleted nor read', async () => {
  const elsewhere = temporaryDirectory();
  writeFileSync(join(elsewhere, 'report.xml'), green);
  const directory = projectWith({ gates: { mine: { command: 'true', junit: 'out/report.xml' } } });
  symlinkSync(elsewhere, join(directory, 'out'));
  const { result } = await runFile(directory);
  expect(result('mine')?.message).toBe(
    'The report out/report.xml is outside of the checkout: remove the link.',
  );
  expect(existsSync(join(elsewhere, 'report.xml'))).toBe(true);
});

test.each([
  ['true', 'passed', 'Exit code 0.'],
  ['echo no good >&2; exit 3', 'failed', /^echo no good.* ended with exit code 3: no good$/],
  ['no-such-program --check', 'error', /^There is no program no-such-program .*: install it/],
  [['no-such-program'], 'error', /There is no program no-such-program .*: install it/],
  ['./notes.txt', 'error', /^\.\/notes\.txt could not run: .*[Pp]ermission denied/],
  ['kill -9 $$', 'error', /was killed from outside/],
])('without a report the exit code judges, which is said: %s', async (command, status, message) => {
  const verdict = await runOne({ command }, { 'notes.txt': '' });
  expect(verdict).toMatchObject({ status, judgedBy: 'exit_code' });
  expect(verdict.message).toMatch(message);
});

test('a command that does not end is a timeout', async () => {
  const { status, message } = await runOne({ command: 'sleep 60', timeoutSeconds: 1 });
  expect(status).toBe('timeout');
  expect(message).toMatch(/^sleep 60 did not end within 1 s/);
});

test('a command runs where the gate says, with its variables, and finds the programs of the project', async () => {
  const directory = projectWith(
    {
      gates: {
        mine: {
          command: 'check "$GREETING" && test "$(basename "$PWD")" = api',
          in: 'packages/api',
          env: { GREETING: 'hello' },
        },
      },
    },
    { 'packages/api/a.txt': '', 'node_modules/.bin/check': '#!/bin/sh\ntest "$1" = hello\n' },
  );
  chmodSync(join(directory, 'node_modules/.bin/check'), 0o755);
  const { result } = await runFile(directory);
  expect(result('mine')?.message).toBe('Exit code 0.');
});

test('a place that is missing or leads out of the checkout is an error', async () => {
  const directory = projectWith({
    gates: { one: { command: 'true', in: 'gone' }, two: { command: 'true', in: 'out' } },
  });
  symlinkSync(temporaryDirectory(), join(directory, 'out'));
  const { result } = await runFile(directory);
  for (const name of ['one', 'two'])
    expect(result(name)?.message).toMatch(
      /There is no directory (gone|out) in the checkout: correct "in"/,
    );
});

test('a report is that of its own run, whatever a later command writes', async () => {
  const directory = projectWith(
    {
      gates: {
        first: { command: 'node first.cjs', junit: 'report.xml' },
        second: { command: 'node second.cjs', junit: 'other.xml' },
        again: { reportOf: 'first', junit: 'other.xml' },
      },
    },
    {
      'first.cjs': leave(green) + leave(red, 0, 'other.xml'),
      'second.cjs': leave(green, 0, 'other.xml'),
    },
  );
  const { result } = await runFile(directory);
  expect([result('second')?.status, result('again')?.status]).toEqual(['passed', 'failed']);
});

test('values of variables that are passed on do not come into the report', () => {
  const hide = hideValues(['TOKEN', 'SHORT', 'PLACE', 'GONE'], {
    TOKEN: 'abc$&defg',
    SHORT: 'true',
    PLACE: temporaryDirectory(),
  });
  expect(hide('it is true: abc$&defg/x, abc$&defg')).toBe('it is true: $TOKEN/x, $TOKEN');
});

test('two gates that read reports of one run share it', async () => {
  const script = `require('node:fs').appendFileSync('runs.txt', 'x'); ${leave(green)}`;
  const directory = projectWith(
    {
      gates: {
        again: { reportOf: 'mine', junit: 'report.xml' },
        mine: { command: 'node tests.cjs', junit: 'report.xml' },
      },
    },
    { 'tests.cjs': script },
  );
  const { report } = await runFile(directory);
  expect(report.gates.map(({ status }) => status)).toEqual(['passed', 'passed']);
  expect(readFileSync(join(directory, 'runs.txt'), 'utf8')).toBe('x');
});
