import { type Row, add, sourceFile, fileRow, testRows } from '../../support/integrity-rows.ts';

const directives: Row[] = [
  sourceFile('eslint-disable', add, `/* eslint-disable */\n${add}`, 'new-eslint-disable a.ts:1'),
  sourceFile(
    '-next-line',
    add,
    `// eslint-disable-next-line no-x\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  sourceFile(
    '-line',
    add,
    add.replace('\n', ' // eslint-disable-line\n'),
    'new-eslint-disable a.ts:1',
  ),
  sourceFile(
    'one more rule',
    `// eslint-disable-next-line a\n${add}`,
    `// eslint-disable-next-line a, b\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  sourceFile(
    'rules off in a comment',
    add,
    `/* eslint no-x: "off" */\n${add}`,
    'new-eslint-disable a.ts:1',
  ),
  sourceFile('ts-ignore', add, `// @ts-ignore\n${add}`, 'new-ts-ignore a.ts:1'),
  // The line after a separator that ends a line for the parser, and for no editor.
  sourceFile(
    'ts-ignore below U+2028',
    `const odd = '\u2028';\n${add}`,
    `const odd = '\u2028';\n// @ts-ignore\n${add}`,
    'new-ts-ignore a.ts:3',
  ),
  sourceFile('ts-ignore in a block', add, `/* @ts-ignore */\n${add}`, 'new-ts-ignore a.ts:1'),
  sourceFile(
    'ts-expect-error',
    add,
    `// @ts-expect-error: later\n${add}`,
    'new-ts-expect-error a.ts:1',
  ),
  sourceFile('ts-nocheck', add, `// @ts-nocheck\n${add}`, 'new-ts-nocheck a.ts:1'),
  sourceFile('v8 ignore', add, `/* v8 ignore next */\n${add}`, 'new-coverage-ignore a.ts:1'),
  sourceFile(
    'v8 ignore start and stop',
    add,
    `/* v8 ignore start */\n${add}/* v8 ignore stop */\n`,
    'new-coverage-ignore a.ts:1',
  ),
  sourceFile('c8 ignore', add, `/* c8 ignore file */\n${add}`, 'new-coverage-ignore a.ts:1'),
  sourceFile(
    'istanbul ignore',
    add,
    `/* istanbul ignore next -- @preserve */\n${add}`,
    'new-coverage-ignore a.ts:1',
  ),
  sourceFile(
    'node:coverage',
    add,
    `/* node:coverage ignore next */\n${add}`,
    'new-coverage-ignore a.ts:1',
  ),
  sourceFile(
    'a directive moved to other code',
    `// @ts-ignore\nfirst();\nsecond();\n`,
    `first();\n// @ts-ignore\nsecond();\n`,
    'new-ts-ignore a.ts:2',
  ),
  fileRow(
    'a.tsx',
    'in JSX',
    'const a = <b>x</b>;\n',
    'const a = <b>{/* @ts-ignore */}x</b>;\n',
    'new-ts-ignore a.tsx:1',
  ),
  fileRow(
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
  sourceFile(
    'a file that never parsed',
    'const = ;\n',
    'const = ;\nit.skip("x", f); // @ts-ignore\n',
    'new-skip a.ts:2',
    'new-ts-ignore a.ts:2',
    'not-parsed a.ts:1',
  ),
  sourceFile('a file that stopped parsing', add, `${add}const = ;\n`, 'not-parsed a.ts:1'),
];
const noDirectives: Row[] = [
  sourceFile('in a string', add, `${add}const text = '// @ts-ignore';\n`),
  sourceFile('in a template', add, `${add}const text = \`/* eslint-disable */\`;\n`),
  sourceFile(
    'in prose',
    add,
    `// Never use eslint-disable, @ts-ignore or a v8 ignore comment here.\n${add}`,
  ),
  sourceFile('a longer word', add, `// eslint-disabled rules are listed elsewhere\n${add}`),
  sourceFile('the marked line edited', `// @ts-ignore\nfirst(1);\n`, `// @ts-ignore\nfirst(2);\n`),
  sourceFile(
    'fewer rules',
    `// eslint-disable-next-line a, b\n${add}`,
    `// eslint-disable-next-line b\n${add}`,
  ),
  sourceFile('taken away', `/* v8 ignore next */\n${add}`, add),
  sourceFile('narrower', `/* eslint-disable a */\n${add}`, `// eslint-disable-next-line a\n${add}`),
  sourceFile(
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

testRows('a directive is new', directives);
testRows('no directive is new', noDirectives);
