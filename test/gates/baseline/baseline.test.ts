import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  baselineOf,
  baselinePath,
  compareWithBaseline,
  parseBaseline,
} from '../../../src/gates/baseline/baseline.ts';
import { errorAt, type Finding, type GateResult, type Verdict } from '../../../src/gates/gate.ts';
import type { GatesReport } from '../../../src/gates/report.ts';
import { commitAll, projectWith, runFile } from '../support/gates-file.ts';

const finding = (file: string, rule: string): Finding => errorAt(file, 1, rule, 'no');
const failed = (findings: readonly Finding[], faults = findings.length): Verdict => ({
  ...{ status: 'failed', message: 'Findings.', findings, faults },
});
const three = [finding('a.ts', 'x'), finding('a.ts', 'x'), finding('b.ts', 'y')];

describe('a verdict beside a baseline', () => {
  test.each([
    [
      three,
      { 'a.ts': { x: 2 }, 'b.ts': { y: 1 } },
      'passed',
      'No new finding; 3 known ones of the baseline. Findings.',
    ],
    [
      three,
      { 'a.ts': { x: 5 }, 'b.ts': { y: 1 } },
      'passed',
      'No new finding; 3 known ones of the baseline. Findings. 3 fewer than the baseline: tighten it with gates --write-baseline.',
    ],
    [
      three,
      { 'a.ts': { x: 1 }, 'b.ts': { y: 1 } },
      'failed',
      '1 new finding; 2 known ones of the baseline. Findings.',
    ],
    [
      three,
      { 'b.ts': { x: 9 } },
      'failed',
      '3 new findings; 0 known ones of the baseline. Findings. 9 fewer than the baseline: tighten it with gates --write-baseline.',
    ],
  ])('%#', (findings, known, status, message) => {
    expect(compareWithBaseline(failed(findings), known)).toMatchObject({ status, message });
  });

  test('lists the findings of each file and rule that has more than the baseline counts', () => {
    const { findings } = compareWithBaseline(failed(three), { 'a.ts': { x: 1 }, 'b.ts': { y: 1 } });
    expect(findings).toEqual([finding('a.ts', 'x'), finding('a.ts', 'x')]);
  });

  test.each<[string, Verdict]>([
    ['an error', { status: 'error', message: 'Broken.' }],
    ['a timeout', { status: 'timeout', message: 'Late.' }],
    [
      'a failure that its findings alone do not explain',
      { status: 'failed', message: 'Nothing was linted.', findings: three },
    ],
  ])('%s stays as it is', (_, verdict) => {
    const { status, message } = compareWithBaseline(verdict, {
      'a.ts': { x: 9 },
      'b.ts': { y: 9 },
    });
    expect({ status, message }).toEqual({ status: verdict.status, message: verdict.message });
  });

  test('findings that the tool counted and did not list cannot be compared', () => {
    expect(compareWithBaseline(failed(three, 40), {})).toMatchObject({
      status: 'error',
      message:
        '40 findings cannot be compared with the baseline: the tool listed 3 of them. Correct some, or check fewer files at a time.',
    });
  });

  test('a gate without findings says that the baseline is too wide', () => {
    expect(
      compareWithBaseline({ status: 'passed', message: 'Fine.' }, { 'a.ts': { x: 2 } }),
    ).toMatchObject({
      status: 'passed',
      message: 'Fine. 2 fewer than the baseline: tighten it with gates --write-baseline.',
    });
  });

  test('passes exactly when no file and rule has more findings than before', () => {
    const some = fc.array(
      fc.record({
        file: fc.constantFrom('a', 'b', 'toString'),
        rule: fc.constantFrom('x', 'constructor'),
      }),
    );
    fc.assert(
      fc.property(some, some, (before, after) => {
        const count = (list: typeof before, key: string) =>
          list.filter(({ file, rule }) => `${file} ${rule}` === key).length;
        const isGreen = after.every(
          ({ file, rule }) => count(after, `${file} ${rule}`) <= count(before, `${file} ${rule}`),
        );
        const all = (list: typeof before) => list.map(({ file, rule }) => finding(file, rule));
        const report = resultWith({ status: 'failed', findings: all(before) });
        const known =
          parseBaseline(JSON.stringify(baselineOf(report)), 'baseline').gates['lint'] ?? {};
        expect(compareWithBaseline(failed(all(after)), known).status).toBe(
          isGreen ? 'passed' : 'failed',
        );
      }),
    );
  });
});

function resultWith({
  status,
  findings,
  omitted = 0,
}: {
  readonly status: 'failed' | 'error';
  readonly findings: readonly Finding[];
  readonly omitted?: number;
}): GatesReport {
  const result: GateResult = {
    ...{ gate: 'lint', status, passed: false, counts: true, message: 'Broken.', findings },
    judgedBy: 'report',
    ...{ details: { baseline: 'ignored' }, findingsOmitted: omitted, durationMs: 1, tool: null },
  };
  return {
    ...{
      verdict: status,
      gates: [result],
      directory: '/repo',
      commit: null,
      dirty: null,
      configHash: '',
    },
    ...{ gatesFile: null, weakened: false, sandbox: 'none', startedAt: '', durationMs: 1 },
  };
}

test.each([
  [resultWith({ status: 'error', findings: [] }), 'The gate lint gives no baseline: Broken.'],
  [
    resultWith({ status: 'failed', findings: three, omitted: 2 }),
    'The gate lint has 2 findings more than findingsLimit: raise it.',
  ],
  [
    { ...resultWith({ status: 'failed', findings: [] }), gates: [] },
    'No gate of this run has a baseline: set "baseline": true in the gates file for build, lint or a gate with sarif.',
  ],
])('no baseline is made of half a report: %#', (report, message) => {
  expect(() => baselineOf(report)).toThrow(message);
});

test('a baseline that cannot be read is told', () => {
  expect(() => parseBaseline('{"version":2}', 'the file')).toThrow(
    /^the file cannot be used: .* Write it anew with gates --write-baseline\.$/s,
  );
});

test('a project with a past: its findings are written down, and from then on only new ones fail', async () => {
  const result = (rule: string) => ({
    ruleId: rule,
    level: 'error',
    message: { text: 'no' },
    locations: [
      { physicalLocation: { artifactLocation: { uri: 'a.py' }, region: { startLine: 1 } } },
    ],
  });
  const log = (rules: readonly string[]) =>
    JSON.stringify({ runs: [{ tool: { driver: { name: 'ruff' } }, results: rules.map(result) }] });
  const gate = { command: 'cp found.json out.sarif; exit 1', sarif: 'out.sarif', baseline: true };
  const directory = projectWith(
    { gates: { ruff: gate } },
    { 'found.json': log(['E1', 'E1']), '.gitignore': 'out.sarif' },
  );
  expect((await runFile(directory)).result('ruff')?.message).toBe(
    '2 new findings; 0 known ones of the baseline. 2 findings of level warning or above.',
  );
  const { report } = await runFile(directory, { ignoreBaseline: true });
  expect(report.verdict).toBe('failed');
  writeFileSync(join(directory, baselinePath), JSON.stringify(baselineOf(report)));
  expect((await runFile(directory)).result('ruff')).toMatchObject({
    status: 'passed',
    message: 'No new finding; 2 known ones of the baseline. 2 findings of level warning or above.',
  });
  await commitAll(directory);
  writeFileSync(join(directory, 'found.json'), log(['E1', 'E1', 'E2']));
  expect((await runFile(directory)).result('ruff')).toMatchObject({
    status: 'failed',
    message: '1 new finding; 2 known ones of the baseline. 3 findings of level warning or above.',
    findings: [{ rule: 'E2' }],
  });
  // The baseline of the base counts, not one that came with the change.
  writeFileSync(
    join(directory, baselinePath),
    '{"version":1,"gates":{"ruff":{"a.py":{"E1":9,"E2":9}}}}',
  );
  expect((await runFile(directory, { base: 'main' })).result('ruff')?.status).toBe('failed');
});
