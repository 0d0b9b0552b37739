import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect, test } from 'vitest';

import {
  changedLines,
  parseDiff,
  type ChangedLines,
} from '../../../src/gates/judges/changed-lines.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { neverAborted, writeFiles } from '../support/checkout.ts';
import { commitAll, projectWith, runFile } from '../support/gates-file.ts';

const rows = (...lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const code = rows(...Array.from({ length: 20 }, (_, index) => `line ${index + 1}`));

async function branch(files: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory();
  writeFiles(directory, files);
  await commitAll(directory);
  const git = execa({ cwd: directory });
  await git`git switch --quiet --create work`;
  const changes = async (below = '.'): Promise<Record<string, number[] | 'all'>> =>
    plain(
      await changedLines({ directory: join(directory, below), base: 'main', signal: neverAborted }),
    );
  return { directory, git, changes };
}

function plain(changes: ChangedLines): Record<string, number[] | 'all'> {
  return Object.fromEntries(
    [...changes].map(([file, lines]) => [file, lines === 'all' ? lines : [...lines]]),
  );
}

test('edited, added and removed lines, committed or not, staged or not', async () => {
  const { directory, git, changes } = await branch({ 'a.ts': code, 'b.ts': code, 'c.ts': code });
  writeFiles(directory, {
    'a.ts': code.replace('line 3\n', 'three\n').replace('line 9\n', 'line 9\nnew\nnew\n'),
  });
  await git`git -c user.name=a -c user.email=a@example.test commit --quiet --all --message edit`;
  writeFiles(directory, { 'b.ts': `first\n${code}`, 'c.ts': code.replace('line 5\n', '') });
  await git`git add b.ts`;
  expect(await changes()).toEqual({ 'a.ts': [3, 10, 11], 'b.ts': [1], 'c.ts': [] });
});

test('a renamed file keeps its old lines, a new one is all new, one that is gone has none', async () => {
  const { directory, git, changes } = await branch({ 'a.ts': code, 'gone.ts': rows('x', 'y') });
  await git`git mv a.ts moved.ts`;
  await git`git rm --quiet gone.ts`;
  writeFiles(directory, {
    'moved.ts': code.replace('line 20', 'twenty'),
    'new.ts': 'new\n',
    'sub/ö "q".ts': 'quoted\n',
  });
  await git`git add --all`;
  writeFiles(directory, { 'untracked.ts': 'x\n' });
  expect(await changes()).toEqual({
    ...{ 'moved.ts': [20], 'new.ts': [1], 'sub/ö "q".ts': [1], 'untracked.ts': 'all' },
  });
});

test('paths are relative to the directory under check', async () => {
  const { directory, changes } = await branch({ 'api/a.ts': code, 'web/b.ts': code });
  writeFiles(directory, { 'api/a.ts': `new\n${code}`, 'web/b.ts': `new\n${code}` });
  expect(await changes('api')).toEqual({ 'a.ts': [1] });
});

test('a change that the index was told to hide counts as a whole', async () => {
  const { directory, git, changes } = await branch({ 'a.ts': code, 'b.ts': code });
  await git`git update-index --assume-unchanged a.ts`;
  await git`git update-index --skip-worktree b.ts`;
  writeFiles(directory, { 'a.ts': `new\n${code}`, 'b.ts': `new\n${code}` });
  expect(await changes()).toEqual({ 'a.ts': 'all', 'b.ts': 'all' });
});

test('what the repository configures changes nothing, and nothing of it is run', async () => {
  const { directory, git, changes } = await branch({
    'a.ts': code,
    '.gitattributes': '*.ts diff=evil filter=evil\n',
  });
  const proof = join(temporaryDirectory(), 'proof');
  for (const [name, value] of [
    ['diff.noprefix', 'true'],
    ['diff.mnemonicPrefix', 'true'],
    ['diff.interHunkContext', '9'],
    ['diff.external', `touch ${proof}`],
    ['diff.evil.textconv', `touch ${proof}; cat`],
    ['diff.evil.command', `touch ${proof}`],
    ['filter.evil.clean', `touch ${proof}; cat`],
    ['color.ui', 'always'],
  ] as const)
    await git`git config ${name} ${value}`;
  writeFiles(directory, {
    'a.ts': code.replace('line 3\n', 'three\n').replace('line 7\n', 'seven\n'),
  });
  expect(await changes()).toEqual({ 'a.ts': [3, 7] });
  expect(() => mkdirSync(proof)).not.toThrow();
});

test('lines that look like headers are content', () => {
  const diff = rows(
    ...[
      'diff --git a/a b/a',
      '--- a/a',
      '+++ b/a',
      '@@ -1 +1,2 @@',
      '--- a/x',
      '+++ b/evil',
      '+@@ -1 +9 @@',
    ],
    ...['@@ -9,0 +11 @@', '+x', '\\ No newline at end of file'],
    ...['diff --git a/p.png b/p.png', 'Binary files a/p.png and b/p.png differ'],
    ...['diff --git a/g b/g', '--- a/g', '+++ /dev/null', '@@ -1 +0,0 @@', '-x'],
  );
  expect(plain(parseDiff(diff))).toEqual({ a: [1, 2, 11], 'p.png': 'all' });
});

test('a command gate judges the changed lines alone, and says when there is no base', async () => {
  const tracefile = rows('SF:a.py', 'DA:1,1', 'DA:2,0', 'DA:3,1', 'end_of_record');
  const gate = {
    command: 'cp found.info lcov.info',
    lcov: 'lcov.info',
    thresholds: 0,
    changed: 85,
  };
  const directory = projectWith(
    { gates: { cover: gate } },
    { 'found.info': tracefile, 'a.py': rows('one', 'two', 'three'), '.gitignore': 'lcov.info\n' },
  );
  await commitAll(directory);
  const without = await runFile(directory);
  expect(without.result('cover')?.message).toBe(
    'Covered: lines 66.66 %, changed lines not judged, for want of a base to compare with (--base REF); 1 file measured.',
  );
  expect(without.report.weakened).toBe(true);
  expect((await runFile(directory, { base: 'main' })).result('cover')?.message).toBe(
    'Covered: lines 66.66 %, no changed executable line; 1 file measured.',
  );
  writeFileSync(join(directory, 'a.py'), rows('one', 'changed', 'three'));
  expect((await runFile(directory, { base: 'main' })).result('cover')).toMatchObject({
    status: 'failed',
    message: 'Below the threshold: changed lines 0 % of 85 % (0 of 1).',
    findings: [{ file: 'a.py', line: 2, rule: 'changed-line' }],
  });
  expect(
    await runFile(directory, { base: 'gone' }).catch((error: unknown) => String(error)),
  ).toMatch(/There is no commit "gone"/);
});
