import { expect, test } from 'vitest';

import { sourceFacts } from '../../../../src/gates/integrity/source/source-facts.ts';

/** The skips and the like in this text, by rule and line. */
function marksOf(text: string): string[] {
  return sourceFacts(text, 'a.test.ts').marks.map(({ rule, line }) => `${rule} ${line}`);
}

/** How many tests each call stands for. */
function casesOf(text: string): number[] {
  return sourceFacts(text, 'a.test.ts').tests.map(({ cases }) => cases);
}

test.each([
  ["it?.skip('a', run);", ['skip 1']],
  ["describe?.only('a', () => {});", ['only 1']],
  ["(it as Any).skip('a', run);", ['skip 1']],
  ["(it satisfies Any).skip('a', run);", ['skip 1']],
  ["it!.skip('a', run);", ['skip 1']],
  ["(0, it.skip)('a', run);", ['skip 1']],
  ["(slow && it.skip)('a', run);", ['skip 1']],
  ["(slow ? it : it.only)('a', run);", ['only 1']],
  ["it.concurrent.skip('a', run);", ['skip 1']],
  ["it.failing('a', run);", ['fails 1']],
  ["it.skip.each([1, 2])('a', run);", ['skip 1']],
  ["it.skip.each`a | b\n${1} | ${2}`('a', run);", ['skip 1']],
  ["it[`skip`]('a', run);", ['skip 1']],
  ["const name = 'on' + 'ly';\nit[name]('a', run);", ['only 2']],
  ["it('a', { todo: true }, run);", ['todo 1']],
  ["it('a', { ['skip']: 'later' }, run);", ['skip 1']],
  ["xdescribe('a', () => {});", ['skip 1']],
  ["import { skip } from 'node:test';\nskip('a', run);", ['skip 1', 'skip 2']],
  ["import { 'only' as one } from 'node:test';\none('a', run);", ['only 1', 'only 2']],
  ["import * as v from 'vitest';\nv.default.it.skip('a', run);", ['skip 2']],
  ["import * as v from 'vitest';\nconst { it: spec } = v;\nspec.skip('a', run);", ['skip 3']],
  ["import * as t from 'node:test';\nt.skip('a', run);", ['skip 2']],
  ["import t from 'node:test';\nt.describe.skip('a', run);", ['skip 2']],
  ["const own = it.extend({});\nown.skip('a', run);", ['skip 2']],
  ["const own = await it.skip;\nown('a', run);", ['skip 1', 'skip 2']],
  ["it.for([1])('a', (row, { skip }) => skip());", ['skip 1']],
  ["it('a', (t) => { t.todo(); });", ['todo 1']],
  ["it('a', ({ skip: later = stop }) => later());", ['skip 1']],
  ["it('a', (t) => { t.test.skip('b', run); });", ['skip 1']],
  ['beforeEach((t) => { t.skip(); });', ['skip 1']],
  ['class A { @decorated [it.skip] = 1; }', ['skip 1']],
  ['const a = { [it.only]: 1 };', ['only 1']],
])('%s is marked %j', (text, marks) => {
  expect(marksOf(text)).toEqual(marks);
});

test.each([
  '-1',
  '!0',
  'null',
  'undefined',
  '/a/',
  '1n',
  '`a${1}`',
  "[1, , 'a']",
  '({ a: 1 })',
  '1 ? 2 : 3',
  'true || false',
  'true as boolean',
  'true satisfies boolean',
  'true!',
])('a condition that never changes is a skip: %s', (condition) => {
  expect(marksOf(`it.skipIf(${condition})('a', run);`)).toEqual(['skip 1']);
});

test.each([
  'it.skipIf(works())("a", run);',
  'it.skipIf([works()])("a", run);',
  'it.skipIf({ ...given })("a", run);',
  'it.skipIf(`${works}`)("a", run);',
  'const a = b;\nconst b = a;\nit.skipIf(a)("a", run);',
  'it.unknown.skip("a", run);',
  'it[given]("a", run);',
  'beforeEach.skip("a", run);',
  'function it() {}\nit.skip("a", run);',
  'class it {}\nit.skip("a", run);',
  'const it = 1;\nit.skip("a", run);',
  'const { it } = 1;\nit.skip("a", run);',
  'import it from "./it.ts";\nexport default it;',
  'import * as v from "vitest";\nv.expect.skip;\nv.unknown("a");',
  'it("a", (t) => t.unknown());',
  'it("a", ({ ...rest }, [second] = []) => rest);',
  'it("a", { skip: false, ...given, [given]: true, only: works() }, run);',
  'type A = typeof it.skip;',
])('no mark is seen where there is none: %s', (text) => {
  expect(marksOf(text)).toEqual([]);
});

test.each([
  ["it.each([1, 2, 3])('a', run);", [3]],
  ["it.each`a | b\n${1} | ${2}\n${3} | ${4}`('a', run);", [2]],
  ["describe.each([1, 2])('a', () => { it('b', run); it.for([1, 2])('c', run); });", [2, 4]],
  ["const rows = [1, 2] as const;\nit.each(rows)('a', run);", [2]],
  ["it.each([1] satisfies Rows)('a', run);", [1]],
  ["it.each([...rows])('a', run);", [Infinity]],
  ["it.each(rows)('a', run);", [Infinity]],
  ["it.each(rows())('a', run);", [Infinity]],
  ["const a = b;\nconst b = a;\nit.each(a)('a', run);", [Infinity]],
  ["for (const row of [1, 2]) it('a', run);", [2]],
  ["for (;;) it('a', run);", [Infinity]],
  ["while (more()) it('a', run);", [Infinity]],
  ["for (const name in rows) it('a', run);", [Infinity]],
  ["rows.forEach((row) => it('a' + row, run));", [Infinity]],
  ['rows.filter(Boolean);\nit(`a`, run);', [1]],
  ["it('a', make());", [1]],
  ["it('a', made.run);", [1]],
  ["const run = () => {};\nit('a', run);", [1]],
  ['test(/x/);', []],
])('%s stands for %j tests', (text, cases) => {
  expect(casesOf(text)).toEqual(cases);
});

test('what no parser reads is read by words', () => {
  const text =
    "<script>\nit.skip('a', run); // eslint-disable-line\nfit('b', run);\n/* @ts-nocheck";
  const { marks, tests, parsed } = sourceFacts(text, 'a.vue');
  expect(parsed).toBe(false);
  expect(marks.map(({ rule, line }) => `${rule} ${line}`)).toEqual([
    'skip 2',
    'eslint-disable 2',
    'only 3',
    'ts-nocheck 4',
  ]);
  expect(tests.map(({ title }) => title)).toEqual(['a']);
});

test.each([
  ['a.d.ts', "declare module 'vitest' {}", ['module-declared']],
  ['a.d.ts', "import 'vitest';\ndeclare module 'vitest' {}", []],
  ['a.d.ts', "declare module '*.svg' {}", []],
  ['a.ts', 'const run = new Function(code);', ['code-from-text']],
  ['a.ts', "if (new Error().stack?.includes('.test.')) fake();", ['test-detection']],
  ['a.test.ts', "it('a', ({ task }) => { task.result!.state = 'pass'; });", ['matcher-override']],
  [
    'a.test.ts',
    "afterEach((c) => Object.assign(c.task.result, { state: 'pass' }));\nit('a', b);",
    ['matcher-override'],
  ],
  ['a.test.ts', "vi.spyOn(Object, 'is').mockReturnValue(true);", ['builtin-override']],
  ['a.test.ts', 'expect.addEqualityTesters([() => true]);', ['own-expect']],
  [
    'a.test.ts',
    "import { it } from './runner.js';\nit('a', () => expect(b()).toBe(1));",
    ['own-expect'],
  ],
])('what a file changes about its tests, in %s: %s', (path, text, rules) => {
  expect(sourceFacts(text, path).marks.map(({ rule }) => rule)).toEqual(rules);
});
