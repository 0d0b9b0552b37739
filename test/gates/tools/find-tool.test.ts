import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createToolFinder } from '../../../src/gates/tools/find-tool.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { writeFiles } from '../support/checkout.ts';

function install(directory: string, name: string, manifest: unknown): void {
  writeFiles(join(directory, 'node_modules', name), {
    'package.json': JSON.stringify(manifest),
    'cli.js': '',
  });
}

test('a tool is found by the command its package declares, in the directory or above', async () => {
  const directory = realpathSync(temporaryDirectory());
  install(directory, 'typescript', { version: '6.0.3', bin: { tsc: './cli.js', other: 'x.js' } });
  const inner = join(directory, 'packages/a');
  mkdirSync(inner, { recursive: true });
  install(inner, 'eslint', { version: '10.1.0', bin: 'cli.js' });
  const find = createToolFinder({ directory: inner, toolsFrom: undefined });
  expect(await find('typescript')).toEqual({
    name: 'typescript',
    version: '6.0.3',
    entry: join(directory, 'node_modules/typescript/cli.js'),
  });
  expect((await find('eslint')).entry).toBe(join(inner, 'node_modules/eslint/cli.js'));
});

test('tools of another directory are looked for there alone', async () => {
  const directory = temporaryDirectory();
  const toolsFrom = temporaryDirectory();
  install(toolsFrom, 'vitest', { version: '5.0.0', bin: 'cli.js' });
  writeFiles(directory, { 'package.json': '{"devDependencies":{"vitest":"^5.0.0"}}' });
  await expect(createToolFinder({ directory, toolsFrom })('vitest')).resolves.toBeDefined();
  const find = createToolFinder({ directory, toolsFrom: temporaryDirectory() });
  await expect(find('vitest')).rejects.toThrow(
    /^vitest is named in package.json, but not installed/,
  );
});

test.each([
  { version: '1.0.0' },
  { version: '1.0.0', bin: { other: 'cli.js' } },
  { version: '1.0.0', bin: 'gone.js' },
  { version: '1.0.0', bin: '../../outside.js' },
])('a broken installation is told as missing: %o', async (manifest) => {
  const directory = temporaryDirectory();
  writeFiles(directory, { 'outside.js': '' });
  install(directory, 'vitest', manifest);
  await expect(createToolFinder({ directory, toolsFrom: undefined })('vitest')).rejects.toThrow(
    /not a whole installation of vitest/,
  );
});

test('a package that is a link is run from where it really is', async () => {
  const directory = temporaryDirectory();
  const store = realpathSync(temporaryDirectory());
  install(store, 'vitest', { version: '5.0.0', bin: 'cli.js' });
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(join(store, 'node_modules/vitest'), join(directory, 'node_modules/vitest'));
  const { entry } = await createToolFinder({ directory, toolsFrom: undefined })('vitest');
  expect(entry).toBe(join(store, 'node_modules/vitest/cli.js'));
});

test.each([
  ['typescript', '4.9.5', '5.0.0'],
  ['eslint', '8.22.0', '8.23.0'],
] as const)('%s %s is refused before it runs', async (name, version, least) => {
  const directory = temporaryDirectory();
  install(directory, name, { version, bin: { tsc: 'cli.js', eslint: 'cli.js' } });
  await expect(createToolFinder({ directory, toolsFrom: undefined })(name)).rejects.toThrow(
    `${name} ${version} is not supported: install ${name} ${least} or newer.`,
  );
});
