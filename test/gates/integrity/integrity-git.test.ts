import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  brief,
  check,
  createRepository,
  temporaryDirectory,
} from '../support/integrity-repository.ts';

const adds = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";
const subtracts = "it('subtracts', () => {\n  expect(add(1, -2)).toBe(-1);\n});\n";

describe('the base', () => {
  it('is where the history left the base branch, so that what the branch got since is not asked for', async () => {
    const { directory, git, write, commit } = createRepository({ 'a.test.ts': adds });
    git('checkout', '--quiet', '-b', 'work');
    write({ 'b.ts': 'b();\n' });
    commit();
    git('checkout', '--quiet', 'main');
    write({ 'a.test.ts': adds + subtracts, 'eslint.config.js': 'export default [];\n' });
    commit();
    git('checkout', '--quiet', 'work');

    expect(await check(directory)).toMatchObject({ status: 'passed', findings: [] });
  });

  it('catches what was committed as well as what was not, and untracked files', async () => {
    const { directory, git, write, commit } = createRepository({ 'a.test.ts': adds });
    git('checkout', '--quiet', '-b', 'work');
    write({ 'a.test.ts': `it.skip${adds.slice(2)}` });
    commit();
    write({ 'b.ts': '// @ts-ignore\nb();\n' });

    const verdict = await check(directory);
    expect(verdict.status).toBe('failed');
    expect(brief(verdict)).toEqual(['new-skip a.test.ts:1', 'new-ts-ignore b.ts:1']);
  });

  it.each([['nowhere'], ['--help'], [''], ['main..work'], ['HEAD:a.ts'], ['a\0b']])(
    'that is no commit is an error: %j',
    async (base) => {
      const { directory } = createRepository({ 'a.ts': 'a();\n' });
      expect(await check(directory, { base })).toMatchObject({ status: 'error' });
    },
  );

  it('that only the remote has is named in the cure', async () => {
    const { directory, git } = createRepository({ 'a.ts': 'a();\n' });
    git('update-ref', 'refs/remotes/origin/release', 'HEAD');
    expect(await check(directory, { base: 'release' })).toEqual({
      status: 'error',
      message:
        "git knows no commit release here; the remote's branch is there: use --base origin/release",
    });
  });

  it('out of reach of a shallow clone is an error that says how to fetch it', async () => {
    const { directory: origin, git, write, commit } = createRepository({ 'a.ts': 'a();\n' });
    git('checkout', '--quiet', '-b', 'work');
    write({ 'b.ts': 'b();\n' });
    commit();
    const directory = temporaryDirectory();
    const clone = (...args: string[]) =>
      execFileSync('git', args, { cwd: directory, stdio: 'ignore' });
    clone('clone', '--quiet', '--depth=1', '--branch=work', `file://${origin}`, '.');
    expect(await check(directory)).toMatchObject({
      status: 'error',
      message: 'git knows no commit main here; fetch it first: git fetch --unshallow origin main',
    });
    clone('fetch', '--quiet', '--depth=1', 'origin', 'main:main');
    expect((await check(directory)).message).toContain('git fetch --unshallow (or --deepen=200)');
  });

  it('without a common commit is an error', async () => {
    const { directory, git, commit } = createRepository({ 'a.ts': 'a();\n' });
    git('checkout', '--quiet', '--orphan', 'other');
    commit();
    expect(await check(directory)).toEqual({
      status: 'error',
      message: 'main and the checkout have no commit in common',
    });
  });

  it('cannot be compared with outside a work tree or before the first commit', async () => {
    const directory = temporaryDirectory();
    expect((await check(directory)).message).toContain('not a git work tree');
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', directory]);
    expect(await check(directory)).toMatchObject({ status: 'error' });
  });

  it('of a repository with SHA-256 ids', async () => {
    const directory = temporaryDirectory();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: directory });
    git('init', '--quiet', '--initial-branch=main', '--object-format=sha256');
    writeFileSync(join(directory, 'a.ts'), 'a();\n');
    git('add', '.');
    git('-c', 'user.name=Ann', '-c', 'user.email=a@example.org', 'commit', '--quiet', '-m', 'a');
    expect(await check(directory)).toMatchObject({
      status: 'passed',
      details: { filesCompared: 0 },
    });
  });
});

describe('the work tree', () => {
  it('is read itself, whatever the index was told', async () => {
    const { directory, git, write } = createRepository({ 'a.ts': 'a();\n', 'b.ts': 'b();\n' });
    git('update-index', '--assume-unchanged', 'a.ts');
    git('update-index', '--skip-worktree', 'b.ts');
    write({ 'a.ts': '// @ts-ignore\na();\n', 'b.ts': '// @ts-ignore\nb();\n' });
    expect(brief(await check(directory))).toEqual(['new-ts-ignore a.ts:1', 'new-ts-ignore b.ts:1']);
  });

  it('is not looked at where it is ignored or not our code', async () => {
    const { directory, write } = createRepository({ '.gitignore': 'dist\n', 'a.ts': 'a();\n' });
    write({
      'dist/a.js': '// @ts-ignore\na();\n',
      'node_modules/b/b.test.js': `it.only${adds.slice(2)}`,
    });
    expect(await check(directory)).toMatchObject({ status: 'passed' });
  });

  it('may not hold packages that somebody committed beside the tests', async () => {
    const { directory, write, git } = createRepository({ 'test/a.test.ts': adds });
    write({ 'test/node_modules/vitest/index.js': 'x\n', 'node_modules/b/index.js': 'x\n' });
    git('add', '--force', 'test/node_modules');
    expect(brief(await check(directory))).toEqual(['package-committed test/node_modules/vitest:-']);
  });

  it('may not hide the configuration of a tool by ignoring it', async () => {
    const { directory, write } = createRepository({ '.gitignore': '*.mts\ndist\n' });
    write({ 'vitest.config.mts': 'export default {};\n', 'dist/vite.config.mts': '\n' });
    expect(brief(await check(directory))).toEqual(['gate-config-edited vitest.config.mts:1']);
  });

  it('counts a link as no file, at its end and on the way', async () => {
    const { directory, write } = createRepository({
      'a.test.ts': adds,
      'test/b.test.ts': subtracts,
      'vitest.config.ts': 'export default {};\n',
      'x.ts': 'x();\n',
    });
    const elsewhere = temporaryDirectory();
    writeFileSync(join(elsewhere, 'a.test.ts'), adds);
    writeFileSync(join(elsewhere, 'b.test.ts'), subtracts);
    write({ 'a.test.ts': null, test: null, 'vitest.config.ts': null });
    symlinkSync(join(elsewhere, 'a.test.ts'), join(directory, 'a.test.ts'));
    symlinkSync(elsewhere, join(directory, 'test'));
    symlinkSync('x.ts', join(directory, 'vitest.config.ts'));
    expect(brief(await check(directory))).toEqual([
      'gate-config-edited vitest.config.ts:1',
      'test-deleted a.test.ts:1',
      'test-deleted test/b.test.ts:1',
    ]);
  });

  it('may hold other repositories, which are not entered', async () => {
    const { directory, write, git } = createRepository({ 'a.ts': 'a();\n' });
    git('init', '--quiet', 'inner');
    write({ 'inner/b.ts': '// @ts-ignore\nb();\n' });
    git('-C', 'inner', 'add', '.');
    git('-C', 'inner', 'commit', '--quiet', '-m', 'inner');
    expect(await check(directory)).toMatchObject({ status: 'passed' });
    git('add', 'inner');
    expect(await check(directory)).toMatchObject({ status: 'passed' });
  });

  it('may have names of any bytes; none of them reaches a terminal as it is', async () => {
    const { directory } = createRepository({ 'a.ts': 'a();\n' });
    const prefix = Buffer.from(`${directory}/`);
    const text = '// @ts-ignore\na();\n';
    writeFileSync(
      Buffer.concat([prefix, Buffer.from([0xff, 0x0a, 0x1b]), Buffer.from('.ts')]),
      text,
    );
    writeFileSync(join(directory, ':(glob)*.ts'), text);
    expect(brief(await check(directory))).toEqual([
      'new-ts-ignore :(glob)*.ts:1',
      'new-ts-ignore \uFFFD\uFFFD\uFFFD.ts:1',
    ]);
  });

  it('is looked at as a whole from a directory of it, and findings are told from there', async () => {
    const { directory, write } = createRepository({
      'tsconfig.json': '{ "a": 1 }\n',
      'packages/a/a.test.ts': adds + subtracts,
      'packages/b/b.ts': 'b();\n',
    });
    write({
      'tsconfig.json': '{ "a": 2 }\n',
      'packages/a/a.test.ts': adds,
      'packages/b/b.test.ts': subtracts,
      'packages/b/b.ts': '// @ts-ignore\nb();\n',
    });
    expect(brief(await check(join(directory, 'packages/b')))).toEqual([
      'gate-config-edited ../../tsconfig.json:1',
      'new-ts-ignore b.ts:1',
    ]);
  });

  it('runs nothing that the repository configures', async () => {
    const { directory, git, write } = createRepository({ 'a.ts': 'a();\n' });
    const canary = join(temporaryDirectory(), 'canary');
    const program = join(directory, '.git', 'evil');
    writeFileSync(program, `#!/bin/sh\ntouch ${canary}\ncat\n`, { mode: 0o755 });
    write({ '.gitattributes': '*.ts filter=evil diff=evil\n', 'a.ts': '// @ts-ignore\na();\n' });
    for (const setting of [
      'core.fsmonitor',
      'core.pager',
      'core.sshCommand',
      'diff.external',
      'diff.evil.textconv',
      'diff.evil.command',
      'filter.evil.clean',
      'filter.evil.smudge',
      'alias.ls-files',
    ]) {
      git('config', setting, program);
    }
    git('config', 'core.hooksPath', join(directory, '.git'));
    expect((await check(directory)).status).toBe('failed');
    expect(existsSync(canary)).toBe(false);
  });
});

describe('the bounds', () => {
  it.each([
    ['a large file', { fileBytes: 100 }, 'larger than 100 bytes'],
    ['many files', { files: 1 }, 'more than 1 files differ'],
    ['many bytes', { totalBytes: 100 }, 'more than 100 bytes differ'],
  ])('%s is named, and the gate does not pass', async (_title, limits, reason) => {
    const { directory, write } = createRepository({ 'a.ts': 'a();\n' });
    write({ 'a.ts': 'b();\n', 'b.ts': 'b();\n'.repeat(30) });
    const verdict = await check(directory, { limits });
    expect(verdict).toMatchObject({ status: 'error', details: { filesNotLookedAt: 1 } });
    expect(verdict.findings?.map(({ file, message }) => `${file ?? ''}: ${message}`)).toEqual([
      `b.ts: not looked at: ${reason}`,
    ]);
  });

  it('do not hide what was found elsewhere', async () => {
    const { directory, write } = createRepository({ 'a.ts': 'a();\n' });
    write({ 'a.ts': '// @ts-ignore\na();\n', 'b.ts': 'b();\n'.repeat(30) });
    const verdict = await check(directory, { limits: { fileBytes: 100 } });
    expect(verdict.status).toBe('failed');
    expect(brief(verdict)).toEqual(['new-ts-ignore a.ts:1', 'not-looked-at b.ts:-']);
  });

  it('hold a file that was large already: unchanged it is no matter', async () => {
    const { directory, write } = createRepository({ 'a.ts': 'a();\n'.repeat(30) });
    write({ 'b.ts': 'b();\n' });
    const limits = { fileBytes: 100 };
    expect(await check(directory, { limits })).toMatchObject({ status: 'passed' });
    write({ 'a.ts': 'a();\n' });
    expect(await check(directory, { limits })).toMatchObject({ status: 'error' });
  });

  it('end at once when the run is given up', async () => {
    const { directory } = createRepository({ 'a.ts': 'a();\n' });
    expect(await check(directory, { signal: AbortSignal.abort() })).toMatchObject({
      status: 'timeout',
    });
  });
});

it('says in one sentence what it compared', async () => {
  const { directory, write, git } = createRepository({ 'a.test.ts': adds + subtracts });
  const commit = git('rev-parse', 'HEAD').trim();
  write({ 'a.test.ts': adds });
  expect(await check(directory)).toEqual({
    status: 'failed',
    message: `1 change since main (${commit.slice(0, 10)}) would make the gates mean less`,
    details: {
      base: 'main',
      baseCommit: commit,
      filesCompared: 1,
      filesNotLookedAt: 0,
      testsBefore: 2,
      testsAfter: 1,
      allowed: 0,
      warnings: 0,
    },
    findings: [
      {
        file: 'a.test.ts',
        line: 4,
        column: null,
        rule: 'test-deleted',
        message: 'the test "subtracts" is gone (the line is the base\'s)',
        severity: 'error',
      },
    ],
  });
});
