import {
  type Row,
  add,
  adds,
  subtracts,
  testFile,
  sourceFile,
  fileRow,
  testRows,
} from '../support/integrity-rows.ts';

const skips: Row[] = [
  testFile('it.skip', adds, adds.replace('it(', 'it.skip('), 'new-skip a.test.ts:2'),
  testFile('it.only', adds, adds.replace('it(', 'it.only('), 'new-only a.test.ts:2'),
  testFile('it.fails', adds, adds.replace('it(', 'it.fails('), 'new-fails a.test.ts:2'),
  testFile('a test left for later', adds, `${adds}it.todo('subtracts');\n`, 'new-todo a.test.ts:5'),
  testFile('a test without a function', adds, `${adds}it('subtracts');\n`, 'new-todo a.test.ts:5'),
  testFile(
    'a suite skipped',
    `describe('sums', () => {\n${adds}});\n`,
    `describe.skip('sums', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  testFile(
    'describe.skip.each',
    `describe.each([1])('%s', () => {\n${adds}});\n`,
    `describe.skip.each([1])('%s', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  testFile(
    'it.concurrent.skip',
    adds,
    adds.replace('it(', 'it.concurrent.skip('),
    'new-skip a.test.ts:2',
  ),
  testFile('xit', adds, adds.replace('it(', 'xit('), 'new-skip a.test.ts:2'),
  testFile('fit', adds, adds.replace('it(', 'fit('), 'new-only a.test.ts:2'),
  testFile(
    'xdescribe',
    `describe('sums', () => {\n${adds}});\n`,
    `xdescribe('sums', () => {\n${adds}});\n`,
    'new-skip a.test.ts:2',
  ),
  testFile(
    'a computed name',
    adds,
    adds.replace('it(', "it['sk' + 'ip']("),
    'new-skip a.test.ts:2',
  ),
  testFile(
    'an option',
    adds,
    adds.replace("'adds', ", "'adds', { skip: true }, "),
    'new-skip a.test.ts:2',
  ),
  testFile(
    'an option with a reason',
    adds,
    adds.replace("'adds', ", "'adds', { todo: 'later' }, "),
    'new-todo a.test.ts:2',
  ),
  testFile('skipIf(true)', adds, adds.replace('it(', 'it.skipIf(true)('), 'new-skip a.test.ts:2'),
  testFile(
    'runIf of a constant',
    adds,
    `const enabled = 1 > 2;\n${adds.replace('it(', 'it.runIf(enabled)(')}`,
    'new-skip a.test.ts:3',
  ),
  testFile(
    'an alias of it.skip',
    adds,
    `const later = it.skip;\n${adds.replace('it(', 'later(')}`,
    'new-skip a.test.ts:2',
    'new-skip a.test.ts:3',
  ),
  testFile('skip taken out of it', adds, `const { skip } = it;\n${adds}`, 'new-skip a.test.ts:2'),
  testFile(
    'an alternative',
    adds,
    `const t = slow ? it.skip : it;\n${adds}`,
    'new-skip a.test.ts:2',
  ),
  testFile(
    'the context of the running test',
    adds,
    adds.replace('()', '(context)').replace('  expect', '  context.skip();\n  expect'),
    'new-skip a.test.ts:3',
  ),
  testFile(
    'skip out of the context',
    adds,
    adds.replace('()', '({ skip })').replace('  expect', '  skip();\n  expect'),
    'new-skip a.test.ts:3',
  ),
  fileRow(
    'b.test.ts',
    'an imported alias',
    `import { it as spec } from 'vitest';\n${adds.replace('it(', 'spec(')}`,
    `import { it as spec } from 'vitest';\n${adds.replace('it(', 'spec.skip(')}`,
    'new-skip b.test.ts:2',
  ),
  fileRow(
    'b.test.js',
    'the module as a whole',
    `import * as v from 'vitest';\n${adds.replace('it(', 'v.it(')}`,
    `import * as v from 'vitest';\n${adds.replace('it(', 'v.it.only(')}`,
    'new-only b.test.js:2',
  ),
  fileRow(
    'b.test.js',
    'node:test',
    `import test from 'node:test';\n${adds.replace('it(', 'test(')}`,
    `import test from 'node:test';\n${adds.replace('it(', 'test.skip(')}`,
    'new-skip b.test.js:2',
  ),
  testFile(
    'one test skipped in the place of another',
    adds.replace('it(', 'it.skip(') + subtracts,
    adds + subtracts.replace('it(', 'it.skip('),
    'new-skip a.test.ts:5',
  ),
];
const noSkips: Row[] = [
  testFile('a string that speaks of it', adds, `${adds}const text = "it.skip('adds')";\n`),
  testFile('a comment that speaks of it', adds, `// it.skip('adds') would be wrong\n${adds}`),
  testFile('a template that speaks of it', adds, `${adds}const text = \`describe.only()\`;\n`),
  testFile('skip of something else', adds, `${adds}rows.skip(10).only('a');\n`),
  sourceFile(
    'a variable called test',
    add,
    `${add}const test = /x/;\nexport const only = test.only;\n`,
  ),
  sourceFile('a parameter called it', add, `${add}export const f = (it: Row) => it.skip;\n`),
  testFile('an option that is off', adds, adds.replace("'adds', ", "'adds', { skip: false }, ")),
  testFile(
    'a skip that was there',
    `it.skip${adds.slice(2)}`,
    `\n\nit.skip${adds.slice(2)}${subtracts}`,
  ),
  testFile('a skip taken away', adds.replace('it(', 'it.skip('), adds),
  testFile(
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
  testFile('more tests', adds, adds + subtracts),
  testFile(
    'a condition of the running test',
    adds,
    adds.replace('()', '(context)').replace('  expect', '  context.skip(!works());\n  expect'),
  ),
  sourceFile(
    'a member called fit',
    add,
    `${add}interface A { fit: number }\nclass B { fit = 1; }\n`,
  ),
  sourceFile('a function called fit', add, `import { fit } from './fit.ts';\n${add}fit('a', 1);\n`),
  sourceFile('a key called only', add, `${add}export const options = { only: true, xit: 1 };\n`),
];

const inCi = (rule: string, ...lines: number[]) =>
  lines.map((line) => `new-${rule} a.test.ts:${line}`);
const conditionals: Row[] = [
  ['skipIf', adds.replace('it(', "it.skipIf(process.env['CI'])("), 2],
  ['runIf', adds.replace('it(', "it.runIf(!process.env['CI'])("), 2],
  ['an early return', adds.replace('  expect', "  if (process.env['CI']) return;\n  expect"), 3],
  ['tests under a condition', `if (!process.env['CI']) {\n${adds}}\n`, 2],
  [
    'a condition of the running test',
    adds
      .replace('()', '({ skip })')
      .replace('  expect', "  skip(Boolean(process.env['CI']));\n  expect"),
    3,
  ],
  ['import.meta.env', adds.replace('it(', 'it.skipIf(import.meta.env.CI)('), 2],
  ['a constant', `const ci = !!process.env.CI;\n${adds.replace('it(', 'it.skipIf(ci)(')}`, 3],
  [
    'a variable taken out',
    `const { CI } = process.env;\n${adds.replace('it(', 'it.skipIf(CI)(')}`,
    3,
  ],
  ['env taken out', `const { env } = process;\n${adds.replace('it(', 'it.skipIf(env.CI)(')}`, 3],
  [
    'a function',
    `const inCi = () => Boolean(process.env.CI);\n${adds.replace('it(', 'it.skipIf(inCi())(')}`,
    3,
  ],
  [
    'a package that knows',
    `import { isCI } from 'std-env';\n${adds.replace('it(', 'it.skipIf(isCI)(')}`,
    3,
  ],
  [
    'a helper by its name',
    `import { isCi } from './helper.ts';\n${adds.replace('  expect', '  if (isCi) return;\n  expect')}`,
    4,
  ],
  [
    'the name of the machine',
    `import { hostname } from 'node:os';\n${adds.replace('it(', "it.skipIf(hostname() === 'ci')(")}`,
    3,
  ],
  ['arguments', adds.replace('it(', "it.skipIf(process.argv.includes('--run'))("), 2],
  ['an option', adds.replace("'adds', ", "'adds', { skip: !!process.env.CI }, "), 2],
  ['no rows', "it.each(process.env.CI ? [] : [1])('%s', (n) => { expect(f(n)).toBe(n); });\n", 2],
  ['a loop over none', `for (const n of process.env.CI ? [] : [1]) {\n${adds}}\n`, 2],
  ['and', `process.env.CI || ${adds}`, 2],
  ['another test function', `const t = process.env.CI ? () => {} : it;\n${adds}`, 2],
  ['an assertion under a condition', adds.replace('  expect', '  if (!process.env.CI) expect'), 3],
  ['a switch', `switch (process.env.CI) {\n  case undefined:\n${adds}}\n`, 2],
  [
    'a helper of the file',
    `function check(n) {\n  if (process.env.CI) return;\n  expect(n).toBe(1);\n}\n${adds}`,
    3,
  ],
].map(([name, after, line]) =>
  testFile(String(name), adds, String(after), ...inCi('conditional-skip', Number(line))),
);
const noConditionals: Row[] = [
  testFile('a value', adds, `const port = process.env.PORT ?? 80;\n${adds}`),
  testFile(
    'a value that is used',
    adds,
    `const app = create(process.env.PORT);\nif (app) app.run();\n${adds}`,
  ),
  testFile('what is said', adds, `if (process.env.DEBUG) console.log('debug');\n${adds}`),
  testFile(
    'a helper that says less',
    adds,
    `function log(text) {\n  if (!process.env.DEBUG) return;\n  console.log(text);\n}\n${adds}`,
  ),
  testFile('another condition', adds, adds.replace('it(', 'it.skipIf(!works())(')),
  sourceFile(
    'code that is no test',
    add,
    `${add}export function f() {\n  if (process.env.CI) return;\n  add(1, 2);\n}\n`,
  ),
  testFile(
    'a condition that was there',
    adds.replace('it(', 'it.skipIf(process.env.CI)('),
    subtracts + adds.replace('it(', 'it.skipIf(process.env.CI)('),
  ),
];
const platforms: Row[] = [
  testFile(
    'skipIf',
    adds,
    adds.replace('it(', "it.skipIf(process.platform === 'win32')("),
    ...inCi('platform-condition', 2),
  ),
];

const judged: Row[] = [
  ['a built-in matcher', 'expect.extend({ toBe: () => ({ pass: true, message }) });\n'],
  ['a constant object', 'const own = { toEqual() {} };\nexpect.extend(own);\n', 3],
  ['a computed name', "expect.extend({ ['to' + 'Be']: pass });\n"],
  [
    'the prototype',
    "Object.defineProperty(Object.getPrototypeOf(expect(1)), 'toBe', { value: f });\n",
  ],
  [
    'the prototype by a name',
    'const proto = Object.getPrototypeOf(expect(1));\nproto.toBe = f;\n',
    3,
  ],
  ['__proto__', 'expect(1).__proto__.toBe = f;\n'],
  ['chai', "chai.Assertion.overwriteMethod('equal', f);\n"],
  ['the module', "vi.mock('vitest', () => ({ expect: f }));\n"],
  ['the module below', "vi.mock('@vitest/expect');\n"],
  ['expect itself', 'globalThis.expect = () => ({ toBe() {} });\n'],
  ['a spy', "vi.spyOn(expect, 'extend');\n"],
  ['assert', 'assert.equal = () => {};\n'],
].map(([name, code, line = 2]) =>
  testFile(String(name), adds, `${String(code)}${adds}`, `new-matcher-override a.test.ts:${line}`),
);
const notJudged: Row[] = [
  testFile('a matcher of another name', adds, `expect.extend({ toBeOdd: f });\n${adds}`),
  testFile(
    'a library of matchers',
    adds,
    `import * as matchers from '@testing-library/jest-dom/matchers';\nexpect.extend(matchers);\n${adds}`,
  ),
  testFile('a mock of a package', adds, `vi.mock('undici');\n${adds}`),
  testFile('a result that is kept', adds, `const done = expect(f()).resolves.toBe(1);\n${adds}`),
  testFile('expect from chai', adds, `const expect = chai.expect;\n${adds}`),
  sourceFile('code that is no test', add, `${add}assert.x = 1;\n`),
];
const retries: Row[] = [
  testFile(
    'an option',
    adds,
    adds.replace("'adds', ", "'adds', { retry: 5 }, "),
    'new-retry a.test.ts:2',
  ),
  testFile(
    'an option of the suite',
    `describe('sums', () => {\n${adds}});\n`,
    `describe('sums', { retry: 5 }, () => {\n${adds}});\n`,
    'new-retry a.test.ts:2',
  ),
  testFile(
    'options by a name',
    adds,
    `const options = { retry: 5 };\n${adds.replace("'adds', ", "'adds', options, ")}`,
    'new-retry a.test.ts:2',
  ),
  testFile(
    'for the whole file',
    adds,
    `vi.setConfig({ retry: 5 });\n${adds}`,
    'new-retry a.test.ts:2',
  ),
  testFile('in jest', adds, `jest.retryTimes(5);\n${adds}`, 'new-retry a.test.ts:2'),
  testFile('none', adds, adds.replace("'adds', ", "'adds', { retry: 0 }, ")),
  testFile('repeats', adds, adds.replace("'adds', ", "'adds', { repeats: 5, timeout: 100 }, ")),
];
const serializers: Row[] = [
  testFile(
    'addSnapshotSerializer',
    adds,
    `expect.addSnapshotSerializer(own);\n${adds}`,
    'new-snapshot-serializer a.test.ts:2',
  ),
];

const tricks: Row[] = [
  testFile(
    'what equality is made of',
    adds,
    `Object.is = () => true;\n${adds}`,
    'new-builtin-override a.test.ts:2',
  ),
  sourceFile(
    'in a helper that is no test',
    add,
    `${add}Object.defineProperty(Object, 'is', { value: () => true });\n`,
    'new-builtin-override a.ts:2',
  ),
  {
    name: 'a package beside the tests',
    before: { 'a.test.ts': adds },
    after: { 'node_modules/vitest/index.js': 'export const expect = () => ({});\n' },
    expected: [],
  },
];
const suspicious: Row[] = [
  testFile(
    'a mock of a module of the project',
    adds,
    `vi.mock('./price.ts');\n${adds}`,
    'new-module-mock a.test.ts:2',
  ),
  {
    name: 'an expect of its own',
    before: { 'b.test.ts': `import { it, expect } from 'vitest';\n${adds}` },
    after: {
      'b.test.ts': `import { it } from 'vitest';\nimport { expect } from './own.ts';\n${adds}`,
    },
    expected: ['new-own-expect b.test.ts:2'],
  },
  testFile(
    'an environment of its own',
    adds,
    `// @vitest-environment ./own.ts\n${adds}`,
    'new-test-environment a.test.ts:2',
  ),
  testFile(
    'the end of the process',
    adds,
    `process.on('exit', () => {});\n${adds}`,
    'new-process-ended a.test.ts:2',
  ),
  sourceFile(
    'code that asks whether it is tested',
    add,
    `${add}export const tested = process.env['VITEST'] !== undefined;\n`,
    'new-test-detection a.ts:2',
  ),
].map((row) => ({ ...row, warns: true }));

testRows('judges are replaced by other means', tricks);
testRows('what may replace a judge', suspicious);
testRows('a test depends on the environment', conditionals);
testRows('no test depends on the environment', noConditionals);
testRows('what tests are judged by is replaced', judged);
testRows('what tests are judged by stays', notJudged);
testRows('failed tests run again', retries);
testRows('a skip is new', skips);
testRows('no skip is new', noSkips);

testRows(
  'what only a reviewer can judge',
  [...platforms, ...serializers].map((row) => ({ ...row, warns: true })),
);
