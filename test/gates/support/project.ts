import type { GateStatus, ToolName } from '../../../src/gates/gate.ts';
import type { GateName } from '../../../src/gates/names.ts';

/** A little project with real tools, and what the gates must say about it. */
export interface Project {
  readonly name: string;
  /** Beside those of a project in which all is well; null takes one away. */
  readonly files: Files;
  /** The gates to run, each with its status. */
  readonly expected: Readonly<Partial<Record<GateName, GateStatus>>>;
  /** Folder under check, when it is not the whole project. */
  readonly directory?: string;
  /** What was there in the commit that the configuration of the tools is taken from. */
  readonly committed?: Files;
  /** Worth a try in each sandbox. */
  readonly everySandbox?: true;
  /** Versions of tools that the row is about, when not of all. */
  readonly requires?: Readonly<Partial<Record<ToolName, string>>>;
  /** Tools it lacks. */
  readonly without?: 'everything' | 'coverage provider';
  readonly timeoutMs?: number;
}

export type Files = Readonly<Record<string, string | null>>;

const compilerOptions = {
  target: 'es2022',
  // Without it tsc reads the types of a browser in each of a hundred runs: half of its time.
  lib: ['es2022'],
  module: 'nodenext',
  strict: true,
  types: [],
  skipLibCheck: true,
};

/** A tsconfig with these changes, and these options. */
export const tsconfig = (changes: object, options: object = {}) =>
  JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, ...changes });

/** Rules for JavaScript, and for the files that these globs name. */
export function eslintConfig(files: readonly string[]): string {
  return [
    "import parser from '@typescript-eslint/parser';",
    "const rules = { 'no-console': 'warn', 'no-debugger': 'error' };",
    "export default [{ files: ['**/*.js'], rules: { 'no-unused-vars': 'error' } },",
    `  { files: ${JSON.stringify([...files, '**/*.js'])}, languageOptions: { parser }, rules }];`,
    '',
  ].join('\n');
}

export const eslintrc = JSON.stringify({
  root: true,
  parser: '@typescript-eslint/parser',
  parserOptions: { sourceType: 'module' },
  rules: { 'no-debugger': 'error' },
});

/** A project in which all is well. */
export const soundProject: Files = {
  'package.json': '{ "name": "fixture", "private": true, "type": "module" }',
  'tsconfig.json': tsconfig({ include: ['src'] }),
  'eslint.config.js': eslintConfig(['**/*.ts']),
  'src/add.ts': 'export const add = (a: number, b: number): number => a + b;\n',
  'test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toBe(3));"),
};

/** A file of tests with this body. */
export function tests(body: string, ...imports: string[]): string {
  return [
    "import { expect, it } from 'vitest';",
    "import { add } from '../src/add.ts';",
    ...imports,
    body,
    'export const used = [add, expect];',
    '',
  ].join('\n');
}

export const typeError = "export const wrong: number = 'text';\n";
