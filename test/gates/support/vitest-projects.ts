import { halfCovered, redTest, vitestConfig } from './project-files.ts';
import { tests, type Project } from './project.ts';

const never = halfCovered['src/add.ts'];
const green = tests("it('is', () => {});").replaceAll('../src/', '../../src/');
const red = redTest.replaceAll('../src/', '../../src/');
const gatesFile = (gates: object) => JSON.stringify({ gates });

/** Two packages, of which each holds a file that no test imports. */
const twoPackages = {
  'packages/a/src/add.ts': 'export const add = (a: number, b: number): number => a + b;\n',
  'packages/a/src/never.ts': never.repeat(1),
  'packages/a/test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toBe(3));"),
  'packages/b/src/never.ts': never,
  'packages/b/test/one.test.ts': "import { it } from 'vitest';\nit('is', () => {});\n",
  'src/add.ts': null,
  'test/add.test.ts': null,
};
const ineffective = { include: ['src/add.ts'] };
const packages = [
  { test: { name: 'a', root: 'packages/a', coverage: ineffective } },
  { test: { name: 'b', root: 'packages/b' } },
];

/** What the configuration of vitest can do to the verdicts on tests and coverage. */
export const vitestProjects: readonly Project[] = [
  {
    name: 'vitest: tests that look at colours',
    files: {
      'test/colours.test.ts': tests(
        "it('colours', () => expect([process.env['NO_COLOR'], process.env['FORCE_COLOR']]).not.toContain('0'));\nit('may', () => expect(process.env['NO_COLOR']).toBeUndefined());",
      ),
    },
    expected: { test: 'passed' },
  },
  {
    name: 'vitest: a test that is red the first time',
    files: {
      'test/flaky.test.ts': tests(
        "it('is flaky', () => {\n  const first = !existsSync('ran');\n  writeFileSync('ran', '');\n  expect(first).toBe(false);\n});",
        "import { existsSync, writeFileSync } from 'node:fs';",
      ),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a test that passes when retried',
    files: {
      'test/retried.test.ts': tests(
        "let attempts = 0;\nit('is retried', { retry: 2 }, () => expect(++attempts).toBe(2));",
      ),
    },
    expected: { test: 'passed' },
  },
  {
    name: 'vitest: a hook that fails after green tests',
    files: {
      'test/hook.test.ts': tests(
        "it('is', () => {});\nafterAll(() => { throw new Error('hook'); });",
        "import { afterAll } from 'vitest';",
      ),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: an environment that is not installed',
    files: { 'vitest.config.js': vitestConfig({ environment: 'nowhere' }) },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: the configuration writes a report of its own',
    files: { 'vitest.config.js': vitestConfig({ reporters: ['json'], outputFile: 'own.json' }) },
    expected: { test: 'passed', coverage: 'passed' },
  },
  {
    name: 'gates file: a root for vitest',
    files: {
      'test/add.test.ts': redTest,
      'inner/test/one.test.ts': green,
      '.mosaic/gates.json': gatesFile({ test: { root: 'inner' } }),
    },
    expected: { test: 'passed' },
  },
  {
    name: 'gates file: projects of vitest',
    requires: { vitest: '>=3.2' },
    files: {
      'vitest.config.js': vitestConfig({
        projects: [
          { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
          { test: { name: 'browser', include: ['test/browser/**/*.test.ts'] } },
        ],
      }),
      'test/unit/one.test.ts': green,
      'test/browser/one.test.ts': red,
      '.mosaic/gates.json': gatesFile({ test: { projects: ['unit'] } }),
    },
    expected: { test: 'passed' },
  },
  {
    name: 'gates file: paths of tests',
    files: {
      'test/unit/one.test.ts': green,
      'other/test/unit/one.test.ts': red.replaceAll('../../src/', '../../../src/'),
      '.mosaic/gates.json': gatesFile({ test: { paths: ['test/unit'] } }),
    },
    expected: { test: 'passed' },
  },
  {
    name: 'gates file: paths without a test',
    files: { '.mosaic/gates.json': gatesFile({ test: { paths: ['test/none'] } }) },
    expected: { test: 'failed', coverage: 'failed' },
  },
  {
    name: 'gates file: files that coverage counts',
    files: {
      'lib/never.ts': never,
      'vitest.config.js': vitestConfig({ coverage: { include: ['src/add.ts'] } }),
      '.mosaic/gates.json': gatesFile({ coverage: { include: ['lib/**', 'src/**'] } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },

  {
    name: 'coverage: options inside a project have no effect',
    requires: { vitest: '>=3.2' },
    files: { ...twoPackages, 'vitest.config.js': vitestConfig({ projects: packages }) },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: options inside a project have no effect, as text of a program',
    requires: { vitest: '>=3.2' },
    files: {
      ...twoPackages,
      'vitest.config.js': [
        `const projects = ${JSON.stringify(packages)};`,
        'const test = { projects };',
        'export default () => ({ test });',
        '',
      ].join('\n'),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: options inside a workspace file have no effect',
    requires: { vitest: '<4' },
    files: {
      ...twoPackages,
      'vitest.workspace.js': `export default ${JSON.stringify(packages)};\n`,
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: of the files that an imported configuration names',
    files: {
      'src/never.ts': never,
      'shared.js': vitestConfig({ coverage: { include: ['src/add.ts'] } }),
      'vitest.config.js': [
        "import { mergeConfig } from 'vitest/config';",
        "import shared from './shared.js';",
        'export default mergeConfig(shared, { test: {} });',
        '',
      ].join('\n'),
    },
    expected: { test: 'passed', coverage: 'passed' },
  },
  {
    name: 'coverage: the configuration leaves out files no test imports',
    requires: { vitest: '<4' },
    files: {
      'src/never.ts': never,
      'vitest.config.js': vitestConfig({ coverage: { all: false } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: the configuration counts changed files alone',
    requires: { vitest: '>=4.1' },
    committed: {
      'src/never.ts': never,
      'vitest.config.js': vitestConfig({ coverage: { changed: 'HEAD' } }),
    },
    files: {},
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: most sources are excluded',
    files: {
      'src/one.ts': never,
      'src/two.ts': never,
      'vitest.config.js': vitestConfig({ coverage: { exclude: ['**/one.ts', '**/two.ts'] } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: declarations, types and re-exports hold nothing to measure',
    files: {
      'src/types.ts': 'export interface A {\n  readonly a: string;\n}\nexport type B = A;\n',
      'src/env.d.ts': 'declare const version: string;\n',
      'src/index.ts': "export * from './add.ts';\nexport type { A } from './types.ts';\n",
      'src/generated.ts': never,
      'vitest.config.js': vitestConfig({
        coverage: { exclude: ['src/generated.ts', '**/*.d.ts', '**/index.ts', '**/types.ts'] },
      }),
    },
    expected: { test: 'passed', coverage: 'passed' },
  },
  {
    name: 'coverage: files from elsewhere hide nothing',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'packages/shared/src/big.ts': `export const big = [\n${'  () => 1,\n'.repeat(60)}].map((one) => one());\n`,
      'packages/a/package.json': '{ "name": "a", "private": true, "type": "module" }',
      'packages/a/src/add.ts': never,
      'packages/a/test/add.test.ts': tests(
        "it('adds', () => expect(add(1, 2) + big.length).toBe(63));",
        "import { big } from '../../shared/src/big.ts';",
      ),
      'packages/a/vitest.config.js': vitestConfig({
        coverage: { allowExternal: true, include: ['**/src/**'] },
      }),
    },
    directory: 'packages/a',
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: tests among the sources hide nothing',
    files: {
      ...halfCovered,
      'src/add.test.ts': [
        "import { expect, it } from 'vitest';",
        "import { add } from './add.ts';",
        ...Array.from(
          { length: 60 },
          (_, n) => `it('adds ${n}', () => expect(add(1, 2)).toBe(3));`,
        ),
        '',
      ].join('\n'),
      'vitest.config.js': vitestConfig({ coverage: { exclude: [] } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: the provider istanbul, where it is installed',
    files: {
      'src/never.ts': never,
      'vitest.config.js': vitestConfig({ coverage: { provider: 'istanbul' } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: a provider of its own',
    files: {
      'provider.js': 'export default {};\n',
      'vitest.config.js': vitestConfig({
        coverage: { provider: 'custom', customProviderModule: './provider.js' },
      }),
    },
    expected: { test: 'passed', coverage: 'error' },
  },
];
