import { describe, expect, it } from 'vitest';

import type { Verdict } from '../../../../src/gates/gate.ts';
import {
  parseScope,
  withLintScope,
  type LintScope,
} from '../../../../src/gates/tools/scope/lint-scope.ts';

const clean: Verdict = { status: 'passed', message: '9 files linted, no problem.' };

function judge(scope: LintScope | string, { verdict = clean, members = ['.'] } = {}) {
  const code = typeof scope === 'string' ? ['src/a.ts'] : Object.keys(scope);
  const packages = { own: new Set(members), foreign: new Set<string>() };
  return withLintScope(verdict, { packages, code, leftOut: 1 }, scope);
}

describe('what rules looked at', () => {
  it('is all code: passed', () => {
    expect(judge({ 'src/a.ts': 'ruled', 'test/a.test.ts': 'ruled' })).toEqual({
      ...clean,
      details: { sources: 2, sourcesByNoRule: 0, sourcesLeftOut: 1 },
    });
  });

  it('is most of the code: passed, and the rest is told', () => {
    const verdict = judge({ 'src/a.ts': 'ruled', 'src/b.ts': 'ruled', 'lib/c.ts': 'ignored' });
    expect(verdict.status).toBe('passed');
    expect(verdict.message).toBe(
      '9 files linted, no problem. 1 of 3 source files was looked at by no rule (1 ignored), most in lib.',
    );
  });

  it.each<[string, LintScope, string]>([
    ['nothing', { 'src/a.ts': 'bare', 'src/b.ts': 'unmatched' }, 'No rule looks at the sources'],
    ['no source', { 'src/a.ts': 'ignored', 'test/a.ts': 'ruled' }, 'No rule looks at the sources'],
    [
      'no TypeScript',
      { 'src/a.js': 'ruled', 'src/b.js': 'ruled', 'src/c.ts': 'unmatched' },
      'No rule looks at TypeScript',
    ],
    ['no JavaScript', { 'a.js': 'bare', 'src/b.ts': 'ruled' }, 'No rule looks at JavaScript'],
    [
      'less than half',
      { 'a.ts': 'ruled', 'b.ts': 'ignored', 'c.ts': 'bare' },
      'Rules look at less than half of the sources',
    ],
    ['no test of a project of tests', { 'test/a.ts': 'bare' }, 'No rule looks at the sources'],
  ])('is %s: failed', (_, scope, objection) => {
    const verdict = judge(scope);
    expect(verdict.status).toBe('failed');
    expect(verdict.message).toMatch(new RegExp(`^${objection}: \\d of \\d source file`));
  });

  it('is not one JavaScript file among many in TypeScript: passed', () => {
    const sources = ['a', 'b', 'c', 'd', 'e'].map((name) => [`src/${name}.ts`, 'ruled'] as const);
    expect(judge({ ...Object.fromEntries(sources), 'bin/run.js': 'bare' }).status).toBe('passed');
  });

  it('leaves out a whole package: failed', () => {
    const scope = { 'src/a.ts': 'ruled', 'src/b.ts': 'ruled', 'packages/x/a.ts': 'bare' } as const;
    expect(judge(scope, { members: ['.', 'packages/x'] }).message).toBe(
      'No rule looks at the package packages/x: 1 of 3 source files was looked at by no rule (1 no rule on), most in packages/x. Switch rules on for them in the configuration of eslint, or leave them out in .mosaic/gates.json (gates.lint.ignore).',
    );
  });

  it('is told beside the findings, and then no baseline can make it pass', () => {
    const verdict = { status: 'failed', message: '1 error and 0 warnings.', faults: 1 } as const;
    const { message, faults } = judge({ 'a.ts': 'bare' }, { verdict });
    expect(message).toMatch(/^1 error and 0 warnings\. No rule looks at the sources: /);
    expect(faults).toBeUndefined();
    expect(judge({ 'a.ts': 'ruled' }, { verdict }).faults).toBe(1);
    expect(judge('no answer', { verdict }).faults).toBeUndefined();
  });

  it('cannot be told: no verdict, but findings stay', () => {
    expect(judge('eslint left no answer')).toMatchObject({ status: 'error' });
    const verdict = { status: 'failed', message: '1 error.' } as const;
    expect(judge('no', { verdict })).toMatchObject({ status: 'failed' });
  });

  it('adds nothing to an error', () => {
    const verdict = { status: 'error', message: 'eslint could not run.' } as const;
    expect(judge({ 'a.ts': 'bare' }, { verdict })).toEqual(verdict);
  });
});

it.each([
  ['{"files":{"a.ts":"ruled"}}', { 'a.ts': 'ruled' }],
  ['{"problem":"no such class"}', 'no such class'],
  ['{"files":{"a.ts":"fine"}}', 'eslint left no answer'],
  ['', 'eslint left no answer'],
])('reads the answer %j', (text, scope) => {
  expect(parseScope(text)).toEqual(scope);
});
