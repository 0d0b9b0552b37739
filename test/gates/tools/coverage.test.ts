import { describe, expect, it } from 'vitest';

import { literalSettings } from '../../../src/gates/tools/coverage-settings.ts';
import { coverage } from '../../../src/gates/tools/coverage.ts';
import type { TestRun } from '../../../src/gates/gate.ts';
import { coverageFigures } from '../../../src/gates/names.ts';
import { fakeCheckout } from '../support/fake-checkout.ts';
import { greenReport, madeRun, madeTestRun, unfinishedRuns } from '../support/made-run.ts';

const all = (covered: number, total: number, pct: unknown = 0) =>
  Object.fromEntries(coverageFigures.map((figure) => [figure, { covered, total, pct }]));

/** The verdict on a summary, in a project of these files. */
function judge(
  summary: unknown,
  changes: Partial<TestRun> = {},
  files: Readonly<Record<string, string>> = {},
) {
  const coverageSummary = typeof summary === 'string' ? summary : JSON.stringify(summary);
  const texts: Record<string, string> = {};
  for (const [file, text] of Object.entries(files)) texts[`/repo/${file}`] = text;
  const { checkout } = fakeCheckout([{}], texts);
  const run = madeTestRun({ coverageSummary, report: greenReport, ...changes });
  return coverage.check({
    ...checkout,
    files: () => Promise.resolve(Object.keys(files)),
    testRun: () => Promise.resolve(run),
  });
}

/** A summary of one file. */
const of = (covered: number, total: number) => ({
  total: all(covered, total),
  '/repo/src/a.ts': all(covered, total),
});

describe('the verdict on coverage', () => {
  it('passes at the threshold', async () => {
    expect(await judge(of(85, 100))).toMatchObject({
      status: 'passed',
      message: 'Covered: lines 85 %, statements 85 %, functions 85 %, branches 85 %.',
      details: { files: 1, lines: 85, linesThreshold: 85 },
    });
  });

  it('fails below it, and names the files that lack most', async () => {
    const summary = {
      total: all(0, 0),
      '/repo/src/full.ts': { ...all(90, 90), branches: { covered: 84_995, total: 84_995 } },
      '/repo/src/a.ts': { ...all(3, 3), branches: { covered: 2, total: 5 } },
      '/repo/src/b.ts': { ...all(1, 1), branches: { covered: 2, total: 15_000 } },
    };
    const verdict = await judge(summary);
    expect(verdict).toMatchObject({
      status: 'failed',
      message: 'Below the threshold: branches 84.99 % of 85 %.',
    });
    expect(verdict.findings?.map(({ file, rule, message }) => [file, rule, message])).toEqual([
      ['src/b.ts', 'branches', '2 of 15000 branches covered.'],
      ['src/a.ts', 'branches', '2 of 5 branches covered.'],
    ]);
  });

  it('is that of the code also when tests are red', async () => {
    const report = greenReport
      .replaceAll('"status":"passed"', '"status":"failed"')
      .replace('"numPassedTests":1,"numFailedTests":0', '"numPassedTests":0,"numFailedTests":1');
    const run = madeRun({ exitCode: 1 });
    expect((await judge(of(9, 10), { run, report })).status).toBe('passed');
  });

  it('fails over nothing', async () => {
    const { status, message } = await judge({ total: all(0, 0, 'Unknown') });
    expect(status).toBe('failed');
    expect(message).toContain('over no code at all');
  });

  it('does not ask for branches where there are none', async () => {
    const figures = { ...all(9, 10), branches: { covered: 0, total: 0, pct: 'Unknown' } };
    expect((await judge({ total: figures, '/repo/src/a.ts': figures })).status).toBe('passed');
  });

  it('is not about files from elsewhere, tests and packages, which would hide the rest', async () => {
    const summary = {
      total: all(1001, 1002),
      '/repo/src/a.ts': all(1, 2),
      '/other/src/big.ts': all(400, 400),
      '/repo/test/a.test.ts': all(300, 300),
      '/repo/node_modules/b/src/b.js': all(300, 300),
    };
    expect(await judge(summary)).toMatchObject({
      status: 'failed',
      details: { files: 1, lines: 50 },
    });
  });

  const never = 'export const never = () => 1;\n';
  it('says how many sources were not measured', async () => {
    const verdict = await judge(of(9, 10), {}, { 'src/a.ts': never, 'src/b.ts': never });
    expect(verdict).toMatchObject({
      status: 'passed',
      details: { sources: 2, sourcesExcluded: 1 },
    });
    expect(verdict.message).toMatch(/ 1 of 2 source files was not measured, most in src\.$/);
  });

  it('fails when most sources were not measured', async () => {
    const files = {
      'src/a.ts': never,
      'src/b.ts': never,
      'src/c/d.ts': never,
      'src/c/e.ts': never,
    };
    expect(await judge(of(9, 10), {}, files)).toMatchObject({
      status: 'failed',
      message:
        'Coverage was measured over less than half of the sources. 3 of 4 source files were not measured, most in src/c. Include them, or name the files that count in .mosaic/gates.json (gates.coverage.include).',
    });
  });

  it('misses no file that holds nothing to measure, and no test or configuration', async () => {
    const files = {
      'src/a.ts': never,
      'src/types.ts': 'export type A = 1;\ndeclare const b: A;\nexport interface C {}\n',
      'src/index.ts': "import './a.ts';\nexport * from './a.ts';\nexport { b } from './b.ts';\n",
      'src/env.d.ts': 'declare const c: 1;\n',
      'src/a.test.ts': never,
      'vitest.config.ts': never,
    };
    const verdict = await judge(of(9, 10), {}, files);
    expect(verdict.details).toMatchObject({ sources: 1, sourcesExcluded: 0 });
  });

  it('counts besides what the globs of the project do not name, and does not fail for it', async () => {
    const files = { 'src/a.ts': never, 'src/b.ts': never, 'src/c.ts': never, 'lib/d.ts': never };
    const verdict = await judge(of(9, 10), { coverageInclude: ['src/a.ts'] }, files);
    expect(verdict).toMatchObject({ status: 'passed', details: { sources: 3, sourcesBesides: 2 } });
  });

  it.each([
    ['is empty', ''],
    ['is of another kind', '{"success":true}'],
    ['covers more than there is', { total: all(11, 10) }],
    ['lacks a figure', { total: { lines: { covered: 1, total: 1 } } }],
  ])('is an error when the summary %s', async (_, summary) => {
    expect((await judge(summary)).status).toBe('error');
  });

  it('is an error when there is none, or a reason why', async () => {
    expect((await judge('', { coverageSummary: undefined })).status).toBe('error');
    const coverageProblem = { status: 'error', message: 'No provider.' } as const;
    expect(await judge(of(1, 1), { coverageProblem })).toMatchObject(coverageProblem);
  });

  it('is an error when the tests could not be run', async () => {
    const run = madeRun({ exitCode: 1, stderr: 'Error: broken' });
    expect(await judge(of(0, 10), { run, report: undefined })).toMatchObject({
      status: 'error',
      message:
        'Coverage was not measured, because the tests could not be run: vitest left no report: Error: broken',
    });
  });

  it.each(unfinishedRuns)('knows a run that did not end: %j', async (run, status) => {
    expect((await judge(of(1, 1), { run: madeRun(run) })).status).toBe(status);
  });
});

it.each([
  [
    { include: ['lib/**'] },
    "export default defineConfig({ test: { coverage: { include: ['lib/**'] } } });",
  ],
  [{ include: [] }, 'export default { test: { coverage: { include: [] } } } satisfies UserConfig;'],
  [
    { provider: 'istanbul' },
    "export default { 'test': { 'coverage': { provider: 'istanbul' }, include: ['test/**'] } };",
  ],
  [{}, 'export default { test: { coverage: { /* include: [] */ } } };'],
  [{}, "export default { test: { coverage: { exclude: ['include:'] } } };"],
  [{}, 'export default { test: { coverage: { thresholds: { include: 1 } } } };'],
  [{}, "export default { test: { projects: [{ test: { coverage: { include: ['a'] } } }] } };"],
  [{}, "export default { coverage: { include: ['a'] }, plugins: [react()] };"],
  [{}, 'export default {};'],
])('%j is what a literal configuration says of coverage: %s', (settings, config) => {
  expect(literalSettings(config)).toEqual(settings);
});

it.each([
  'export default { ...shared };',
  'export default { test: { ...shared } };',
  'export default { test: { coverage: { ...shared } } };',
  'export default { test: { coverage } };',
  'export default { test };',
  'export default { test: { coverage: { include: sources } } };',
  'export default { test: { coverage: { include: [sources] } } };',
  'export default { test: { coverage: { provider: process.env.PROVIDER } } };',
  'export default { test: { get coverage() { return {}; } } };',
  "export default { ['te' + 'st']: {} };",
  "export default { root: 'inner', test: {} };",
  "export default { test: { root: 'inner' } };",
  'export default mergeConfig(shared, {});',
  'export default defineConfig(() => ({}));',
  'export default config;',
  'module.exports = {};',
  'export default {',
  '',
])('vitest is asked what it makes of another configuration: %s', (config) => {
  expect(literalSettings(config)).toBeUndefined();
});
