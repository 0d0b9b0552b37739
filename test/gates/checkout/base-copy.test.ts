import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { makeBaseCopy } from '../../../src/gates/checkout/base-copy.ts';
import { createRepository, temporaryDirectory } from '../support/integrity-repository.ts';

const signal = new AbortController().signal;

async function copyOf(repository: ReturnType<typeof createRepository>) {
  const target = join(temporaryDirectory(), 'base');
  const { directory: root, git } = repository;
  const commit = git('rev-parse', 'main').trim();
  const { missing } = await makeBaseCopy({ root, commit, target, modulesFrom: root, signal });
  return { target, missing, read: (path: string) => readFileSync(join(target, path), 'utf8') };
}

test('the copy holds the commit, not the work tree', async () => {
  const repository = createRepository({ 'a.ts': 'old\n', 'deep/b.ts': 'b\n', 'run.sh': 'true\n' });
  repository.git('update-index', '--chmod=+x', 'run.sh');
  repository.git('commit', '--quiet', '--amend', '--no-edit');
  repository.write({ 'a.ts': 'new\n', 'deep/b.ts': null, 'c.ts': 'c\n' });

  const { target, read, missing } = await copyOf(repository);

  expect(read('a.ts')).toBe('old\n');
  expect(read('deep/b.ts')).toBe('b\n');
  expect(() => read('c.ts')).toThrow('ENOENT');
  expect(statSync(join(target, 'run.sh')).mode & 0o777).toBe(0o755);
  expect(missing).toEqual([]);
});

test('a link of the commit is a link of the copy, and nothing is written through one', async () => {
  const outside = temporaryDirectory();
  const repository = createRepository({ 'a.ts': 'a\n', 'linked/b.ts': 'b\n' });
  symlinkSync('a.ts', join(repository.directory, 'near'));
  symlinkSync(outside, join(repository.directory, 'far'));
  repository.commit();

  const { target, read } = await copyOf(repository);

  expect(readlinkSync(join(target, 'near'))).toBe('a.ts');
  expect(read('near')).toBe('a\n');
  expect(readlinkSync(join(target, 'far'))).toBe(outside);
});

test('packages are those of the checkout; a package of the workspace is that of the copy', async () => {
  const repository = createRepository({
    '.gitignore': 'node_modules\n',
    'packages/own/index.js': 'base\n',
  });
  mkdirSync(join(repository.directory, 'node_modules', 'foreign'), { recursive: true });
  symlinkSync('../packages/own', join(repository.directory, 'node_modules', 'own'));
  repository.write({
    'node_modules/foreign/index.js': 'foreign\n',
    'packages/own/index.js': 'head\n',
  });

  const { read } = await copyOf(repository);

  expect(read('node_modules/foreign/index.js')).toBe('foreign\n');
  expect(read('node_modules/own/index.js')).toBe('base\n');
});

test('a submodule comes from its own repository, and is named when that does not have the commit', async () => {
  const inner = createRepository({ 'inner.ts': 'inner\n' });
  const repository = createRepository({ 'a.ts': 'a\n' });
  const add = ['-c', 'protocol.file.allow=always', 'submodule', 'add', '--quiet'];
  repository.git(...add, inner.directory, 'here');
  repository.git(...add, inner.directory, 'gone');
  repository.commit();
  repository.git('submodule', 'deinit', '--force', '--quiet', 'gone');

  const { target, read, missing } = await copyOf(repository);

  expect(read('here/inner.ts')).toBe('inner\n');
  expect(missing).toEqual(['gone']);
  expect(lstatSync(join(target, 'gone')).isDirectory()).toBe(true);
});

test('many and large files come complete', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`d${index % 7}/f${index}.txt`, `${index}\n`]),
  );
  const large = 'x'.repeat(20_000_000);
  const repository = createRepository({ ...files, 'large.txt': large });

  const { read } = await copyOf(repository);

  expect(read('large.txt') === large).toBe(true);
  for (const [path, text] of Object.entries(files)) expect(read(path)).toBe(text);
});

test('a run that is given up ends at once', async () => {
  const { directory: root } = createRepository({ 'a.ts': 'a\n' });
  const target = join(temporaryDirectory(), 'base');
  const stopped = AbortSignal.abort(new Error('given up'));
  await expect(
    makeBaseCopy({ root, commit: 'HEAD', target, modulesFrom: root, signal: stopped }),
  ).rejects.toThrow('given up');
});
