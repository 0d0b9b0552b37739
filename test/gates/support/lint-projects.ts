import { eslintConfig, eslintrc, type Project } from './project.ts';

/** Rows about eslint. */
export const lintProjects: readonly Project[] = [
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
];
