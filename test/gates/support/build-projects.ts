import { tsconfig, typeError, type Project } from './project.ts';

/** Two packages of which one imports the other as a number, and takes it for a text. */
const compositePackages = {
  'tsconfig.json': JSON.stringify({ files: [], references: [{ path: 'packages/b' }] }),
  'src/add.ts': null,
  'test/add.test.ts': null,
  'packages/a/tsconfig.json': tsconfig(
    { include: ['src'] },
    { composite: true, rootDir: 'src', outDir: 'out' },
  ),
  'packages/b/tsconfig.json': tsconfig(
    { include: ['src'], references: [{ path: '../a' }] },
    { composite: true, rootDir: 'src', outDir: 'out' },
  ),
  'packages/a/src/one.ts': 'export const one: number = 1;\n',
  'packages/b/src/two.ts':
    "import { one } from '../../a/src/one.js';\nexport const two: string = one;\n",
};

/** Rows about tsc. */
export const buildProjects: readonly Project[] = [
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
    requires: { typescript: '>=5.6' },
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
    name: 'tsconfig: emitDeclarationOnly and importing .ts',
    files: {
      'src/two.ts': "export { add } from './add.ts';\n",
      'tsconfig.json': tsconfig(
        { include: ['src'] },
        { declaration: true, emitDeclarationOnly: true, allowImportingTsExtensions: true },
      ),
    },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: a package that nobody references',
    files: {
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: 'packages/a' }] }),
      'packages/a/tsconfig.json': '{ "files": [], "references": [{ "path": "./lib.json" }] }',
      'packages/a/lib.json': tsconfig({ include: ['src'] }, { composite: true }),
      'packages/a/src/one.ts': 'export const one: number = 1;\n',
      'packages/b/tsconfig.json': tsconfig({ include: ['src'] }),
      'packages/b/src/wrong.ts': typeError,
    },
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: a package of the workspace without one',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'packages/b/package.json': '{ "name": "b" }',
      'packages/b/lib/wrong.ts': typeError,
    },
    expected: { build: 'error' },
  },
  {
    name: 'tsconfig: packages alone have one',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'tsconfig.json': null,
      'src/add.ts': null,
      'test/add.test.ts': null,
      'packages/b/package.json': '{ "name": "b" }',
      'packages/b/tsconfig.json': tsconfig({ include: ['lib'] }),
      'packages/b/lib/one.ts': 'export const one: number = 1;\n',
    },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: less than half of the sources',
    files: { 'lib/one.ts': typeError, 'lib/two.ts': typeError },
    expected: { build: 'error' },
  },
  {
    name: 'tsconfig: fixtures, scripts and a foreign package are not held',
    files: {
      'test/fixtures/a/tsconfig.json': tsconfig({ include: ['.'] }),
      'test/fixtures/a/wrong.ts': typeError,
      'scripts/wrong.ts': typeError,
      'other/package.json': '{ "name": "other" }',
      'other/tsconfig.json': tsconfig({ include: ['.'] }),
      'other/wrong.ts': typeError,
    },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: projects of tests, scripts and of an excluded package are their own',
    files: {
      'tsconfig.json': tsconfig({ include: ['src', 'packages'], exclude: ['packages/docs'] }),
      'test/tsconfig.json': tsconfig({ include: ['.'] }),
      'test/wrong.ts': typeError,
      'scripts/tsconfig.json': tsconfig({ include: ['.'] }),
      'scripts/wrong.ts': typeError,
      'packages/docs/tsconfig.json': tsconfig({ include: ['src'] }),
      'packages/docs/src/wrong.ts': typeError,
    },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: a wrong file that git ignores',
    committed: { '.gitignore': 'scratch/\n' },
    files: { 'scratch/wrong.ts': typeError, 'scratch/tsconfig.json': tsconfig({}) },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: a wrong type between references that are not built',
    everySandbox: true,
    files: compositePackages,
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: references that are not built',
    files: { ...compositePackages, 'packages/b/src/two.ts': 'export {};\n' },
    expected: { build: 'passed' },
  },
  {
    name: 'tsconfig: a wrong type, but the output of the reference is old',
    files: {
      ...compositePackages,
      'packages/a/out/one.d.ts': 'export declare const one: string;\n',
      'packages/a/out/one.js': "export const one = '1';\n",
    },
    expected: { build: 'failed' },
  },
  {
    name: 'tsconfig: an error below and above references that are not built',
    files: { ...compositePackages, 'packages/a/src/wrong.ts': typeError },
    expected: { build: 'failed' },
  },
  {
    name: 'no TypeScript',
    files: {
      'tsconfig.json': null,
      'src/add.ts': null,
      'test/add.test.ts': null,
      'src/add.js': 'export const add = (a, b) => a + b;\n',
      'vite.config.ts': 'export default {};\n',
    },
    expected: { build: 'error' },
  },
];
