import { expect, test } from 'vitest';

import { keptText } from '../../src/issue/event.ts';

test('a text is kept up to its bound, and a cut through a character leaves no half of it', () => {
  const { body, bodyCut } = keptText('Title', `${'a'.repeat(999_999)}\u{1f600}b`);
  expect(bodyCut).toBe(true);
  expect(body).toHaveLength(1_000_000);
  expect(body.endsWith('a\ufffd')).toBe(true);
});

test('no text is an empty text', () => {
  expect(keptText('Title', null)).toEqual({ title: 'Title', body: '', bodyCut: false });
});
