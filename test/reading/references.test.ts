import { expect, test } from 'vitest';

import { codesOfTitle } from '../../src/issue/codes.ts';

test.each([
  ['[COORD-005] A lock for the store', ['COORD-005']],
  ['**[COORD-005]** A lock', ['COORD-005']],
  ['COORD-005: a lock', ['COORD-005']],
  ['COORD-005 - a lock', ['COORD-005']],
  ['COORD-005 – a lock', ['COORD-005']],
  ['COORD-005 A lock for the store', ['COORD-005']],
  ['COORD-005 "Lock"', ['COORD-005']],
  ['COORD-005', ['COORD-005']],
  ['A lock for the store (COORD-005)', ['COORD-005']],
  ['feat(COORD-005): a lock', ['COORD-005']],
  ['[COORD-005] [COORD-006] A lock', ['COORD-005', 'COORD-006']],
  ['[COORD-005] [COORD-005] A lock', ['COORD-005']],
  ['Use SHA-256 for hashes', []],
  ['Fix UTF-8 decoding', []],
  ['UTF-8 decoding is slow', []],
  ['HTTP-2 support', []],
  ['Switch everything to UTF-8', []],
  ['Follow-up of COORD-005', []],
  ['[COORD-005-B] A lock', []],
])('the codes of the title %j are %j', (title, codes) => {
  expect(codesOfTitle(title)).toEqual(codes);
});

test('a title of any length is looked through at once', () => {
  const started = performance.now();
  codesOfTitle('-'.repeat(200_000));
  codesOfTitle(`${'['.repeat(200_000)}COORD-005`);
  codesOfTitle('A1-1 '.repeat(40_000));
  expect(performance.now() - started).toBeLessThan(1_000);
});
