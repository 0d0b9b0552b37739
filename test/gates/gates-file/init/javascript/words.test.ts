import { expect, test } from 'vitest';

import {
  optionValues,
  programOf,
  splitScript,
  textOf,
  withoutOptions,
} from '../../../../../src/gates/gates-file/init/javascript/words.ts';

const words = (script: string) => splitScript(script)[0]?.words ?? [];
const values = (script: string) =>
  splitScript(script).map((command) => command.words.map(({ value }) => value));

test.each([
  [
    'eslint . && prettier -c src',
    [
      ['eslint', '.'],
      ['prettier', '-c', 'src'],
    ],
  ],
  ['a; b | c & d', [['a'], ['b'], ['c'], ['d']]],
  ['a || (b "c && d")', [['a'], ['b', 'c && d']]],
  [`jest 'a b' "c\\"d" e\\ f`, [['jest', 'a b', 'c"d', 'e f']]],
  ['', []],
  ['"unbalanced', [['unbalanced']]],
])('%s', (script, expected) => {
  expect(values(script)).toEqual(expected);
});

test('a script of many characters is not looked at', () => {
  expect(values('x'.repeat(2_000))).toHaveLength(1);
  expect(values('x'.repeat(2_001))).toEqual([]);
});

test('variables before a command are its environment', () => {
  expect(splitScript('NODE_ENV=test cross-env TZ="UTC" jest a=b')).toMatchObject([
    { env: { NODE_ENV: 'test', TZ: 'UTC' }, words: [{ value: 'jest' }, { value: 'a=b' }] },
  ]);
  expect(splitScript('A=1')).toEqual([{ env: { A: '1' }, words: [] }]);
});

test('the text of words keeps their quotes', () => {
  expect(textOf(words('mocha "test/**/*.js" --x'))).toBe('mocha "test/**/*.js" --x');
});

test.each([
  ['node_modules/.bin/jest', 'jest'],
  ['node_modules/mocha/bin/mocha.js', 'mocha'],
  ['vitest.mjs', 'vitest'],
  ['', ''],
])('the program of %s is %s', (word, program) => {
  expect(programOf(word)).toBe(program);
});

test('values of options are found behind = and blanks, and can be left out', () => {
  const given = words('vitest --root test/e2e --project=a --project b -w src');
  expect(optionValues(given, ['--root'])).toEqual(['test/e2e']);
  expect(optionValues(given, ['--project', '-p'])).toEqual(['a', 'b']);
  expect(optionValues(words('tsc -p'), ['-p'])).toEqual([]);
  const left = withoutOptions(given, { valued: ['--root', '--project'], switches: ['-w'] });
  expect(textOf(left)).toBe('vitest src');
});
