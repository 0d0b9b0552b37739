import { expect, test } from 'vitest';

import type { Verdict } from '../../../../src/gates/gate.ts';
import { noGatesFile } from '../../../../src/gates/gates-file/parse-gates-file.ts';
import { withTestScope } from '../../../../src/gates/tools/scope/test-scope.ts';

const passed: Verdict = { status: 'passed', message: '2 of 2 tests passed.' };

function scoped(files: readonly string[], collected: readonly string[], options: object = {}) {
  const chosen = { ...noGatesFile.options.test, ...options };
  return withTestScope(passed, { files, collected: new Set(collected), options: chosen });
}

test('all test files collected: nothing is said, whatever else the project holds', () => {
  const files = ['src/a.ts', 'test/a.test.ts', 'test/fixtures/b.test.ts', 'examples/c.spec.ts'];
  expect(scoped(files, ['test/a.test.ts'])).toEqual(passed);
});

test('a few that are not collected are said', () => {
  const files = ['a.test.ts', 'b.test.ts', 'e2e/c.spec.ts'];
  expect(scoped(files, ['a.test.ts', 'b.test.ts'])).toEqual({
    status: 'passed',
    message: '2 of 2 tests passed. 1 file named like tests is not collected, most in e2e.',
    details: { filesNotCollected: 1 },
  });
});

test('fewer than half of them is no green, unless the gates file chose them', () => {
  const files = ['a.test.ts', 'e2e/b.spec.ts', 'e2e/c.spec.ts'];
  expect(scoped(files, ['a.test.ts'])).toMatchObject({
    status: 'error',
    message:
      'vitest ran 1 of 3 test files. 2 files named like tests are not collected, most in e2e. Name the ones to run in .mosaic/gates.json (gates.test: root, projects or paths).',
  });
  expect(scoped(files, ['a.test.ts'], { paths: ['a.test.ts'] }).status).toBe('passed');
});
