import { describe, expect, it } from 'vitest';

import { counted } from '../../../../src/gates/counted.ts';
import {
  busiestFolder,
  isConfiguration,
  isNamedBy,
  isProduct,
  isSource,
  isTest,
  languageOf,
} from '../../../../src/gates/tools/scope/sources.ts';

describe('what a path says about a file', () => {
  it.each([
    ['a.ts', 'TypeScript'],
    ['a.mts', 'TypeScript'],
    ['a.tsx', 'TypeScript'],
    ['a.cjs', 'JavaScript'],
    ['a.jsx', 'JavaScript'],
    ['a.d.ts', undefined],
    ['a.d.cts', undefined],
    ['a.d.css.ts', undefined],
    ['a.min.js', undefined],
    ['a.json', undefined],
    ['ts', undefined],
  ])('%s is in %s', (path, language) => {
    expect(languageOf(path)).toBe(language);
  });

  it.each([
    ['src/a.ts', true],
    ['packages/a/lib/a.ts', true],
    ['src/templates/mail.ts', true],
    ['packages/docs-kit/a.ts', true],
    ['templates/start/src/a.ts', false],
    ['packages/a/__fixtures__/a.ts', false],
    ['src/__testfixtures__/a.ts', false],
    ['test/fixtures/a/b.ts', false],
    ['examples/one/a.ts', false],
    ['third_party/a.js', false],
    ['docs/a.ts', false],
    ['dist/index.js', false],
  ])('%s is a part of the product: %s', (path, expected) => {
    expect(isProduct(path)).toBe(expected);
  });

  it.each([
    ['src/a.test.ts', true],
    ['src/a.stories.tsx', true],
    ['test/a.ts', true],
    ['src/__tests__/a.ts', true],
    ['vitest.setup.ts', true],
    ['src/a_test.ts', true],
    ['src/latest.ts', false],
    ['src/contest/a.ts', false],
  ])('%s is a test: %s', (path, expected) => {
    expect(isTest(path)).toBe(expected);
  });

  it.each([
    ['eslint.config.js', true],
    ['vite.config.prod.ts', true],
    ['.prettierrc.cjs', true],
    ['vitest.workspace.ts', true],
    ['gulpfile.js', true],
    ['src/config/a.ts', false],
    ['src/reconfigure.ts', false],
  ])('%s is configuration: %s', (path, expected) => {
    expect(isConfiguration(path)).toBe(expected);
  });

  it.each([
    ['src/tools/a.ts', true],
    ['index.ts', true],
    ['scripts/a.ts', false],
    ['packages/a/tools/a.ts', false],
    ['.github/a.ts', false],
    ['vite.config.ts', false],
    ['src/a.spec.ts', false],
    ['fixtures/a.ts', false],
  ])('%s is a source: %s', (path, expected) => {
    expect(isSource(path)).toBe(expected);
  });

  it.each([
    ['src/a.ts', ['src'], true],
    ['src/a.ts', ['./src/'], true],
    ['src/a.ts', ['.'], true],
    ['src/b/a.ts', ['src/**/a.ts'], true],
    ['packages/a/b/c.ts', ['packages/*'], true],
    ['src2/a.ts', ['src'], false],
    ['src/a.ts', [], false],
  ])('%s is named by %j: %s', (path, globs, expected) => {
    expect(isNamedBy(path, globs)).toBe(expected);
  });
});

it('tells the folder that holds most files, and counts in words', () => {
  expect(busiestFolder(['a/b/c/1.ts', 'a/b/2.ts', 'd/3.ts'])).toBe('a/b');
  expect(busiestFolder(['1.ts'])).toBe('the top directory');
  expect(busiestFolder([])).toBe('the top directory');
  expect(counted(1, 'file')).toBe('1 file');
  expect(counted(2, 'is', 'are')).toBe('2 are');
});
