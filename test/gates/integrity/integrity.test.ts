import { describe, expect, it } from 'vitest';

import { brief, check, createRepository, type Files } from '../support/integrity-repository.ts';

/** A row: the file before, the file after, the findings expected. */
interface Row {
  readonly name: string;
  readonly before: Files;
  readonly after: Files;
  readonly expected: readonly string[];
}

const add = 'const add = (a: number, b: number) => a + b;\n';
const adds = "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n";
const subtracts = "it('subtracts', () => {\n  expect(add(1, -2)).toBe(-1);\n});\n";
const multiplies = "it('multiplies', () => {\n  expect(mul(2, 2)).toBe(4);\n});\n";
const imports = "import { describe, expect, it } from 'vitest';\n";

/** One file, `a.test.ts`, with the imports of vitest on its first line. */
function test(name: string, before: string, after: string, ...expected: string[]): Row {
  return {
    name,
    before: { 'a.test.ts': imports + before },
    after: { 'a.test.ts': imports + after },
    expected,
  };
}

function source(name: string, before: string, after: string, ...expected: string[]): Row {
  return { name, before: { 'a.ts': before }, after: { 'a.ts': after }, expected };
}

function file(
  path: string,
  name: string,
  before: string,
  after: string,
  ...expected: string[]
): Row {
  return { name, before: { [path]: before }, after: { [path]: after }, expected };
}

function packageJson(name: string, before: object, after: object, ...expected: string[]): Row {
  const text = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return file('package.json', name, text(before), text(after), ...expected);
}

const vitestConfig = (coverage: string) =>
  `import { defineConfig } from 'vitest/config';\n\nexport default defineConfig({\n  test: {\n    coverage: {\n${coverage}\n    },\n  },\n});\n`;
const config = (name: string, before: string, after: string, ...expected: string[]) =>
  file('vitest.config.ts', name, vitestConfig(before), vitestConfig(after), ...expected);

const scripts = { test: 'vitest run', lint: 'eslint .', start: 'node main.js', types: 'tsc' };
const skips: Row[] = [
  test('it.skip', adds, adds.replace('it(', 'it.skip('), 'new-skip a.test.ts:2'),
  test('it.only', adds, adds.replace('it(', 'it.only('), 'new-only a.test.ts:2'),
  test('it.fails', adds, adds.replace('it(', 'it.fails('), 'new-fails a.test.ts:2'),
  test('a test left for later', adds, `${adds}it.todo('subtracts');\n`, 'new-todo a.test.ts:5'),
  test('a test without a function', adds, `${adds}it('subtracts');\n`, 'new-todo a.test.ts:5'),
  test(
    'a suite skipped',
    `describe('sums', () => {\n${adds}});\n`,
    `describe.skip('sums', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  test(
    'describe.skip.each',
    `describe.each([1])('%s', () => {\n${adds}});\n`,
    `describe.skip.each([1])('%s', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  test(
    'it.concurrent.skip',
    adds,
    adds.replace('it(', 'it.concurrent.skip('),
    'new-skip a.test.ts:2',
  ),
  test('xit', adds, adds.replace('it(', 'xit('), 'new-skip a.test.ts:2'),
  test('fit', adds, adds.replace('it(', 'fit('), 'new-only a.test.ts:2'),
  test(
    'xdescribe',
    `describe('sums', () => {\n${adds}});\n`,
    `xdescribe('sums', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  test('a computed name', adds, adds.replace('it(', "it['sk' + 'ip']("), 'new-skip a.test.ts:2'),
  test(
    'an option',
    adds,
    adds.replace("'adds', ", "'adds', { skip: true }, "),
    'new-skip a.test.ts:2',
  ),
  test(
    'an option with a reason',
    adds,
    adds.replace("'adds', ", "'adds', { todo: 'later' }, "),
    'new-todo a.test.ts:2',
  ),
  test('skipIf(true)', adds, adds.replace('it(', 'it.skipIf(true)('), 'new-skip a.test.ts:2'),
  test(
    'runIf of a constant',
    adds,
    `const enabled = 1 > 2;\n${adds.replace('it(', 'it.runIf(enabled)(')}`,
    'new-skip a.test.ts:3',
  ),
  test(
    'an alias of it.skip',
    adds,
    `const later = it.skip;\n${adds.replace('it(', 'later(')}`,
    'new-skip a.test.ts:2',
    'new-skip a.test.ts:3',
  ),
  test('skip taken out of it', adds, `const { skip } = it;\n${adds}`, 'new-skip a.test.ts:2'),
  test('an alternative', adds, `const t = slow ? it.skip : it;\n${adds}`, 'new-skip a.test.ts:2'),
  test(
    'the context of the running test',
    adds,
    adds.replace('()', '(context)').replace('  expect', '  context.skip();\n  expect'),
    'new-skip a.test.ts:3',
  ),
  test(
    'skip out of the context',
    adds,
    adds.replace('()', '({ skip })').replace('  expect', '  skip();\n  expect'),
    'new-skip a.test.ts:3',
  ),
  file(
    'b.test.ts',
    'an imported alias',
    `import { it as spec } from 'vitest';\n${adds.replace('it(', 'spec(')}`,
    `import { it as spec } from 'vitest';\n${adds.replace('it(', 'spec.skip(')}`,
    'new-skip b.test.ts:2',
  ),
  file(
    'b.test.js',
    'the module as a whole',
    `import * as v from 'vitest';\n${adds.replace('it(', 'v.it(')}`,
    `import * as v from 'vitest';\n${adds.replace('it(', 'v.it.only(')}`,
    'new-only b.test.js:2',
  ),
  file(
    'b.test.js',
    'node:test',
    `import test from 'node:test';\n${adds.replace('it(', 'test(')}`,
    `import test from 'node:test';\n${adds.replace('it(', 'test.skip(')}`,
    'new-skip b.test.js:2',
  ),
  test(
    'one test skipped in the place of another',
    adds.replace('it(', 'it.skip(') + subtracts,
    adds + subtracts.replace('it(', 'it.skip('),
    'new-skip a.test.ts:5',
  ),
];

const noSkips: Row[] = [
  test('a string that speaks of it', adds, `${adds}const text = "it.skip('adds')";\n`),
  test('a comment that speaks of it', adds, `// it.skip('adds') would be wrong\n${adds}`),
  test('a template that speaks of it', adds, `${adds}const text = \`describe.only()\`;\n`),
  test('skip of something else', adds, `${adds}rows.skip(10).only('a');\n`),
  source(
    'a variable called test',
    add,
    `${add}const test = /x/;\nexport const only = test.only;\n`,
  ),
  source('a parameter called it', add, `${add}export const f = (it: Row) => it.skip;\n`),
  test('a condition', adds, adds.replace('it(', "it.skipIf(process.platform === 'win32')(")),
  test('an option that is off', adds, adds.replace("'adds', ", "'adds', { skip: false }, ")),
  test(
    'a skip that was there',
    `it.skip${adds.slice(2)}`,
    `\n\nit.skip${adds.slice(2)}${subtracts}`,
  ),
  test('a skip taken away', adds.replace('it(', 'it.skip('), adds),
  test(
    'a skipped test with another title',
    adds.replace('it(', 'it.skip('),
    adds.replace('it(', 'it.skip(').replace('adds', 'sums up'),
  ),
  {
    name: 'two files of the same text that changed places with two others',
    before: { 'a.ts': add, 'b.ts': '// @ts-nocheck\n', 'c.ts': '', 'd.ts': '// @ts-nocheck\n' },
    after: { 'a.ts': '// @ts-nocheck\n', 'b.ts': add, 'c.ts': '// @ts-nocheck\n', 'd.ts': '' },
    expected: [],
  },
  {
    name: 'a skip that moved',
    before: { 'a.test.ts': adds + `it.skip${subtracts.slice(2)}` },
    after: { 'a.test.ts': adds, 'b.test.ts': `it.skip${subtracts.slice(2)}` },
    expected: [],
  },
  test('more tests', adds, adds + subtracts),
  test(
    'a condition of the running test',
    adds,
    adds.replace('()', '(context)').replace('  expect', '  context.skip(!works());\n  expect'),
  ),
  source('a member called fit', add, `${add}interface A { fit: number }\nclass B { fit = 1; }\n`),
  source('a function called fit', add, `import { fit } from './fit.ts';\n${add}fit('a', 1);\n`),
  source('a key called only', add, `${add}export const options = { only: true, xit: 1 };\n`),
];

const directives: Row[] = [
  source('eslint-disable', add, `/* eslint-disable */\n${add}`, 'new-eslint-disable a.ts:1'),
  source(
    '-next-line',
    add,
    `// eslint-disable-next-line no-x\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  source('-line', add, add.replace('\n', ' // eslint-disable-line\n'), 'new-eslint-disable a.ts:1'),
  source(
    'one more rule',
    `// eslint-disable-next-line a\n${add}`,
    `// eslint-disable-next-line a, b\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  source(
    'rules off in a comment',
    add,
    `/* eslint no-x: "off" */\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  source('ts-ignore', add, `// @ts-ignore\n${add}`, 'new-ts-ignore a.ts:1'),
  source('ts-ignore in a block', add, `/* @ts-ignore */\n${add}`, 'new-ts-ignore a.ts:1'),
  source(
    'ts-expect-error',
    add,
    `// @ts-expect-error: later\n${add}`,
    'new-ts-expect-error a.ts:1',
  ),
  source('ts-nocheck', add, `// @ts-nocheck\n${add}`, 'new-ts-nocheck a.ts:1'),
  source('v8 ignore', add, `/* v8 ignore next */\n${add}`, 'new-coverage-ignore a.ts:1'),
  source(
    'v8 ignore start and stop',
    add,
    `/* v8 ignore start */\n${add}/* v8 ignore stop */\n`,
    'new-coverage-ignore a.ts:1',
  ),
  source('c8 ignore', add, `/* c8 ignore file */\n${add}`, 'new-coverage-ignore a.ts:1'),
  source(
    'istanbul ignore',
    add,
    `/* istanbul ignore next -- @preserve */\n${add}`,
    'new-coverage-ignore a.ts:1',
  ),
  source(
    'node:coverage',
    add,
    `/* node:coverage ignore next */\n${add}`,
    'new-coverage-ignore a.ts:1',
  ),
  source(
    'a directive moved to other code',
    `// @ts-ignore\nfirst();\nsecond();\n`,
    `first();\n// @ts-ignore\nsecond();\n`,
    'new-ts-ignore a.ts:2',
  ),
  file(
    'a.tsx',
    'in JSX',
    'const a = <b>x</b>;\n',
    'const a = <b>{/* @ts-ignore */}x</b>;\n',
    'new-ts-ignore a.tsx:1',
  ),
  file(
    'a.vue',
    'in a component',
    '<template />\n',
    '<!-- eslint-disable-next-line -->\n<template />\n',
    'new-eslint-disable a.vue:1',
    'not-parsed a.vue:1',
  ),
  {
    name: 'in a new file',
    before: { 'a.ts': add },
    after: { 'b.ts': `// @ts-nocheck\n${add}` },
    expected: ['new-ts-nocheck b.ts:1'],
  },
  source(
    'a file that never parsed',
    'const = ;\n',
    'const = ;\nit.skip("x", f); // @ts-ignore\n',
    'new-skip a.ts:2',
    'new-ts-ignore a.ts:2',
    'not-parsed a.ts:1',
  ),
  source('a file that stopped parsing', add, `${add}const = ;\n`, 'not-parsed a.ts:1'),
];

const noDirectives: Row[] = [
  source('in a string', add, `${add}const text = '// @ts-ignore';\n`),
  source('in a template', add, `${add}const text = \`/* eslint-disable */\`;\n`),
  source(
    'in prose',
    add,
    `// Never use eslint-disable, @ts-ignore or a v8 ignore comment here.\n${add}`,
  ),
  source('a longer word', add, `// eslint-disabled rules are listed elsewhere\n${add}`),
  source('the marked line edited', `// @ts-ignore\nfirst(1);\n`, `// @ts-ignore\nfirst(2);\n`),
  source(
    'fewer rules',
    `// eslint-disable-next-line a, b\n${add}`,
    `// eslint-disable-next-line b\n${add}`,
  ),
  source('taken away', `/* v8 ignore next */\n${add}`, add),
  source('narrower', `/* eslint-disable a */\n${add}`, `// eslint-disable-next-line a\n${add}`),
  source(
    'with a reason',
    `// eslint-disable-next-line a\n${add}`,
    `// eslint-disable-next-line a -- so it is\n${add}`,
  ),
  {
    name: 'moved with its code',
    before: { 'a.ts': `// @ts-ignore\nfirst();\nsecond();\n` },
    after: { 'a.ts': 'second();\n', 'b.ts': `// @ts-ignore\nfirst();\n` },
    expected: [],
  },
  {
    name: 'a file renamed and edited',
    before: { 'a.ts': `/* eslint-disable a */\n${add}first();\n` },
    after: { 'a.ts': null, 'lib/b.ts': `/* eslint-disable a */\n${add}second();\n` },
    expected: [],
  },
  {
    name: 'other kinds of files',
    before: { 'a.md': 'x\n' },
    after: { 'a.md': '`// @ts-ignore`, `it.skip`\n' },
    expected: [],
  },
];

const lost: Row[] = [
  test('a test deleted', adds + subtracts, adds, 'test-deleted a.test.ts:5'),
  test(
    'a test commented out',
    adds + subtracts,
    `${adds}/* ${subtracts} */\n`,
    'test-deleted a.test.ts:5',
  ),
  {
    name: 'a test file deleted',
    before: { 'a.test.ts': adds + subtracts, 'a.ts': add },
    after: { 'a.test.ts': null },
    expected: ['test-deleted a.test.ts:1', 'test-deleted a.test.ts:4'],
  },
  {
    name: 'a test file emptied',
    before: { 'a.test.ts': adds },
    after: { 'a.test.ts': '' },
    expected: ['test-deleted a.test.ts:1'],
  },
  {
    name: 'a test file where no runner looks',
    before: { 'a.test.ts': adds },
    after: { 'a.test.ts': null, 'a.txt.ts': adds },
    expected: ['test-deleted a.test.ts:1'],
  },
  {
    name: 'a test file that is no source any more',
    before: { 'a.test.ts': adds },
    after: { 'a.test.ts': null, 'a.test.ts.off': adds },
    expected: ['test-deleted a.test.ts:1'],
  },
  test('a body emptied', adds, "it('adds', () => {});\n", 'test-emptied a.test.ts:2'),
  test(
    'all assertions removed',
    adds,
    "it('adds', () => {\n  add(1, 2);\n});\n",
    'assertions-removed a.test.ts:2',
  ),
  test(
    'assertions on constants',
    adds,
    "it('adds', () => {\n  expect(true).toBe(true);\n});\n",
    'assertions-removed a.test.ts:2',
  ),
  test(
    'assertions never reached',
    adds,
    adds.replace('  expect', '  return;\n  expect'),
    'assertions-removed a.test.ts:2',
  ),
  test(
    'assertions under if (false)',
    adds,
    adds.replace('  expect', '  if (false) expect'),
    'assertions-removed a.test.ts:2',
  ),
  test(
    'a case fewer',
    "it.each([1, 2, 3])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    "it.each([1, 2])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    'fewer-cases a.test.ts:2',
  ),
  test(
    'a case fewer in a named table',
    "const rows = [1, 2];\nit.each(rows)('%s', (n) => { expect(f(n)).toBe(n); });\n",
    "const rows = [1];\nit.each(rows)('%s', (n) => { expect(f(n)).toBe(n); });\n",
    'fewer-cases a.test.ts:3',
  ),
];

const notLost: Row[] = [
  {
    name: 'a test file renamed',
    before: { 'a.test.ts': adds },
    after: { 'a.test.ts': null, 'test/b.test.ts': adds },
    expected: [],
  },
  {
    name: 'a test moved to another file',
    before: { 'a.test.ts': adds + subtracts, 'b.test.ts': multiplies },
    after: { 'a.test.ts': adds, 'b.test.ts': multiplies + subtracts },
    expected: [],
  },
  {
    name: 'a file split in two',
    before: { 'a.test.ts': adds + subtracts + multiplies },
    after: { 'a.test.ts': adds, 'b.test.ts': subtracts + multiplies },
    expected: [],
  },
  test('put into a suite', adds, `describe('sums', () => {\n${adds}});\n`),
  test('another title', adds, adds.replace("'adds'", "'adds two numbers'")),
  test('rewritten', adds, "it('sums up', () => {\n  expect(add(2, 2)).toEqual(4);\n});\n"),
  test(
    'three tests become a table',
    adds + subtracts,
    "it.each([[1, 2, 3], [1, -2, -1]])('%s', (a, b, c) => {\n  expect(add(a, b)).toBe(c);\n});\n",
  ),
  test(
    'a table becomes tests',
    "it.each([1, 2])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    adds + subtracts,
  ),
  test(
    'a loop over cases',
    adds + subtracts,
    'for (const n of rows()) {\n  it(`adds ${n}`, () => {\n    expect(f(n)).toBe(n);\n  });\n}\n',
  ),
  test(
    'assertions in a helper',
    adds,
    "const sum = () => {\n  expect(add(1, 2)).toBe(3);\n};\nit('adds', () => {\n  sum();\n});\n",
  ),
  test(
    'another assertion library',
    adds,
    "it('adds', () => {\n  assert.equal(add(1, 2), 3);\n});\n",
  ),
  test('an empty test that was empty', "it('adds', () => {});\n", "it('adds', () => {\n});\n"),
  test(
    'a test that throws by itself',
    adds,
    "it('adds', () => {\n  if (add(1, 2) !== 3) throw new Error('no');\n});\n",
  ),
];

const configuration: Row[] = [
  config(
    'a threshold lowered',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: 80 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  config(
    'a threshold removed',
    'thresholds: { lines: 90, branches: 80 },',
    'thresholds: { lines: 90 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  config(
    'all thresholds removed',
    'thresholds: { lines: 90 },',
    '',
    'threshold-lowered vitest.config.ts:5',
  ),
  config(
    'a threshold as a count',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: -90 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  config(
    'include shrunken',
    "include: ['src/**', 'lib/**'],",
    "include: ['src/**'],",
    'coverage-narrowed vitest.config.ts:6',
  ),
  config(
    'exclude grown',
    "exclude: ['a.ts'],",
    "exclude: ['a.ts', 'src/hard/**'],",
    'coverage-narrowed vitest.config.ts:6',
  ),
  config(
    'exclude added',
    'enabled: true,',
    "enabled: true,\nexclude: ['src/hard/**'],",
    'coverage-narrowed vitest.config.ts:7',
  ),
  config(
    'another option',
    'enabled: true,',
    'enabled: false,',
    'gate-config-edited vitest.config.ts:6',
  ),
  file(
    'vite.config.js',
    'in vite.config',
    'export default { test: { coverage: { thresholds: { lines: 9 } } } };\n',
    'export default { test: { coverage: { thresholds: { lines: 8 } } } };\n',
    'threshold-lowered vite.config.js:1',
  ),
  file(
    'tsconfig.json',
    'tsconfig',
    '{\n  // strict\n  "compilerOptions": { "strict": true },\n}\n',
    '{\n  // strict\n  "compilerOptions": { "strict": false },\n}\n',
    'gate-config-edited tsconfig.json:3',
  ),
  file(
    'tsconfig.build.json',
    'a tsconfig that does not parse',
    '{ "a": 1 }\n',
    '{\n"a": ]\n',
    'gate-config-edited tsconfig.build.json:1',
  ),
  file(
    'eslint.config.js',
    'eslint',
    "export default [{ rules: { 'no-x': 'error' } }];\n",
    "export default [{ rules: { 'no-x': 'off' } }];\n",
    'gate-config-edited eslint.config.js:1',
  ),
  file(
    '.ci/run',
    'the pipeline',
    'npm ci\nnpm test\n',
    'npm ci\nnpm test || true\n',
    'gate-config-edited .ci/run:2',
  ),
  file(
    '.gitea/workflows/ci.yml',
    'a workflow',
    'run: npm test\n',
    'run: "true"\n',
    'gate-config-edited .gitea/workflows/ci.yml:1',
  ),
  {
    name: 'a configuration removed',
    before: { 'eslint.config.js': 'export default [];\n' },
    after: { 'eslint.config.js': null, 'a.ts': add },
    expected: ['gate-config-edited eslint.config.js:1'],
  },
  {
    name: 'a configuration that takes over',
    before: { 'vite.config.ts': 'export default {};\n' },
    after: { 'vitest.config.ts': 'export default {};\n' },
    expected: ['gate-config-edited vitest.config.ts:1'],
  },
  {
    name: 'a file the configuration names',
    before: {
      'vitest.config.ts': "export default { test: { setupFiles: ['./test/setup.ts'] } };\n",
      'test/setup.ts': 'a();\n',
    },
    after: { 'test/setup.ts': 'b();\n' },
    expected: ['gate-config-edited test/setup.ts:1'],
  },
  {
    name: 'a base that tsconfig extends',
    before: { 'tsconfig.json': '{ "extends": "./base" }\n', 'base.json': '{ "a": 1 }\n' },
    after: { 'base.json': '{ "a": 2 }\n' },
    expected: ['gate-config-edited base.json:1'],
  },
  packageJson(
    'a test script',
    { scripts },
    { scripts: { ...scripts, test: 'true' } },
    'gate-script-edited package.json:3',
  ),
  packageJson(
    'a script that runs a tool',
    { scripts },
    { scripts: { ...scripts, types: 'true' } },
    'gate-script-edited package.json:6',
  ),
  packageJson(
    'a hook of a gate script',
    { scripts },
    { scripts: { ...scripts, pretest: 'rm -r test' } },
    'gate-script-edited package.json:7',
  ),
  packageJson(
    'a tool replaced',
    { devDependencies: { vitest: '^5.1.1' } },
    { devDependencies: { vitest: 'npm:vitesst@1' } },
    'gate-tool-replaced package.json:3',
  ),
  packageJson(
    'a tool overridden',
    { name: 'a' },
    { name: 'a', overrides: { eslint: '1.0.0' } },
    'gate-tool-replaced package.json:4',
  ),
];

const noConfiguration: Row[] = [
  config(
    'a threshold raised',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: 95, branches: 80 },',
  ),
  config('include grown', "include: ['src/**'],", "include: ['src/**', 'lib/**'],"),
  config('exclude shrunken', "exclude: ['a.ts', 'b.ts'],", "exclude: ['a.ts'],"),
  config('a comment and layout', 'enabled: true,', '// Always.\n      "enabled": true'),
  file(
    'tsconfig.json',
    'comments and layout of a tsconfig',
    '{ "a": [1, 2] }\n',
    '{\n  // both\n  "a": [1, 2],\n}\n',
  ),
  packageJson(
    'a dependency added',
    { scripts, dependencies: { a: '1.0.0' } },
    { scripts, dependencies: { a: '1.0.0', b: '2.0.0' } },
  ),
  packageJson(
    'a tool brought up to date',
    { devDependencies: { vitest: '^5.1.1' } },
    { devDependencies: { vitest: '^5.2.0' } },
  ),
  packageJson(
    'another script',
    { scripts },
    { scripts: { ...scripts, start: 'node other.js', bench: 'node bench.js' } },
  ),
  packageJson('name and version', { name: 'a', version: '1.0.0' }, { name: 'b', version: '1.0.1' }),
  {
    name: 'a new package with its own configuration',
    before: { 'a.ts': add },
    after: { 'packages/b/tsconfig.json': '{}\n', 'packages/b/package.json': '{}\n' },
    expected: [],
  },
  {
    name: 'a package removed',
    before: { 'a.ts': add, 'packages/b/tsconfig.json': '{}\n' },
    after: { packages: null },
    expected: [],
  },
  {
    name: 'a set-up file added with tests',
    before: { 'a.ts': add },
    after: { '.github/workflows/release.yml': 'on: push\n' },
    expected: [],
  },
  {
    name: 'line ends',
    before: { 'tsconfig.json': '{\n"a": 1\n}\n' },
    after: { 'tsconfig.json': '{\r\n"a": 1\r\n}\r\n' },
    expected: [],
  },
];

describe.each([
  ['a skip is new', skips],
  ['no skip is new', noSkips],
  ['a directive is new', directives],
  ['no directive is new', noDirectives],
  ['a test is lost', lost],
  ['no test is lost', notLost],
  ['configuration is weakened', configuration],
  ['configuration is not weakened', noConfiguration],
])('%s', (_title, rows) => {
  it.each(rows)('$name', async ({ before, after, expected }) => {
    const { directory, write } = createRepository(before);
    write(after);
    const verdict = await check(directory);
    expect(brief(verdict)).toEqual([...expected].sort());
    if (expected.length === 0) expect(verdict.status).toBe('passed');
  });
});
