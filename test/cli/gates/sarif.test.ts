import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { renderSarif } from '../../../src/cli/gates/sarif.ts';
import { finding, gateResult, gatesReport, hostileText } from '../../support/gates-report.ts';

/** What the schema of SARIF 2.1.0 asks of the keys that we write; a key that we do not know fails. */
const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(['error', 'warning', 'note']);
const uri = z.string().regex(/^(?!\/)[\x21-\x7e]+$/);
const location = z.strictObject({
  physicalLocation: z.strictObject({
    artifactLocation: z.strictObject({ uri, index: z.int().min(0) }),
    region: z
      .strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1).optional() })
      .optional(),
  }),
});
const run = z.strictObject({
  tool: z.strictObject({
    driver: z.strictObject({
      name: z.string(),
      version: z.string().min(1).optional(),
      rules: z.array(z.strictObject({ id: z.string() })),
    }),
  }),
  automationDetails: z.strictObject({ id: z.string() }),
  invocations: z.array(
    z.strictObject({
      executionSuccessful: z.boolean(),
      startTimeUtc: z.iso.datetime(),
      toolExecutionNotifications: z.array(z.strictObject({ level, message })),
    }),
  ),
  properties: z.record(z.string(), z.unknown()),
  artifacts: z.array(z.strictObject({ sourceLanguage: z.string(), location: z.object({ uri }) })),
  results: z.array(
    z.strictObject({
      level,
      message,
      ruleId: z.string(),
      ruleIndex: z.int().min(0),
      locations: z.array(location).optional(),
    }),
  ),
});
const log = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(run),
});

function sarif(...results: Parameters<typeof gatesReport>[0]) {
  return log.parse(JSON.parse(renderSarif(gatesReport(results)))).runs;
}

test('a gate is a run of its tool, a finding a result at its place', () => {
  const [lint] = sarif(
    gateResult({
      gate: 'lint',
      status: 'failed',
      findings: [finding(), finding({ file: null, rule: null, severity: 'warning' })],
    }),
  );
  expect(lint).toMatchObject({
    tool: { driver: { name: 'typescript', version: '6.0.3' } },
    automationDetails: { id: 'coordinator/lint/' },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: [] }],
    properties: { gate: 'lint', status: 'failed', counts: true },
  });
  expect(lint?.results).toMatchObject([
    {
      ruleId: 'TS2322',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'src/app.ts' },
            region: { startLine: 3, startColumn: 7 },
          },
        },
      ],
    },
    { ruleId: 'lint', level: 'warning' },
  ]);
});

test('no findings is told apart from not checked, and a failure without any has one', () => {
  const [passed, error, skipped, failed] = sarif(
    gateResult(),
    gateResult({ gate: 'lint', status: 'error', message: 'No eslint.', tool: null }),
    gateResult({ gate: 'test', status: 'skipped', counts: false, message: 'Not used.' }),
    gateResult({ gate: 'coverage', status: 'failed', message: '12 % of 85 %.' }),
  );
  const told = (text: string, of: 'error' | 'note') => [
    { executionSuccessful: false, toolExecutionNotifications: [{ level: of, message: { text } }] },
  ];
  expect(passed).toMatchObject({ results: [], invocations: [{ executionSuccessful: true }] });
  expect(error).toMatchObject({ results: [], invocations: told('No eslint.', 'error') });
  expect(skipped).toMatchObject({ results: [], invocations: told('Not used.', 'note') });
  expect(failed?.results).toMatchObject([{ message: { text: '12 % of 85 %.' } }]);
});

test('what does not count is a note', () => {
  const [only] = sarif(gateResult({ status: 'failed', counts: false, findings: [finding()] }));
  expect(only?.results.map((result) => result.level)).toEqual(['note']);
});

test('odd places and texts make no invalid log', () => {
  const text = `SARIF_BUILDER_INVALID ${hostileText}`;
  const [only] = sarif(
    gateResult({
      status: 'failed',
      findings: [
        finding({ file: 'src/ä b#c?.ts', line: 0, column: 0, message: text, rule: text }),
        finding({ file: '../out/x.ts', column: null }),
      ],
    }),
  );
  const uris = only?.results.map(
    ({ locations }) => locations?.[0]?.physicalLocation.artifactLocation.uri,
  );
  const outside = pathToFileURL(resolve('../out/x.ts')).href;
  expect(uris).toEqual(['src/%C3%A4%20b%23c%3F.ts', outside]);
});
