import { describe, expect, it } from 'vitest';

import { brief, check, createRepository, type Files } from './integrity-repository.ts';

/** A row: the file before, the file after, the findings expected. */
export interface Row {
  readonly name: string;
  readonly before: Files;
  readonly after: Files;
  readonly expected: readonly string[];
  /** True when all that is found is for the reviewer alone. */
  readonly warns?: boolean;
}

export const add = 'const add = (a: number, b: number) => a + b;\n';
export const adds = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";
export const subtracts = "it('subtracts', () => {\n  expect(add(1, -2)).toBe(-1);\n});\n";
export const multiplies = "it('multiplies', () => {\n  expect(mul(2, 2)).toBe(4);\n});\n";
const imports = "import { describe, expect, it } from 'vitest';\n";

/** One file, `a.test.ts`, with the imports of vitest on its first line. */
export function testFile(name: string, before: string, after: string, ...expected: string[]): Row {
  return {
    name,
    before: { 'a.test.ts': imports + before },
    after: { 'a.test.ts': imports + after },
    expected,
  };
}

export function sourceFile(
  name: string,
  before: string,
  after: string,
  ...expected: string[]
): Row {
  return { name, before: { 'a.ts': before }, after: { 'a.ts': after }, expected };
}

export function fileRow(
  path: string,
  name: string,
  before: string,
  after: string,
  ...expected: string[]
): Row {
  return { name, before: { [path]: before }, after: { [path]: after }, expected };
}

export function packageJson(
  name: string,
  before: object,
  after: object,
  ...expected: string[]
): Row {
  const text = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return fileRow('package.json', name, text(before), text(after), ...expected);
}

const vitestConfig = (coverage: string) =>
  `import { defineConfig } from 'vitest/config';\n\nexport default defineConfig({\n  test: {\n    coverage: {\n${coverage}\n    },\n  },\n});\n`;
export const vitestRow = (name: string, before: string, after: string, ...expected: string[]) =>
  fileRow('vitest.config.ts', name, vitestConfig(before), vitestConfig(after), ...expected);

export const scripts = {
  test: 'vitest run',
  lint: 'eslint .',
  start: 'node main.js',
  types: 'tsc',
};

/** Defines a test for each row. */
export function testRows(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows)('$name', async ({ before, after, expected, warns }) => {
      const { directory, write } = createRepository(before);
      write(after);
      const verdict = await check(directory);
      expect(brief(verdict)).toEqual([...expected].sort());
      const passes = expected.length === 0 || warns === true;
      expect(verdict.status === 'passed').toBe(passes);
    });
  });
}
