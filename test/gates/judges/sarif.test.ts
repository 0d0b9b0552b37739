import { expect, test } from 'vitest';

import { judgeSarif } from '../../../src/gates/judges/sarif.ts';
import { judged } from '../support/judged.ts';

const at = (uri: string, startLine = 3) => [
  { physicalLocation: { artifactLocation: { uri }, region: { startLine, startColumn: 5 } } },
];
const found = {
  ruleId: 'F401',
  level: 'error',
  message: { text: 'unused' },
  locations: at('src/a.ts'),
};
const log = (results: unknown, run: object = {}) =>
  JSON.stringify({
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'ruff' } }, results, ...run }],
  });

/** The text of the one run of a log. */
const runIn = (text: string) => text.slice(text.indexOf('[') + 1, -2);

test.each([
  [
    'no result',
    log([]),
    0,
    'passed',
    'No finding of level warning or above. The report names no file that was looked at.',
  ],
  [
    'no result, and the files that were looked at',
    log([], { artifacts: [{ location: { uri: 'a' } }, { location: { uri: 'b' } }] }),
    0,
    'passed',
    '2 files looked at, no finding of level warning or above.',
  ],
  ['an error', log([found]), 1, 'failed', '1 finding of level warning or above.'],
  [
    'an error, although the command ended with 0',
    log([found]),
    0,
    'failed',
    '1 finding of level warning or above.',
  ],
  [
    'a result without a level is a warning',
    log([{ ruleId: 'a' }]),
    1,
    'failed',
    '1 finding of level warning or above.',
  ],
  [
    'the level of its rule',
    log([{ ruleId: 'a', ruleIndex: 0 }], {
      tool: {
        driver: { name: 'x', rules: [{ id: 'a', defaultConfiguration: { level: 'note' } }] },
      },
    }),
    1,
    'passed',
    'No finding of level warning or above, 1 below. The report names no file that was looked at.',
  ],
  [
    'a suppressed one',
    log([{ ...found, suppressions: [{ kind: 'inSource' }] }]),
    0,
    'passed',
    'No finding of level warning or above, 1 suppressed. The report names no file that was looked at.',
  ],
  [
    'a suppression that was rejected',
    log([{ ...found, suppressions: [{ kind: 'inSource', status: 'rejected' }] }]),
    1,
    'failed',
    '1 finding of level warning or above.',
  ],
  [
    'what is fine is no finding',
    log([{ ruleId: 'a', kind: 'pass' }]),
    0,
    'passed',
    'No finding of level warning or above. The report names no file that was looked at.',
  ],
  [
    'several runs',
    `{"runs":[${runIn(log([]))},${runIn(log([found]))}]}`,
    1,
    'failed',
    '1 finding of level warning or above.',
  ],
  [
    'exit code 1 without a finding',
    log([]),
    1,
    'error',
    'The command ended with exit code 1, but report holds no finding that explains it.',
  ],
  [
    'exit code 2',
    log([{ ...found, level: 'note' }]),
    2,
    'error',
    'The command ended with exit code 2, but report holds no finding that explains it.',
  ],
  [
    'exit code 1 and a suppressed one alone',
    log([{ ...found, suppressions: [{ kind: 'inSource' }] }]),
    1,
    'error',
    'The command ended with exit code 1, but report holds no finding that explains it.',
  ],
  ['no run', '{"runs":[]}', 0, 'error', 'report holds no run.'],
  [
    'a run without results',
    log(undefined),
    0,
    'error',
    'report: ruff did not look at anything: its run has no results, not even an empty list.',
  ],
  [
    'a run that did not succeed',
    log([], { invocations: [{ executionSuccessful: false }] }),
    0,
    'error',
    'report: ruff says that it did not succeed.',
  ],
  [
    'a run with a problem',
    log([], {
      invocations: [
        {
          executionSuccessful: true,
          toolExecutionNotifications: [
            { level: 'error', message: { text: 'a.py does not parse' } },
          ],
        },
      ],
    }),
    0,
    'error',
    'report: ruff had a problem: a.py does not parse',
  ],
  [
    'results elsewhere',
    log([], { externalPropertyFileReferences: { results: [{}] } }),
    0,
    'error',
    'report: the results of ruff are in other files, which are not read.',
  ],
  ['half a report', log([]).slice(0, -3), 0, 'error', 'report is no SARIF report.'],
  ['another document', '{"a":1}', 0, 'error', 'report is no SARIF report.'],
])('%s', (_, text, exitCode, status, message) => {
  expect(judgeSarif(judged(text, { exitCode }), 'warning')).toMatchObject({ status, message });
});

test('the level is that of the gate', () => {
  const text = log([{ ...found, level: 'note' }]);
  expect(judgeSarif(judged(text), 'note').status).toBe('failed');
  expect(judgeSarif(judged(text), 'error')).toMatchObject({
    status: 'passed',
    details: { findings: 0, belowLevel: 1, suppressed: 0 },
  });
});

test.each([
  ['file:///repo/src/a%20b.ts', undefined, 'src/a b.ts'],
  ['src/a.ts', undefined, 'src/a.ts'],
  ['a.ts', 'file:///repo/src', 'src/a.ts'],
  ['file:///elsewhere/a.ts', undefined, '/elsewhere/a.ts'],
])('a finding names its place: %s of %s', (uri, base, file) => {
  const location = { uri, ...(base === undefined ? {} : { uriBaseId: 'TOP' }) };
  const result = {
    ...found,
    locations: [
      {
        physicalLocation: { artifactLocation: location, region: { startLine: 3, startColumn: 5 } },
      },
    ],
  };
  const run = base === undefined ? {} : { originalUriBaseIds: { TOP: { uri: base } } };
  expect(judgeSarif(judged(log([result], run)), 'warning').findings).toEqual([
    { file, line: 3, column: 5, rule: 'F401', message: 'unused', severity: 'error' },
  ]);
});

test.each([
  [0, 1],
  [1, 1],
  [2, undefined],
])('findings alone explain an exit code of 0 or 1 to a baseline, not %i', (exitCode, faults) => {
  expect(judgeSarif(judged(log([found]), { exitCode }), 'warning').faults).toBe(faults);
});
