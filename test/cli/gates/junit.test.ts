import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { renderJunit } from '../../../src/cli/gates/junit.ts';
import { finding, gateResult, gatesReport, hostileText } from '../../support/gates-report.ts';

const outcome = z.object({ message: z.string(), type: z.string(), '#text': z.string().optional() });
const testcase = z.object({
  name: z.string(),
  classname: z.string(),
  file: z.string().optional(),
  failure: outcome.optional(),
  error: outcome.optional(),
  skipped: outcome.optional(),
});
const counts = z.object({
  tests: z.coerce.number(),
  failures: z.coerce.number(),
  errors: z.coerce.number(),
  skipped: z.coerce.number(),
});
const document = z.object({
  testsuites: counts.extend({
    testsuite: z.array(
      counts.extend({ name: z.string(), time: z.coerce.number(), testcase: z.array(testcase) }),
    ),
  }),
});

function parse(xml: string) {
  expect(SyntaxValidator.validate(xml)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  return document.parse(parser.parse(xml)).testsuites;
}

const report = gatesReport([
  gateResult(),
  gateResult({
    gate: 'lint',
    status: 'failed',
    message: 'Two errors.',
    findings: [finding({ rule: 'eqeqeq' }), finding({ file: null, rule: null })],
    findingsOmitted: 5,
  }),
  gateResult({ gate: 'test', status: 'timeout', message: 'Too slow.', findings: [finding()] }),
  gateResult({ gate: 'coverage', status: 'error', message: 'No provider.' }),
  gateResult({ gate: 'integrity', status: 'skipped', message: 'No base.' }),
]);

test('each gate is a suite, and failures, errors and skipped gates are told apart', () => {
  const { testsuite, ...totals } = parse(renderJunit(report));
  expect(totals).toMatchObject({ tests: 7, failures: 3, errors: 2, skipped: 1 });
  const told = testsuite.map(({ name, tests, failures, errors, skipped }) => ({
    [name]: [tests, failures, errors, skipped],
  }));
  expect(told).toEqual([
    { build: [1, 0, 0, 0] },
    { lint: [3, 3, 0, 0] },
    { test: [1, 0, 1, 0] },
    { coverage: [1, 0, 1, 0] },
    { integrity: [1, 0, 0, 1] },
  ]);
});

test('a finding is a case whose name says what is wrong, and what was left out is counted', () => {
  const [build, lint, tests] = parse(renderJunit(report)).testsuite;
  expect(build).toMatchObject({ time: 1.234, testcase: [{ name: 'build', classname: 'gates' }] });
  const message = "Type 'string' is not assignable to type 'number'.";
  expect(lint?.testcase).toEqual([
    {
      name: `eqeqeq: ${message}`,
      classname: 'src/app.ts:3:7',
      file: 'src/app.ts',
      failure: { message, type: 'error', '#text': `src/app.ts:3:7 ${message} (eqeqeq)` },
    },
    { name: message, classname: 'lint', failure: { message, type: 'error', '#text': message } },
    {
      name: 'lint',
      classname: 'gates',
      failure: { message: 'Two errors. (5 more findings are left out)', type: 'failed' },
    },
  ]);
  expect(tests?.testcase).toMatchObject([
    { name: 'test', error: { type: 'timeout', '#text': `src/app.ts:3:7 ${message} (TS2322)` } },
  ]);
});

test('what does not count is skipped, whatever it came to, and what is weaker says so', () => {
  const optional = gateResult({
    gate: 'lint',
    status: 'failed',
    counts: false,
    message: 'Bad.',
    findings: [finding()],
  });
  const weaker = gateResult({ gate: 'e2e', judgedBy: 'exit_code' });
  const { testsuite, ...totals } = parse(renderJunit(gatesReport([optional, weaker])));
  expect(totals).toMatchObject({ tests: 2, failures: 0, skipped: 1 });
  expect(testsuite.flatMap(({ testcase }) => testcase)).toMatchObject([
    { name: 'lint', skipped: { message: 'Not counted, failed: Bad.', type: 'failed' } },
    { name: 'e2e (weaker: exit code only)' },
  ]);
});

test('no text of a tool can break the document, or puts characters into it that XML forbids', () => {
  const xml = renderJunit(
    gatesReport([
      gateResult({
        status: 'failed',
        message: hostileText,
        findings: [finding({ file: hostileText, rule: hostileText, message: hostileText })],
        findingsOmitted: 1,
      }),
      gateResult({
        gate: 'test',
        status: 'error',
        message: hostileText,
        findings: [finding({ message: hostileText })],
      }),
    ]),
  );
  expect(xml).not.toMatch(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u);
  const { testsuite } = parse(xml);
  expect(testsuite.map(({ tests }) => tests)).toEqual([2, 1]);
  expect(testsuite[1]?.testcase[0]?.error?.message).toContain(']]> <b a="1">&amp;');
});
