import {
  type Row,
  add,
  adds,
  subtracts,
  multiplies,
  testFile,
  testRows,
} from '../support/integrity-rows.ts';

const lost: Row[] = [
  testFile('a test deleted', adds + subtracts, adds, 'test-deleted a.test.ts:5'),
  testFile(
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
  testFile('a body emptied', adds, "it('adds', () => {});\n", 'test-emptied a.test.ts:2'),
  testFile(
    'all assertions removed',
    adds,
    "it('adds', () => {\n  add(1, 2);\n});\n",
    'assertions-removed a.test.ts:2',
  ),
  testFile(
    'assertions on constants',
    adds,
    "it('adds', () => {\n  expect(true).toBe(true);\n});\n",
    'assertions-removed a.test.ts:2',
  ),
  testFile(
    'assertions never reached',
    adds,
    adds.replace('  expect', '  return;\n  expect'),
    'assertions-removed a.test.ts:2',
  ),
  testFile(
    'assertions under if (false)',
    adds,
    adds.replace('  expect', '  if (false) expect'),
    'assertions-removed a.test.ts:2',
  ),
  testFile(
    'a case fewer',
    "it.each([1, 2, 3])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    "it.each([1, 2])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    'fewer-cases a.test.ts:2',
  ),
  testFile(
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
  testFile('put into a suite', adds, `describe('sums', () => {\n${adds}});\n`),
  testFile('another title', adds, adds.replace("'adds'", "'adds two numbers'")),
  testFile('rewritten', adds, "it('sums up', () => {\n  expect(add(2, 2)).toEqual(4);\n});\n"),
  testFile(
    'three tests become a table',
    adds + subtracts,
    "it.each([[1, 2, 3], [1, -2, -1]])('%s', (a, b, c) => {\n  expect(add(a, b)).toBe(c);\n});\n",
  ),
  testFile(
    'a table becomes tests',
    "it.each([1, 2])('%s', (n) => { expect(f(n)).toBe(n); });\n",
    adds + subtracts,
  ),
  testFile(
    'a loop over cases',
    adds + subtracts,
    'for (const n of rows()) {\n  it(`adds ${n}`, () => {\n    expect(f(n)).toBe(n);\n  });\n}\n',
  ),
  testFile(
    'assertions in a helper',
    adds,
    "const sum = () => {\n  expect(add(1, 2)).toBe(3);\n};\nit('adds', () => {\n  sum();\n});\n",
  ),
  testFile(
    'another assertion library',
    adds,
    "it('adds', () => {\n  assert.equal(add(1, 2), 3);\n});\n",
  ),
  testFile('an empty test that was empty', "it('adds', () => {});\n", "it('adds', () => {\n});\n"),
  testFile(
    'a test that throws by itself',
    adds,
    "it('adds', () => {\n  if (add(1, 2) !== 3) throw new Error('no');\n});\n",
  ),
];

testRows('a test is lost', lost);
testRows('no test is lost', notLost);

const helper = (body: string) => `import { expect } from 'vitest';
import { add } from '../src/add.js';
export function adds(a: number, b: number, sum: number) {
  ${body}
}
`;
const helperRow = (name: string, after: string, ...expected: string[]): Row => ({
  name,
  before: { 'test/help.ts': helper('expect(add(a, b)).toBe(sum);') },
  after: { 'test/help.ts': after },
  expected,
});
testRows('helpers of tests assert nothing any more', [
  helperRow(
    'a result nobody looks at',
    helper('return add(a, b) === sum;'),
    'assertions-removed test/help.ts:-',
  ),
  helperRow(
    'in a file that no longer knows the test framework',
    'export function adds() {}\n',
    'assertions-removed test/help.ts:-',
  ),
  {
    ...helperRow(
      'left to another',
      helper('compare(a, b, sum);'),
      'assertions-removed test/help.ts:-',
    ),
    warns: true,
  },
]);
testRows('helpers of tests still assert', [
  helperRow(
    'through a function of their own',
    `${helper('same(add(a, b), sum);')}const same = (a: number, b: number) => expect(a).toBe(b);\n`,
  ),
  helperRow(
    'under another name',
    helper('expect(add(a, b)).toBe(sum);').replace('function adds', 'function sums'),
  ),
]);

const inTest = (body: string) => `it('adds', () => {\n  ${body}\n});\n`;
const assertion = 'expect(add(1, 2)).toBe(3);';
testRows(
  'assertions that may be left out',
  [
    `const rows = all();\n  for (const row of rows) ${assertion}`,
    `[add(1, 2)].filter(isOdd).forEach(() => {\n    ${assertion}\n  });`,
    `if (add(1, 2) > 1) return;\n  ${assertion}`,
    `if (add(1, 2) > 1) {\n    ${assertion}\n  }`,
  ].map((body) => ({
    ...testFile(body, inTest(assertion), inTest(body), 'assertions-conditional a.test.ts:2'),
    warns: true,
  })),
);
testRows(
  'assertions that are not left out',
  [
    `for (const row of [1, 2]) ${assertion}`,
    `await waitFor(() => {\n    ${assertion}\n  });`,
    `if (add(1, 2) > 1) log();\n  ${assertion}`,
  ].map((body) => testFile(body, inTest(assertion), inTest(body))),
);
