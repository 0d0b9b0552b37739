import { expect, it } from 'vitest';

import { packageOf, readPackages } from '../../../../src/gates/tools/scope/packages.ts';

const folders = ['packages/a', 'packages/b', 'packages/b/inner', 'apps/web', 'other'];
const paths = ['package.json', 'a.ts', ...folders.map((folder) => `${folder}/package.json`)];

const read = (files: Readonly<Record<string, string>>, besides: readonly string[] = []) =>
  readPackages(paths, (path) => Promise.resolve(files[path]), besides);

it.each([
  [
    { 'package.json': '{"workspaces":["packages/*","./apps/web/"]}' },
    'apps/web packages/a packages/b',
  ],
  [
    { 'package.json': '{"workspaces":{"packages":["packages/**"]}}' },
    'packages/a packages/b packages/b/inner',
  ],
  [{ 'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n  - '!packages/b'\n" }, 'packages/a'],
  [{ 'lerna.json': '{"packages":["other"]}' }, 'other'],
  [{ 'package.json': '{}', 'pnpm-workspace.yaml': 'catalog: {}' }, ''],
  [{ 'package.json': '{', 'pnpm-workspace.yaml': ': - {', 'lerna.json': '[]' }, ''],
])('reads the members of %j', async (files, members) => {
  const { own, foreign } = await read(files);
  const found = [...own].filter((folder) => folder !== '.').toSorted();
  expect(found.join(' ')).toBe(members);
  expect([...foreign, ...found].toSorted()).toEqual(folders.toSorted());
});

it('counts a folder that the project names in another way as its own', async () => {
  expect((await read({}, ['other'])).own).toEqual(new Set(['.', 'other']));
});

it('finds the package that a file lies in', async () => {
  const packages = await read({ 'package.json': '{"workspaces":["packages/*"]}' });
  expect(packageOf('packages/b/inner/src/a.ts', packages)).toBe('packages/b/inner');
  expect(packageOf('packages/b/src/a.ts', packages)).toBe('packages/b');
  expect(packageOf('packages/c/src/a.ts', packages)).toBe('.');
  expect(packageOf('a.ts', packages)).toBe('.');
});
