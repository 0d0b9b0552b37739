import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { buildVerdict } from '../../../src/gates/tools/build.ts';
import { literalSettings } from '../../../src/gates/tools/coverage-settings.ts';
import { measuredFiles } from '../../../src/gates/tools/coverage.ts';
import { lintVerdict } from '../../../src/gates/tools/lint.ts';
import { tsconfigReferences } from '../../../src/gates/tools/tsc/projects.ts';
import { judgeProject, type ProjectRun } from '../../../src/gates/tools/tsc/run.ts';
import { testVerdict } from '../../../src/gates/tools/test.ts';
import { madeRun, madeTestRun } from '../support/made-run.ts';

function judgeBuild(run: Pick<ProjectRun, 'run' | 'buildInfo'>) {
  const project = 'tsconfig.json';
  const place = { cwd: '/repo', directory: '/repo' };
  const judged = judgeProject(place, { ...run, project, infoDirectory: '/repo' });
  return buildVerdict([{ ...judged, project }]);
}

/** The verdict each gate reaches when its report is this text and all else is well. */
const verdictsOn: Record<string, (text: string) => { status: string }> = {
  build: (text) => judgeBuild({ run: madeRun(), buildInfo: text }),
  lint: (text) => lintVerdict('/repo', madeRun(), text),
  test: (text) => testVerdict('/repo', madeTestRun({ report: text })),
  coverage: (text) => ({
    status: measuredFiles('/repo', madeTestRun({ coverageSummary: text })) ? 'read' : 'error',
  }),
};

const names = ['total', 'root', 'fileInfos', 'testResults', 'lines', 'errors', '__proto__'];
const json = fc.oneof(
  fc.json(),
  fc.dictionary(fc.constantFrom(...names), fc.jsonValue()).map((value) => JSON.stringify(value)),
);

describe.each(Object.entries(verdictsOn))('the gate %s', (_, verdictOn) => {
  it('is an error for a report of any other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(verdictOn(text).status).toBe('error');
      }),
    );
  });

  it('is never passed for JSON that is no report', () => {
    fc.assert(
      fc.property(json, (text) => {
        expect(verdictOn(text).status).toBe('error');
      }),
    );
  });
});

it('judges any output of tsc, and passes none that ends with another code than 0', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('a.ts(1,2): error TS1: x', 'error TS5: y', '(1,1): error TS1: z', '  more'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const run = madeRun({ exitCode: 2, stdout: lines.join('\n') });
      const { status } = judgeBuild({ run, buildInfo: undefined });
      expect(['failed', 'error']).toContain(status);
    }),
  );
});

it('reads any configuration without throwing', () => {
  const deep = '['.repeat(20_000);
  fc.assert(
    fc.property(fc.oneof(fc.string(), json, fc.constant(deep)), (text) => {
      expect(tsconfigReferences(text)).toBeInstanceOf(Array);
      expect(() => literalSettings(text)).not.toThrow();
    }),
  );
});

it('projects that could not be checked are the reason why nothing was', () => {
  expect(buildVerdict([]).message).toMatch(/^tsconfig\.json names no file/);
  const why = 'tsc could not check packages/a/tsconfig.json: TS5083 Cannot read file.';
  expect(buildVerdict([], [why])).toEqual({ status: 'error', message: why });
});
