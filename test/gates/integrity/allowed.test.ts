import { describe, expect, it } from 'vitest';

import type { Allowance } from '../../../src/gates/integrity/allowed.ts';
import { check, createRepository } from '../support/integrity-repository.ts';

const adds = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";

async function verdictWith(...allow: Allowance[]) {
  const { directory, write } = createRepository({
    'src/sum.ts': 'add();\n',
    'test/sum.test.ts': adds,
    '.ci/run': 'npm test\n',
  });
  write({ src: null, 'test/sum.test.ts': null, '.ci/run': 'true\n' });
  const verdict = await check(directory, { allow });
  return { ...verdict, said: verdict.findings?.map(({ severity, rule }) => `${severity} ${rule}`) };
}

describe('what the base allows', () => {
  const rest = { rule: 'gate-config-edited', path: '.ci/*', reason: 'a simpler pipeline' };

  it('is listed and does not fail: a feature goes with its tests', async () => {
    const reason = 'sums are gone';
    const verdict = await verdictWith(
      { rule: 'test-deleted', path: 'test/sum.test.ts', reason },
      rest,
    );
    expect(verdict).toMatchObject({
      status: 'passed',
      details: { allowed: 2, warnings: 0 },
      said: ['warning gate-config-edited', 'warning test-deleted'],
    });
    expect(verdict.message).toMatch(/nothing weakened; 2 changes allowed by the base$/);
    expect(verdict.findings?.[1]?.message).toBe(
      'the test "adds" is gone, and so is its file (the line is the base\'s) (allowed: sums are gone)',
    );
  });

  it.each([
    ['another rule', 'new-skip', 'test/**'],
    ['another path', 'test-deleted', 'tests/**'],
    ['a path in part', 'test-deleted', 'test'],
  ])('%s is not covered', async (_title, rule, path) => {
    const verdict = await verdictWith({ rule, path, reason: 'x' }, rest);
    expect(verdict.said).toContain('error test-deleted');
    expect(verdict.status).toBe('failed');
  });

  it('may be everything; an approval that nothing needs is no fault', async () => {
    const verdict = await verdictWith(
      { rule: 'new-skip', path: 'nowhere', reason: 'x' },
      { rule: '*', path: '**', reason: 'a fresh start' },
    );
    expect(verdict).toMatchObject({ status: 'passed', details: { allowed: 2 } });
  });

  it('covers the run of a test that may be deleted', async () => {
    const { directory } = createRepository({ 'test/sum.test.ts': adds });
    const verdict = await check(directory, {
      allow: [{ rule: 'test-deleted', path: 'test/**', reason: 'x' }],
      testRuns: {
        head: () => Promise.resolve([]),
        base: () => Promise.resolve([{ file: 'test/sum.test.ts', name: 'x', status: 'passed' }]),
      },
    });
    expect(verdict).toMatchObject({ status: 'passed', details: { allowed: 1 } });
  });
});
