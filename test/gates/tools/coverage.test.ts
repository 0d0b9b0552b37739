import { describe, expect, it } from 'vitest';

import { namesCoverageInclude } from '../../../src/gates/tools/test-run.ts';
import { coverageVerdict } from '../../../src/gates/tools/coverage.ts';
import type { TestRun } from '../../../src/gates/gate.ts';
import { coverageFigures } from '../../../src/gates/names.ts';
import { madeRun, madeTestRun, unfinishedRuns } from '../support/made-run.ts';

const thresholds = { lines: 85, statements: 85, functions: 85, branches: 85 };

const all = (covered: number, total: number, pct: unknown = 0) =>
  Object.fromEntries(coverageFigures.map((figure) => [figure, { covered, total, pct }]));

function judge(summary: unknown, changes: Partial<TestRun> = {}) {
  const coverageSummary = typeof summary === 'string' ? summary : JSON.stringify(summary);
  return coverageVerdict('/repo', madeTestRun({ coverageSummary, ...changes }), thresholds);
}

describe('the verdict on coverage', () => {
  it('passes at the threshold', () => {
    expect(judge({ total: all(85, 100), '/repo/src/a.ts': all(85, 100) })).toMatchObject({
      status: 'passed',
      message: 'Covered: lines 85 %, statements 85 %, functions 85 %, branches 85 %.',
      details: { files: 1, lines: 85, linesThreshold: 85 },
    });
  });

  it('fails below it, and names the files that lack most', () => {
    const total = { ...all(90, 100), branches: { covered: 84_999, total: 100_000 } };
    const summary = {
      total,
      '/repo/src/full.ts': all(4, 4),
      '/repo/src/a.ts': all(3, 4),
      '/repo/src/b.ts': all(1, 4),
    };
    const verdict = judge(summary);
    expect(verdict).toMatchObject({
      status: 'failed',
      message: 'Below the threshold: branches 84.99 % of 85 %.',
    });
    expect(verdict.findings?.map(({ file, rule, message }) => [file, rule, message])).toEqual([
      ['src/b.ts', 'branches', '1 of 4 branches covered.'],
      ['src/a.ts', 'branches', '3 of 4 branches covered.'],
    ]);
  });

  it('is that of the code also when tests are red', () => {
    const run = madeRun({ exitCode: 1 });
    expect(judge({ total: all(9, 10) }, { run }).status).toBe('passed');
  });

  it('fails over nothing', () => {
    const { status, message } = judge({ total: all(0, 0, 'Unknown') });
    expect(status).toBe('failed');
    expect(message).toContain('over no code at all');
  });

  it('does not ask for branches where there are none', () => {
    const total = { ...all(9, 10), branches: { covered: 0, total: 0, pct: 'Unknown' } };
    expect(judge({ total }).status).toBe('passed');
  });

  it.each([
    ['is empty', ''],
    ['is of another kind', '{"success":true}'],
    ['covers more than there is', { total: all(11, 10) }],
    ['lacks a figure', { total: { lines: { covered: 1, total: 1 } } }],
  ])('is an error when the summary %s', (_, summary) => {
    expect(judge(summary).status).toBe('error');
  });

  it('is an error when there is none, or a reason why', () => {
    expect(judge('', { coverageSummary: undefined }).status).toBe('error');
    expect(judge({ total: all(1, 1) }, { coverageProblem: 'No provider.' })).toMatchObject({
      status: 'error',
      message: 'No provider.',
    });
  });

  it.each(unfinishedRuns)('knows a run that did not end: %j', (run, status) => {
    expect(judge({ total: all(1, 1) }, { run: madeRun(run) }).status).toBe(status);
  });
});

it.each([
  [true, "export default defineConfig({ test: { coverage: { include: ['lib/**'] } } });"],
  [true, "const c = { 'coverage': { thresholds: { 'src/*': { lines: 1 } }, include: x } };"],
  [true, 'export default { test: { coverage: { include: [] } } } satisfies UserConfig;'],
  [false, "export default { test: { coverage: { provider: 'v8' }, include: ['test/**'] } };"],
  [false, 'export default { test: { coverage: { /* include: [] */ } } };'],
  [false, "export default { test: { coverage: { exclude: ['include:'] } } };"],
  [false, 'export default { test: { coverage: { thresholds: { include: 1 } } } };'],
  [false, 'export default {'],
])('%s: the configuration names what coverage counts: %s', (names, config) => {
  expect(namesCoverageInclude(config)).toBe(names);
});
