import { execFileSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { branchOf, isBranchOf } from '../../../src/work/workspace/branch-name.ts';

const titles: readonly (readonly [string, string])[] = [
  ['Add a queue', 'agent/issue-12-add-a-queue'],
  ['  Größe & Maß: "naïve" café’s  ', 'agent/issue-12-gro-e-ma-naive-cafes'],
  ['../../etc/passwd; $(rm -rf ~) `x` .lock', 'agent/issue-12-etc-passwd-rm-rf-x-lock'],
  ['-D main', 'agent/issue-12-d-main'],
  ['日本語のみ', 'agent/issue-12'],
  ['\0\n\u202e\ud800', 'agent/issue-12'],
  ['', 'agent/issue-12'],
  ['word '.repeat(100), `agent/issue-12-${'word-'.repeat(8).slice(0, -1)}`],
  ['x'.repeat(5_000), `agent/issue-12-${'x'.repeat(40)}`],
];

test.each(titles)('the branch of %j is safe and short', (title, branch) => {
  expect(branchOf(12, title)).toBe(branch);
  expect(isBranchOf(12, branch)).toBe(true);
  execFileSync('git', ['check-ref-format', '--branch', branch]);
});

test('a branch of another issue is no branch of this one', () => {
  for (const branch of ['agent/issue-1', 'agent/issue-123', 'agent/issue-12x', 'main'])
    expect(isBranchOf(12, branch)).toBe(false);
});
