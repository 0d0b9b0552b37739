import { describe, expect, it } from 'vitest';

import type { Verdict } from '../../../../src/gates/gate.ts';
import { withBuildScope, type BuildScope } from '../../../../src/gates/tools/scope/build-scope.ts';

const clean: Verdict = { status: 'passed', message: '9 files checked, no error.' };

interface Case {
  readonly verdict?: Verdict;
  readonly own?: readonly string[];
  readonly foreign?: readonly string[];
  readonly obstacles?: BuildScope['obstacles'];
  readonly excluded?: readonly string[];
}

function judge(code: readonly string[], held: readonly string[], given: Case = {}) {
  const { verdict = clean, own = ['.'], foreign = [], obstacles = [], excluded = [] } = given;
  const packages = { own: new Set(own), foreign: new Set(foreign) };
  const scope = { code, leftOut: 0, packages, held: new Set(held), obstacles, excluded };
  return withBuildScope(verdict, scope);
}

describe('what tsc looked at', () => {
  it('is all files: passed', () => {
    expect(judge(['a.ts'], ['a.ts', 'lib.d.ts'])).toEqual({
      ...clean,
      details: { filesUnchecked: 0, filesLeftOut: 0 },
    });
  });

  it('is most files: passed, and the rest is told', () => {
    const verdict = judge(['src/a.ts', 'src/b.ts', 'test/a.ts'], ['src/a.ts']);
    expect(verdict).toMatchObject({ status: 'passed', details: { filesUnchecked: 2 } });
    expect(verdict.message).toBe(
      '9 files checked, no error. 2 of 3 TypeScript files are in no project that was checked, most in src.',
    );
  });

  it('is less than half of the sources: an error with the cure', () => {
    const verdict = judge(['src/a.ts', 'src/b.ts', 'lib/c.ts'], ['src/a.ts']);
    expect(verdict.status).toBe('error');
    expect(verdict.message).toBe(
      'Less than half of the sources were checked: 2 of 3 TypeScript files are in no project that was checked, most in src. Reference their tsconfig from tsconfig.json, name it in .mosaic/gates.json (gates.build.tsconfig), or leave them out there (gates.build.ignore).',
    );
  });

  it('is less than half of the sources beside errors: no baseline can make it pass', () => {
    const verdict: Verdict = { status: 'failed', message: '1 error found.', faults: 1 };
    expect(judge(['src/a.ts', 'src/b.ts', 'lib/c.ts'], ['src/a.ts'], { verdict })).toMatchObject({
      status: 'failed',
      faults: undefined,
    });
  });

  it('leaves out a whole package: an error with the reason', () => {
    const verdict = judge(
      ['src/a.ts', 'src/b.ts', 'packages/x/src/a.ts'],
      ['src/a.ts', 'src/b.ts'],
      {
        own: ['.', 'packages/x'],
        obstacles: ['tsc could not check packages/x/tsconfig.json: TS5023 Unknown.'],
      },
    );
    expect(verdict.status).toBe('error');
    expect(verdict.message).toMatch(
      /^No source of the package packages\/x was checked: 1 of 3 .* tsc could not check packages\/x\/tsconfig\.json/,
    );
  });

  it('leaves out helpers at the top of a workspace, tests and foreign packages: passed', () => {
    const code = ['packages/x/a.ts', 'release.ts', 'test/a.ts', 'other/a.ts', 'vite.config.ts'];
    const own = ['.', 'packages/x'];
    const verdict = judge(code, ['packages/x/a.ts'], { own, foreign: ['other'] });
    expect(verdict).toMatchObject({ status: 'passed', details: { filesUnchecked: 4 } });
  });

  it('leaves out a package that tsconfig.json excludes: passed, unless it is most of the project', () => {
    const given = { own: ['.', 'packages/x'], excluded: ['packages/x'] };
    const code = ['src/a.ts', 'src/b.ts', 'packages/x/src/a.ts'];
    expect(judge(code, ['src/a.ts', 'src/b.ts'], given).status).toBe('passed');
    expect(judge([...code, 'packages/x/b.ts'], ['src/a.ts'], given).status).toBe('error');
  });

  it('leaves the status of a failure and of an error', () => {
    const failed: Verdict = { status: 'failed', message: '1 error found.' };
    expect(judge(['a.ts'], [], { verdict: failed })).toMatchObject({ status: 'failed' });
    const error: Verdict = { status: 'error', message: 'No.' };
    expect(judge(['a.ts'], [], { verdict: error })).toEqual(error);
  });
});
