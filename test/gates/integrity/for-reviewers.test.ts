import { describe, expect, it } from 'vitest';

import { brief, check, createRepository, type Files } from '../support/integrity-repository.ts';
import { add, adds, fileRow, testFile, testRows, type Row } from '../support/integrity-rows.ts';

async function said(before: Files, after: Files) {
  const { directory, write } = createRepository(before);
  write(after);
  const verdict = await check(directory);
  return {
    status: verdict.status,
    messages: verdict.findings?.map(
      ({ severity, rule, file, message }) => `${severity} ${rule} ${file}: ${message}`,
    ),
  };
}

describe('what tests expect otherwise than at the base', () => {
  it('is a warning that names both', async () => {
    const { status, messages } = await said(
      { 'a.test.ts': adds },
      { 'a.test.ts': adds.replace('toBe(3)', 'toBe(4)') },
    );
    expect(status).toBe('passed');
    expect(messages).toEqual([
      'warning expectation-changed a.test.ts: the test "adds" expects something else: expect(add(1, 2)).toBe(3) became .toBe(4)',
    ]);
  });

  it('in a test that was renamed and moved, and for a weaker matcher', async () => {
    const { messages } = await said(
      { 'a.test.ts': adds },
      {
        'a.test.ts': null,
        'b.test.ts': `describe('sums', () => {\n${adds.replace('toBe(3)', 'toBeDefined()')}});\n`,
      },
    );
    expect(messages).toEqual([
      'warning expectation-changed b.test.ts: the test "sums > adds" expects something else: expect(add(1, 2)).toBe(3) became .toBeDefined()',
    ]);
  });

  it('an inline snapshot', async () => {
    const inline = (text: string) => adds.replace('toBe(3)', `toMatchInlineSnapshot(\`${text}\`)`);
    const { messages } = await said({ 'a.test.ts': inline('3') }, { 'a.test.ts': inline('4') });
    expect(messages).toHaveLength(1);
    expect(messages?.[0]).toContain(
      '.toMatchInlineSnapshot(`3`) became .toMatchInlineSnapshot(`4`)',
    );
  });

  it('is bounded', async () => {
    const many = (value: number) =>
      Array.from({ length: 50 }, (_, index) =>
        adds.replace('adds', `adds ${index}`).replace('toBe(3)', `toBe(${value})`),
      ).join('');
    const { messages = [] } = await said({ 'a.test.ts': many(3) }, { 'a.test.ts': many(4) });
    expect(messages).toHaveLength(21);
    expect(messages.at(-1)).toContain('30 more expectations were changed');
  });

  testRows('is nothing', [
    testFile('more assertions', adds, adds.replace('\n}', '\n  expect(add(2, 2)).toBe(4);\n}')),
    testFile('another order', adds, adds),
    testFile('layout', adds, adds.replace('expect(add(1, 2))', 'expect(\n    add(1, 2),\n  )')),
  ]);
});

const snapshot = (...entries: string[]) =>
  entries.map((text, index) => `exports[\`a ${index}\`] = \`${text}\`;\n`).join('\n');

describe('snapshots', () => {
  it('that say something else are a warning', async () => {
    const path = 'test/__snapshots__/a.test.ts.snap';
    const { status, messages } = await said(
      { [path]: snapshot('x', 'y', 'z') },
      { [path]: snapshot('x', 'other') },
    );
    expect(status).toBe('passed');
    expect(messages).toEqual([
      `warning snapshot-edited ${path}: of 3 snapshots 1 edited, 1 removed`,
    ]);
  });

  it('that a file holds one of', async () => {
    const path = '__file_snapshots__/page.html';
    const { messages } = await said({ [path]: '<p>1</p>' }, { [path]: '<p>2</p>' });
    expect(messages).toEqual([`warning snapshot-edited ${path}: of 1 snapshot 1 edited`]);
  });

  it('too large to be read do not keep the gate from a verdict', async () => {
    const { directory, write } = createRepository({ 'a.snap': snapshot('x') });
    write({ 'a.snap': snapshot('y'.repeat(200)) });
    const verdict = await check(directory, { limits: { madeBytes: 100 } });
    expect(verdict).toMatchObject({ status: 'passed', details: { warnings: 1 } });
  });

  testRows('that are new are new work', [
    fileRow('a.snap', 'an entry', snapshot('x'), snapshot('x', 'y')),
    { name: 'a file', before: { 'a.ts': add }, after: { 'a.snap': snapshot('x') }, expected: [] },
  ]);
});

const config = "export default { test: { coverage: { include: ['src/**', 'app/**'] } } };\n";
const notMeasured: Row[] = [
  {
    name: 'code put where coverage does not look',
    before: { 'vitest.config.ts': config, 'src/a.ts': add },
    after: { 'src/a.ts': "export * from '../lib/a.js';\n", 'lib/a.ts': add },
    expected: ['code-not-measured src/a.ts:-'],
    warns: true,
  },
  {
    name: 'by default the folder src counts',
    before: { 'src/a.ts': add },
    after: { 'src/a.ts': `import { b } from '../lib/b';\n${add}`, 'lib/b/index.ts': add },
    expected: ['code-not-measured src/a.ts:-'],
    warns: true,
  },
  {
    name: 'a file that coverage leaves out',
    before: {
      'vitest.config.ts': "export default { test: { coverage: { exclude: ['src/gen/**'] } } };\n",
      'src/a.ts': add,
    },
    after: { 'src/a.ts': "export * from './gen/a.ts';\n", 'src/gen/a.ts': add },
    expected: ['code-not-measured src/a.ts:-'],
    warns: true,
  },
  {
    name: 'code that stays measured',
    before: { 'vitest.config.ts': config, 'src/a.ts': add },
    after: { 'src/a.ts': "export * from '../app/a.ts';\n", 'app/a.ts': add },
    expected: [],
  },
  {
    name: 'types, and what was imported before',
    before: { 'src/a.ts': "import { b } from '../lib/b.ts';\n", 'lib/b.ts': add },
    after: {
      'src/a.ts': "import { b } from '../lib/b.ts';\nimport type { C } from '../lib/c.ts';\n",
      'lib/b.ts': `${add}${add.replace('add', 'sum')}`,
      'lib/c.ts': 'export type C = 1;\n',
    },
    expected: [],
  },
];
testRows('code moves out of what is measured', notMeasured);

const importing = (name: string) => `import { add } from '${name}';\n${adds}`;
const copied: Row[] = [
  {
    name: 'a copy of the code is tested',
    before: { 'src/a.ts': add, 'test/a.test.ts': importing('../src/a.js') },
    after: { 'test/a.test.ts': `${add}${adds}` },
    expected: ['import-removed test/a.test.ts:-'],
    warns: true,
  },
  {
    name: 'the code has another name, or the test another place',
    before: { 'src/a.ts': add, 'src/b.ts': add, 'test/a.test.ts': importing('../src/a.ts') },
    after: {
      'src/a.ts': null,
      'src/sum.ts': add,
      'test/a.test.ts': null,
      'test/deep/a.test.ts': importing('../../src/sum.ts'),
    },
    expected: [],
  },
  {
    name: 'a helper of the tests is not needed any more',
    before: { 'test/help.ts': add, 'test/a.test.ts': importing('./help.ts') },
    after: { 'test/a.test.ts': adds },
    expected: [],
  },
];
testRows('a test no longer imports the code', copied);

const otherFiles: Row[] = [
  fileRow(
    'test/cases/sums.json',
    'what a test expects',
    '[[1, 2, 3]]\n',
    '[[1, 2, 4]]\n',
    'test-data-edited test/cases/sums.json:-',
  ),
  {
    name: 'a source that git ignores and yet tracks',
    before: { 'a.ts': add },
    after: { '.gitignore': 'b.ts\n', 'b.ts': add },
    expected: ['source-ignored b.ts:-'],
  },
  {
    name: 'a file that is found before another',
    before: { 'src/a.ts': add },
    after: { 'src/a.js': 'export const add = () => 3;\n' },
    expected: ['file-shadowed src/a.js:-'],
  },
  {
    name: 'code without types',
    before: { 'src/a.ts': 'export const one = 1;\nexport const two = 2;\n' },
    after: { 'src/a.ts': null, 'src/a.js': 'export const one = 1;\nexport const two = 2;\n' },
    expected: ['types-lost src/a.js:-'],
  },
  {
    name: 'code in a file named as a test',
    before: { 'src/a.ts': add },
    after: { 'src/a.ts': `export * from './b.spec.js';\n${add}`, 'src/b.spec.ts': add },
    expected: ['code-not-measured src/a.ts:-'],
  },
].map((row) => ({ ...row, warns: true }));

describe('files that mean something else', () => {
  it.each(otherFiles)('$name', async ({ before, after, expected }) => {
    const { directory, git, write } = createRepository(before);
    write(after);
    git('add', '--all', '--force');
    const verdict = await check(directory);
    expect(brief(verdict)).toEqual(expected);
    expect(verdict.status).toBe('passed');
  });
});

testRows('files mean the same', [
  {
    name: 'new data of tests, and data that no test has',
    before: { 'src/a.json': '1\n', 'test/a.json': '1\r\n' },
    after: { 'src/a.json': '2\n', 'test/a.json': '1\r\n', 'test/b.json': '1\n' },
    expected: [],
  },
  {
    name: 'JavaScript that became TypeScript, and types beside it',
    before: { 'src/a.js': 'export const one = 1;\n', 'src/b.js': 'export const two = 2;\n' },
    after: {
      'src/a.js': null,
      'src/a.ts': 'export const one = 1;\n',
      'src/b.d.ts': 'export const two: number;\n',
    },
    expected: [],
  },
]);
