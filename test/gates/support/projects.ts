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

type Files = Readonly<Record<string, string | null>>;

const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  types: [],
  skipLibCheck: true,
};

const tsconfig = (changes: object, options: object = {}) =>
  JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, ...changes });

/** Rules for JavaScript, and for the files that these globs name. */
function eslintConfig(files: readonly string[]): string {
  return [
    "import parser from '@typescript-eslint/parser';",
    "const rules = { 'no-console': 'warn', 'no-debugger': 'error' };",
    "export default [{ files: ['**/*.js'], rules: { 'no-unused-vars': 'error' } },",
    `  { files: ${JSON.stringify([...files, '**/*.js'])}, languageOptions: { parser }, rules }];`,
    '',
  ].join('\n');
}

const eslintrc = JSON.stringify({
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

function tests(body: string, ...imports: string[]): string {
  return [
    "import { expect, it } from 'vitest';",
    "import { add } from '../src/add.ts';",
    ...imports,
    body,
    'export const used = [add, expect];',
    '',
  ].join('\n');
}

const vitestConfig = (options: object) => `export default ${JSON.stringify({ test: options })};\n`;
const redTest = tests("it('adds', () => expect(add(1, 2)).toBe(4));");
const typeError = "export const wrong: number = 'text';\n";

/** A test that has the shell run something, with the output of vitest. */
function shellTest(script: string): string {
  return tests(
    `it('a', () => { execFileSync('/bin/sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit' }); });`,
    "import { execFileSync } from 'node:child_process';",
  );
}

/** Turns a red run into a green one in the process of vitest itself. */
const forgingConfig = `
import { readFileSync, writeFileSync } from 'node:fs';

const option = '--outputFile.json=';
const file = process.argv.find((argument) => argument.startsWith(option)).slice(option.length);
process.on('exit', () => {
  const forged = readFileSync(file, 'utf8')
    .replaceAll('"failed"', '"passed"')
    .replace('"numPassedTests":0', '"numPassedTests":1')
    .replace('"numFailedTests":1', '"numFailedTests":0')
    .replace('"success":false', '"success":true');
  writeFileSync(file, forged);
  process.exitCode = 0;
});
export default {};
`;

/** A report that says all is well, where a tool would leave one. */
const lyingReport = JSON.stringify({
  success: true,
  startTime: 4_102_444_800_000,
  numTotalTests: 1,
  numPassedTests: 1,
  numFailedTests: 0,
  testResults: [
    {
      name: '/anywhere/add.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [{ fullName: 'adds', status: 'passed' }],
    },
  ],
});
const full = { total: 9, covered: 9, skipped: 0, pct: 100 };
const lyingSummary = JSON.stringify({
  total: { lines: full, statements: full, functions: full, branches: full },
});

/** Covered by the tests to a half. */
const halfCovered = {
  'src/add.ts': [
    'export function add(a: number, b: number): number {',
    '  return a + b;',
    '}',
    'export function subtract(a: number, b: number): number {',
    '  return a - b;',
    '}',
    '',
  ].join('\n'),
};

export const projects: readonly Project[] = [
  {
    name: 'all is well',
    everySandbox: true,
    files: {},
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },

  {
    name: 'a type error',
    files: { 'src/wrong.ts': typeError },
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: no inputs',
    files: { 'tsconfig.json': tsconfig({ include: ['nowhere'] }) },
    expected: { build: 'error' },
  },
  { name: 'tsconfig: missing', files: { 'tsconfig.json': null }, expected: { build: 'error' } },
  {
    name: 'tsconfig: broken',
    files: { 'tsconfig.json': '{ "include": ["src"], "compilerOptions": {' },
    expected: { build: 'error' },
  },
  {
    name: 'tsconfig: unknown option',
    files: { 'tsconfig.json': tsconfig({ include: ['src'] }, { strictest: true }) },
    expected: { build: 'error' },
  },
  {
    name: 'tsconfig: missing types',
    files: { 'tsconfig.json': tsconfig({ include: ['src'] }, { types: ['nobody'] }) },
    expected: { build: 'error' },
  },
  {
    name: 'tsconfig: checking switched off',
    files: {
      'src/wrong.ts': typeError,
      'tsconfig.json': tsconfig({ include: ['src'] }, { noCheck: true }),
    },
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: references alone',
    files: {
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './app' }] }),
      'app/tsconfig.json': tsconfig({ include: ['../src'] }, { composite: true }),
    },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: a type error in a reference',
    files: {
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './app' }] }),
      'app/tsconfig.json': tsconfig({ include: ['.'] }, { composite: true }),
      'app/wrong.ts': typeError,
    },
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: references to nothing',
    files: { 'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './app' }] }) },
    expected: { build: 'error' },
  },

  {
    name: 'eslint: an error',
    files: { 'src/run.js': 'const unused = 1;\n' },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: a warning only',
    files: { 'src/run.js': "console.log('hello');\n" },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: a directive that disables nothing',
    files: { 'src/run.js': '// eslint-disable-next-line no-console\nexport const a = 1;\n' },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: a parse error',
    files: { 'src/run.js': 'const = ;\n' },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: configuration crashes',
    files: { 'eslint.config.js': "throw new Error('broken');\n" },
    expected: { lint: 'error' },
  },
  {
    name: 'eslint: configuration ends the process',
    files: { 'eslint.config.js': 'process.exit(0);\n', 'src/run.js': 'const unused = 1;\n' },
    expected: { lint: 'error' },
  },
  {
    name: 'eslint: no configuration',
    files: { 'eslint.config.js': null },
    expected: { lint: 'error' },
  },
  {
    name: 'eslint: nothing to lint',
    files: { 'eslint.config.js': "export default [{ ignores: ['**'] }];\n" },
    expected: { lint: 'error' },
  },

  {
    name: 'eslint: no rule for TypeScript',
    files: { 'eslint.config.js': eslintConfig([]), 'src/one.js': 'export const one = 1;\n' },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: no configuration for TypeScript',
    files: {
      'eslint.config.js':
        "export default [{ files: ['**/*.js'], rules: { 'no-debugger': 'error' } }];\n",
    },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: the sources are ignored',
    files: { 'eslint.config.js': "export default [{ ignores: ['src', 'test'] }];\n" },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: no rule for a package of the workspace',
    files: {
      'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
      'eslint.config.js': eslintConfig(['src/**/*.ts', 'test/**/*.ts']),
      'packages/a/package.json': '{ "name": "a" }',
      'packages/a/src/one.ts': 'debugger;\n',
    },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: less than half of the sources',
    files: {
      'eslint.config.js': eslintConfig(['src/add.ts']),
      'src/one.ts': 'debugger;\n',
      'src/two.ts': 'debugger;\n',
    },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: no rule for fixtures, scripts and a foreign package',
    files: {
      'test/fixtures/one.ts': 'debugger;\n',
      'scripts/release.ts': 'debugger;\n',
      'other/package.json': '{ "name": "other" }',
      'other/one.ts': 'debugger;\n',
      'eslint.config.js': eslintConfig(['src/*.ts', 'test/*.ts']),
    },
    expected: { lint: 'passed' },
  },
  {
    name: 'eslint: .eslintrc',
    requires: { eslint: '<9' },
    files: {
      'eslint.config.js': null,
      '.eslintrc.json': eslintrc,
      'src/wrong.ts': 'debugger;\nexport {};\n',
      'build.config.js': 'export const one = 1;\n',
    },
    expected: { lint: 'failed' },
  },
  {
    name: 'eslint: .eslintrc, all is well',
    requires: { eslint: '<9' },
    files: { 'eslint.config.js': null, '.eslintrc.json': eslintrc },
    expected: { lint: 'passed' },
  },
  {
    name: 'eslint: .eslintrc without a rule',
    requires: { eslint: '<9' },
    files: { 'eslint.config.js': null, '.eslintrc.json': eslintrc.replace('"error"', '"off"') },
    expected: { lint: 'failed' },
  },

  {
    name: 'vitest: a failing test',
    files: { 'test/add.test.ts': redTest },
    expected: { test: 'failed', coverage: 'passed' },
  },
  {
    name: 'vitest: no tests',
    files: {
      'test/add.test.ts': null,
      'vitest.config.js': vitestConfig({ passWithNoTests: true }),
    },
    expected: { test: 'failed', coverage: 'failed' },
  },
  {
    name: 'vitest: a test file without tests',
    files: { 'test/empty.test.ts': 'export {};\n' },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a test file that cannot be imported',
    files: { 'test/broken.test.ts': "import './nowhere.ts';\n" },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: all skipped or to do',
    files: { 'test/add.test.ts': tests("it.skip('adds', () => {});\nit.todo('more');") },
    expected: { test: 'failed', coverage: 'failed' },
  },
  {
    name: 'vitest: some skipped',
    files: { 'test/more.test.ts': tests("it('a', () => {});\nit.skip('b', () => {});") },
    expected: { test: 'passed' },
  },
  {
    name: 'vitest: only',
    files: {
      'test/add.test.ts': tests("it.only('adds', () => {});\nit('more', () => {});"),
      'vitest.config.js': vitestConfig({ allowOnly: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: an unhandled rejection',
    files: {
      'test/add.test.ts': tests("it('a', () => { void Promise.reject(new Error('boom')); });"),
      'vitest.config.js': vitestConfig({ dangerouslyIgnoreUnhandledErrors: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a snapshot that the configuration would update',
    files: {
      'test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toMatchSnapshot());"),
      'test/__snapshots__/add.test.ts.snap':
        '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`adds 1`] = `4`;\n',
      'vitest.config.js': vitestConfig({ update: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a snapshot that is not there',
    files: {
      'test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toMatchSnapshot());"),
      'vitest.config.js': vitestConfig({ update: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a red test beside files that are named like values of flags',
    files: {
      'test/add.test.ts': redTest,
      ...Object.fromEntries(
        ['none', 'false', 'true', 'json', 'dot', 'all', 'new', 'run', 'v8', 'lcovonly'].map(
          (value) => [`test/${value}.test.ts`, tests("it('is', () => {});")],
        ),
      ),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: process.exit(0) in a test',
    files: { 'test/add.test.ts': tests("it('a', () => process.exit(0));") },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: process.exit(0) at import',
    files: { 'test/add.test.ts': tests("process.exit(0);\nit('a', () => {});") },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: an endless loop',
    everySandbox: true,
    files: { 'test/add.test.ts': tests("it('a', () => { for (;;); });") },
    expected: { test: 'timeout', coverage: 'timeout' },
    timeoutMs: 3000,
  },
  {
    name: 'vitest: configuration crashes',
    files: { 'vitest.config.js': "throw new Error('broken');\n" },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: configuration ends the process',
    files: { 'vitest.config.js': 'process.exit(0);\n', 'test/add.test.ts': redTest },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: killed from outside',
    files: { 'vitest.config.js': "process.kill(process.pid, 'SIGKILL');\n" },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: a worker out of memory',
    everySandbox: true,
    files: {
      'vitest.config.js': vitestConfig({ execArgv: ['--max-old-space-size=48'] }),
      'test/add.test.ts': tests(
        "it('a', () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); });",
      ),
    },
    expected: { test: 'failed' },
    timeoutMs: 60_000,
  },
  {
    name: 'vitest: stale reports lie about',
    files: {
      'test/add.test.ts': redTest,
      'vitest.config.js': vitestConfig({
        reporters: ['json'],
        outputFile: { json: 'report.json' },
        coverage: { exclude: ['**'], reportsDirectory: 'coverage' },
      }),
      'report.json': lyingReport,
      '.vitest/json/output.json': lyingReport,
      'coverage/coverage-summary.json': lyingSummary,
    },
    expected: { test: 'failed', coverage: 'failed' },
  },

  {
    name: 'coverage: below the threshold',
    files: {
      ...halfCovered,
      'vitest.config.js': vitestConfig({ coverage: { thresholds: { lines: 0 } } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: "coverage: below the project's own threshold alone",
    files: {
      'src/ten.ts': `export const ten = [\n${'  () => 1,\n'.repeat(10)}];\n`,
      'test/ten.test.ts': tests(
        "it('nine of ten', () => expect(ten.slice(1).map((one) => one()).length).toBe(9));",
        "import { ten } from '../src/ten.ts';",
      ),
      'vitest.config.js': vitestConfig({
        coverage: { thresholds: { '100': true, perFile: true, 'src/*.ts': { lines: 100 } } },
      }),
    },
    expected: { test: 'passed', coverage: 'passed' },
  },
  {
    name: 'coverage: everything excluded',
    files: { 'vitest.config.js': vitestConfig({ coverage: { exclude: ['**'] } }) },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: a file no test imports',
    files: { 'src/never.ts': halfCovered['src/add.ts'] },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: of the files the project names',
    files: {
      'src/never.ts': halfCovered['src/add.ts'],
      'vitest.config.js': vitestConfig({ coverage: { include: ['src/add.ts'] } }),
    },
    expected: { coverage: 'passed' },
  },
  {
    name: 'coverage: no provider',
    files: {},
    without: 'coverage provider',
    expected: { test: 'passed', coverage: 'error' },
  },

  {
    name: 'no tools',
    files: {},
    without: 'everything',
    expected: { build: 'error', lint: 'error', test: 'error', coverage: 'error' },
  },
  {
    name: 'npm workspaces: the folder of a package',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'test/add.test.ts': redTest,
      'src/wrong.ts': typeError,
      ...Object.fromEntries(
        Object.entries(soundProject).map(([file, text]) => [`packages/a/${file}`, text]),
      ),
    },
    directory: 'packages/a',
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },
  {
    name: 'npm workspaces: all packages at once',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './packages/a' }] }),
      'src/add.ts': null,
      'test/add.test.ts': null,
      ...Object.fromEntries(
        Object.entries(soundProject)
          .filter(([file]) => file !== 'eslint.config.js')
          .map(([file, text]) => [`packages/a/${file}`, text]),
      ),
    },
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },

  {
    name: 'a flood of more than 50 MB',
    everySandbox: true,
    // From the process of vitest itself: version 4 swallows what its workers write.
    files: {
      'vitest.config.js': [
        "import { execFileSync } from 'node:child_process';",
        "execFileSync('/bin/sh', ['-c', 'yes | head -c 80000000'], { stdio: 'inherit' });",
        'export default {};',
        '',
      ].join('\n'),
    },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'a child outside the process group',
    everySandbox: true,
    files: { 'test/add.test.ts': shellTest('setsid sleep 300 > /dev/null 2>&1 < /dev/null &') },
    expected: { test: 'passed' },
  },
  {
    name: 'a child outside the process group that holds the output',
    everySandbox: true,
    files: { 'test/add.test.ts': shellTest('setsid sleep 300 &') },
    expected: { test: 'timeout' },
    timeoutMs: 3000,
  },
  {
    name: 'a storm of 800 children',
    everySandbox: true,
    files: {
      'test/add.test.ts': shellTest('for n in $(seq 800); do sleep 300 & done; wait'),
    },
    expected: { test: 'error' },
  },
  {
    name: 'a configuration that forges exit code and report, believed',
    files: { 'test/add.test.ts': redTest, 'vitest.config.js': forgingConfig },
    expected: { test: 'passed' },
  },
  {
    name: 'a configuration that forges exit code and report, replaced by that of the base',
    everySandbox: true,
    committed: { 'test/add.test.ts': redTest },
    files: { 'vitest.config.js': forgingConfig },
    expected: { test: 'failed' },
  },
];
