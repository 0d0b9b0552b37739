import { join } from 'node:path';

import { expect, test } from 'vitest';

import { renderSummary } from '../../../src/cli/gates/summary.ts';
import type { Paint } from '../../../src/cli/output.ts';
import type { GatesReport } from '../../../src/gates/report.ts';
import { finding, gateResult, gatesReport, hostileText } from '../../support/gates-report.ts';

const plain: Paint = (_colour, text) => text;

function summary(report: GatesReport, width: number) {
  return renderSummary(report, { width, paint: plain });
}

const mixed = gatesReport(
  [
    gateResult(),
    gateResult({
      gate: 'lint',
      status: 'failed',
      message: '1 error and 1 warning; a warning is a failure.',
      durationMs: 75_000,
      tool: { name: 'eslint', version: '10.15.0' },
      findings: [
        finding({ rule: 'no-unused-vars', message: "'x' is assigned a value but never used." }),
        finding({
          file: 'packages/very-long-name/src/deeply/nested/module.ts',
          line: 120,
          column: null,
          rule: null,
          severity: 'warning',
          message: 'Something that takes a sentence of more than sixty characters to explain.',
        }),
      ],
      findingsOmitted: 4,
    }),
    gateResult({
      gate: 'test',
      status: 'timeout',
      message: 'vitest did not end within 300 s.',
      tool: null,
    }),
    gateResult({ gate: 'coverage', status: 'skipped', message: 'Left out.' }),
  ],
  { dirty: true, weakened: true },
);

test('on 120 columns the table has the tools, and a finding is a line', () => {
  expect(summary(mixed, 120)).toMatchInlineSnapshot(`
    "┌──────────┬─────────┬────────────┬──────────────────┬────────────────────────────────────────────────┐
    │ Gate     │ Status  │ Time       │ Tool             │ What                                           │
    ├──────────┼─────────┼────────────┼──────────────────┼────────────────────────────────────────────────┤
    │ build    │ passed  │ 1.2 s      │ typescript 6.0.3 │ tsc found nothing.                             │
    │ lint     │ failed  │ 1 min 15 s │ eslint 10.15.0   │ 1 error and 1 warning; a warning is a failure. │
    │ test     │ timeout │ 1.2 s      │                  │ vitest did not end within 300 s.               │
    │ coverage │ skipped │ 1.2 s      │ typescript 6.0.3 │ Left out.                                      │
    └──────────┴─────────┴────────────┴──────────────────┴────────────────────────────────────────────────┘

    lint: 6 findings
      src/app.ts:3:7  'x' is assigned a value but never used. (no-unused-vars)
      packages/very-long-name/src/deeply/nested/module.ts:120
        warning: Something that takes a sentence of more than sixty characters to explain.
      and 4 more (--all shows them)

    not checked: test, coverage
    weakened: a threshold of coverage stands below 85 %
    failed: 1 of 4 gates passed in 12.3 s, commit 0123456789 with changes, sandbox none
    "
  `);
});

test('on 60 columns everything but a place fits, and the message goes below the place', () => {
  const text = summary(mixed, 60);
  expect(text).toMatchInlineSnapshot(`
    "┌──────────┬─────────┬────────────┬────────────────────────┐
    │ Gate     │ Status  │ Time       │ What                   │
    ├──────────┼─────────┼────────────┼────────────────────────┤
    │ build    │ passed  │ 1.2 s      │ tsc found nothing.     │
    │ lint     │ failed  │ 1 min 15 s │ 1 error and 1 warning; │
    │          │         │            │ a warning is a         │
    │          │         │            │ failure.               │
    │ test     │ timeout │ 1.2 s      │ vitest did not end     │
    │          │         │            │ within 300 s.          │
    │ coverage │ skipped │ 1.2 s      │ Left out.              │
    └──────────┴─────────┴────────────┴────────────────────────┘

    lint: 6 findings
      src/app.ts:3:7
        'x' is assigned a value but never used. (no-unused-vars)
      packages/very-long-name/src/deeply/nested/module.ts:120
        warning: Something that takes a sentence of more than
        sixty characters to explain.
      and 4 more (--all shows them)

    not checked: test, coverage
    weakened: a threshold of coverage stands below 85 %
    failed: 1 of 4 gates passed in 12.3 s, commit 0123456789
    with changes, sandbox none
    "
  `);
  const wide = text.split('\n').filter((line) => line.length > 60);
  expect(wide).toEqual([]);
});

test('of many findings the first ten are shown and the rest is counted', () => {
  const findings = Array.from({ length: 30 }, (_, index) => finding({ line: index + 1 }));
  const report = gatesReport([gateResult({ status: 'failed', findings, findingsOmitted: 70 })]);
  const text = summary(report, 120);
  expect(text.match(/src\/app\.ts:\d+:7/g)).toHaveLength(10);
  expect(text).toContain('build: 100 findings\n');
  expect(text).toContain('  and 90 more (--all shows them)\n');
  const all = renderSummary(report, { width: 120, paint: plain, all: true });
  expect(all.match(/src\/app\.ts:\d+:7/g)).toHaveLength(30);
  expect(all).toContain('  and 70 more\n');
});

test('hundreds of one kind do not hide the others: each rule and file is shown, and all are counted', () => {
  const many = Array.from({ length: 450 }, (_, index) =>
    finding({ file: 'src/many.ts', line: index + 1, rule: 'no-debugger', message: 'No.' }),
  );
  const others = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    finding({ file: `src/${name}.ts`, rule: 'eqeqeq', message: 'Use three.' }),
  );
  const rare = finding({ file: 'src/many.ts', line: 900, rule: 'no-undef', message: 'What?' });
  const findings = [...many, ...others, rare];
  const report = gatesReport([gateResult({ gate: 'lint', status: 'failed', findings })]);
  const [, shown = ''] = summary(report, 80).split('\n\n');
  expect(shown).toMatchInlineSnapshot(`
    "lint: 456 findings
      by rule  no-debugger 450, eqeqeq 5, no-undef 1
      by file  src/many.ts 451, src/a.ts 1, src/b.ts 1, src/c.ts 1, src/d.ts 1,
               src/e.ts 1
      src/many.ts:1:7  No. (no-debugger)
      src/many.ts:2:7  No. (no-debugger)
      src/many.ts:3:7  No. (no-debugger)
      src/many.ts:4:7  No. (no-debugger)
      src/a.ts:3:7  Use three. (eqeqeq)
      src/b.ts:3:7  Use three. (eqeqeq)
      src/c.ts:3:7  Use three. (eqeqeq)
      src/d.ts:3:7  Use three. (eqeqeq)
      src/e.ts:3:7  Use three. (eqeqeq)
      src/many.ts:900:7  What? (no-undef)
      and 446 more (--all shows them)"
  `);
});

test('what does not count, or was judged by its exit code alone, is marked, and the next step named', () => {
  const report = gatesReport([
    gateResult(),
    gateResult({
      gate: 'lint',
      status: 'skipped',
      counts: false,
      tool: null,
      message: 'This project does not use eslint (biome seen).',
    }),
    gateResult({ gate: 'e2e', judgedBy: 'exit_code', tool: null, message: 'Exit code 0.' }),
    gateResult({ gate: 'slow', status: 'failed', counts: false, message: '3 errors.' }),
  ]);
  const marked = renderSummary(
    { ...report, verdict: 'passed' },
    {
      width: 100,
      paint: (colour, text) => (colour === 'dim' ? `\u001b[2m${text}\u001b[22m` : text),
    },
  );
  const readable = marked.replaceAll('\u001b[2m', '<').replaceAll('\u001b[22m', '>');
  expect(readable).toMatchInlineSnapshot(`
    "┌───────┬─────────┬───────┬──────────────────┬─────────────────────────────────────────────────────┐
    │ Gate  │ Status  │ Time  │ Tool             │ What                                                │
    ├───────┼─────────┼───────┼──────────────────┼─────────────────────────────────────────────────────┤
    │ build │ passed  │ 1.2 s │ typescript 6.0.3 │ tsc found nothing.                                  │
    │ <lint>  │ <skipped> │ <1.2 s> │                  │ <not counted: This project does not use eslint       │
    │       │         │       │                  │ (biome seen).>                                       │
    │ e2e   │ passed  │ 1.2 s │                  │ Exit code 0. (weaker: exit code only)               │
    │ <slow>  │ <failed>  │ <1.2 s> │ <typescript 6.0.3> │ <not counted: 3 errors.>                              │
    └───────┴─────────┴───────┴──────────────────┴─────────────────────────────────────────────────────┘

    not checked: lint; gates --init proposes gates for the tools that it has
    weaker: e2e, judged by the exit code alone
    passed: 2 of 2 gates passed in 12.3 s, commit 0123456789, sandbox none
    "
  `);
  const none = gatesReport([gateResult({ status: 'skipped', counts: false })], {
    verdict: 'error',
    gatesFile: '.mosaic/gates.json',
  });
  expect(summary(none, 100).split('\n\n')[1]).toMatchInlineSnapshot(`
    "not checked: build
    no gate counts, so there is no verdict
    error: 0 of 0 gates passed in 12.3 s, commit 0123456789, sandbox none
    "
  `);
});

test('the findings of a gate that passed are not shown', () => {
  expect(summary(gatesReport([gateResult({ findings: [finding()] })]), 120)).not.toContain(
    'TS2322',
  );
});

test('a place is told from the working directory, whatever the directory under check', () => {
  const report = gatesReport([gateResult({ status: 'failed', findings: [finding()] })], {
    directory: join(process.cwd(), 'packages', 'one'),
  });
  expect(summary(report, 120)).toContain('  packages/one/src/app.ts:3:7  Type');
});

test('what tools and files are called cannot steer the terminal or forge a line', () => {
  const report = gatesReport([
    gateResult({
      status: 'failed',
      message: hostileText,
      tool: { name: hostileText, version: hostileText },
      findings: [finding({ file: hostileText, rule: hostileText, message: hostileText })],
    }),
  ]);
  const text = summary(report, 120);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text).not.toMatch(/^verdict/m);
  expect(text).not.toContain('evil');
});

test('outside git and with a finding about no file it says what it knows', () => {
  const report = gatesReport(
    [
      gateResult({
        status: 'failed',
        findings: [finding({ file: null, message: 'It is all wrong.' })],
      }),
    ],
    { commit: null, dirty: null },
  );
  const text = summary(report, 120);
  expect(text).toContain('\n  It is all wrong. (TS2322)\n');
  expect(text.trimEnd().split('\n').at(-1)).toBe(
    'failed: 0 of 1 gates passed in 12.3 s, no git commit, sandbox none',
  );
});
