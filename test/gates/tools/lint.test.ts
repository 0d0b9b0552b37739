import { describe, expect, it } from 'vitest';

import { lintVerdict } from '../../../src/gates/tools/lint.ts';
import { madeRun, unfinishedRuns } from '../support/made-run.ts';

const file = { filePath: '/repo/src/a.js', messages: [], errorCount: 0, warningCount: 0 };
const clean = JSON.stringify([file]);
const message = { ruleId: 'no-console', severity: 1, message: 'Unexpected.', line: 1, column: 2 };
const warned = JSON.stringify([{ ...file, messages: [message], warningCount: 1 }]);

const judge = (run: Parameters<typeof madeRun>[0], report?: string) =>
  lintVerdict('/repo', madeRun(run), report);

describe('the verdict on eslint', () => {
  it('passes when no file has a problem', () => {
    expect(judge({}, clean)).toEqual({
      status: 'passed',
      message: '1 file linted, no problem.',
      details: { files: 1, errors: 0, warnings: 0 },
    });
  });

  it('fails for a warning', () => {
    expect(judge({ exitCode: 1 }, warned)).toEqual({
      status: 'failed',
      message: '0 errors and 1 warning.',
      faults: 1,
      details: { files: 1, errors: 0, warnings: 1 },
      findings: [
        {
          file: 'src/a.js',
          line: 1,
          column: 2,
          rule: 'no-console',
          message: 'Unexpected.',
          severity: 'warning',
        },
      ],
    });
  });

  it('fails for a file that cannot be parsed', () => {
    const fatal = { ruleId: null, fatal: true, severity: 2, message: 'Parsing error' };
    const report = JSON.stringify([{ ...file, messages: [fatal], errorCount: 1 }]);
    const verdict = judge({ exitCode: 1 }, report);
    expect(verdict.status).toBe('failed');
    expect(verdict.findings).toMatchObject([{ line: null, column: null, severity: 'error' }]);
  });

  it.each([
    ['the configuration crashes or no file matches', { exitCode: 2, stderr: 'Oops!' }, undefined],
    ['it crashes in spite of a report', { exitCode: 2 }, clean],
    ['there is no report', {}, undefined],
    ['the report is empty', {}, ''],
    ['the report lists no file', {}, '[]'],
    ['the report is of another kind', {}, '{"success":true}'],
    ['it ends with 1 and reports nothing', { exitCode: 1 }, clean],
    ['it ends with 0 in spite of a warning', { exitCode: 0 }, warned],
    [
      'the counts are not those of the list',
      { exitCode: 1 },
      JSON.stringify([{ ...file, errorCount: 3 }]),
    ],
  ])('is an error when %s', (_, run, report) => {
    expect(judge(run, report).status).toBe('error');
  });

  it.each(unfinishedRuns)('knows a run that did not end: %j', (run, status) => {
    expect(judge(run, clean).status).toBe(status);
  });
});
