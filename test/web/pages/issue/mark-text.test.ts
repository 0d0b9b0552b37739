import { expect, test } from 'vitest';

import { markText } from '../../../../src/web/pages/issue/mark-text.ts';

const marksOf = (text: string, words: string) =>
  markText(text, [{ words, gives: 'x' }]).pieces.flatMap((piece) =>
    piece.kind === 'text' && piece.gives.length > 0 ? [piece.text] : [],
  );

test.each([
  ['It is **blocked by** #3.', 'blocked by #3', ['blocked by** #3']],
  ['Waits\n  for #3.', 'Waits for #3', ['Waits\n  for #3']],
  ['A `Blocked by` #3', 'Blocked by #3', ['Blocked by` #3']],
  ['| Waits for | #3 |', 'Waits for | #3', ['Waits for | #3']],
  ['Waits for\u200b #3 🚀.', 'Waits for #3 🚀', ['Waits for #3 🚀']],
  ['One waits. Two. Three holds.', 'One waits. … Three holds.', ['One waits.', 'Three holds.']],
  ['Nothing of this.', 'Blocked by #3', []],
  ['Blocked by #30 or orbit#3.', 'Blocked by #3', []],
  ['It waits for acme/orbit#3. See #3!', '#3', ['#3']],
  [
    'Complexity: medium\n\n## Difficulty\n\nmedium',
    'Difficulty … medium',
    ['Difficulty', 'medium'],
  ],
  [
    'Difficulty of it: none.\n\nmedium\n\n# Difficulty\n- [x] medium',
    'Difficulty … [x] medium',
    ['Difficulty', '[x] medium'],
  ],
  // Which of them it was is not known, unless one has a line of its own.
  ['Complexity: medium, difficulty: medium', 'medium', []],
  ['Complexity: medium\n\nmedium', 'medium', ['medium']],
  ['medium\n\nmedium', 'medium', []],
  ['Difficulty\nlow\n\nDifficulty\nlow', 'Difficulty … low', []],
])('finds the words of a reading: %j', (text, words, expected) => {
  expect(marksOf(text, words)).toEqual(expected);
});

test('the pieces are the text, whatever is marked, also where marks overlap', () => {
  const text = 'Difficulty: low. Blocked by #3 and #4, and more.';
  const { pieces, missing } = markText(text, [
    { words: 'Blocked by #3 and #4', gives: 'three' },
    { words: '#3 and #4, and', gives: 'four' },
    { words: 'is not there', gives: 'five' },
  ]);
  expect(pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')).toBe(text);
  expect(pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.gives] : []))).toEqual([
    [],
    ['three', 'four'],
    [],
  ]);
  expect(missing.map(({ gives }) => gives)).toEqual(['five']);
});

test('of a megabyte it shows the beginning and what is around the marks, and counts the rest', () => {
  const text = `${'a line of words\n'.repeat(40_000)}Blocked by #3\n${'🚀é'.repeat(100_000)}`;
  const { pieces } = markText(text, [{ words: 'Blocked by #3', gives: 'three' }]);
  const shown = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : [])).join('');
  expect(shown).toContain('Blocked by #3');
  expect(shown.length).toBeLessThan(20_000);
  const hidden = pieces.reduce((sum, piece) => sum + (piece.kind === 'gap' ? piece.length : 0), 0);
  expect(hidden).toBeGreaterThan(text.length - 20_000);
  expect(shown.isWellFormed()).toBe(true);
});
