import { expect, test } from 'vitest';

import { diffSyntax } from '../../../../src/gates/integrity/configuration/syntax-diff.ts';
import { parseJson, parseSource } from '../../../../src/gates/integrity/syntax.ts';

function parse(text: string) {
  const root = parseSource(text, 'a.ts')?.root;
  if (root === undefined) throw new Error(`${text} does not parse`);
  return root;
}

/** Each edit as the keys around it, `+` for added, `-` for removed. */
function edits(before: string, after: string): string[] {
  return diffSyntax(parse(before), parse(after)).map(({ path, before: old, after: now }) => {
    const kind = old === undefined ? '+' : now === undefined ? '-' : '';
    return `${kind}${path.join('.')}`;
  });
}

test.each([
  ['f({ a: 1 });', "f({ 'a': 1 }); // the same", []],
  ['f({ a: 1 });', 'f({ a: 2 });', ['a']],
  ['f({ a: { b: 1 } });', 'f({ a: { b: 1, c: 2 } });', ['+a.c']],
  ['f({ a: { b: 1 } });', 'f({});', ['-a.b']],
  ['f({});', 'f({ a: { b: 1 } });', ['+a.b']],
  ['f({ a: {} });', 'f({});', ['-a']],
  ['f({ 1: 1 });', 'f({ 1: 2 });', ['1']],
  ['f({ [a]: 1, ...b });', 'f({ [a]: 2, ...c });', ['[0]', '[1]']],
  ['f({ 1n: 1 });', 'f({ 1n: 2 });', ['[0]']],
  ['f({ a() {} });', 'f({ a() { g(); } });', ['+a']],
  ['f({ a: [1, 2, 3] });', 'f({ a: [1, 3] });', ['-a']],
  ['f({ a: [1, 2] });', 'f({ a: [2, 1, 1] });', ['a']],
  ['f({ a: 1 });', "f({ a: 'x' });", ['a']],
  ['f({ a: b + c });', 'f({ a: b - c });', ['a']],
  ['const a = f({ b: 1 });', 'g();\nconst a = f({ b: 2 });', ['+', 'b']],
  ['g();\nh();', 'g();', ['-']],
])('from %s to %s', (before, after, expected) => {
  expect(edits(before, after).toSorted()).toEqual([...expected].sort());
});

test.each(['{ "a": [1, -2, null, true, "x"], // why\n}', '[]'])('%s is JSON', (text) => {
  expect(parseJson(text)).toBeDefined();
});

test.each(['{ a: f() }', '{ ["a"]: 1 }', '{ ...a }', '[,]', '-"a"', '!1', '{'])(
  '%s is none',
  (text) => {
    expect(parseJson(text)).toBeUndefined();
  },
);
