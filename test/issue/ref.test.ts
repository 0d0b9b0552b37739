import { expect, test } from 'vitest';

import { issueUrl } from '../../src/issue/plan.ts';
import { formatRef, keyOf, parseRef } from '../../src/issue/ref.ts';

test.each([
  ['acme/orbit#12', { repository: 'acme/orbit', number: 12 }],
  ['a.b-c/d_e.f#1', { repository: 'a.b-c/d_e.f', number: 1 }],
  ['acme/orbit#9007199254740991', { repository: 'acme/orbit', number: Number.MAX_SAFE_INTEGER }],
  ['acme/orbit#9007199254740993', undefined],
  ['acme/orbit#0', undefined],
  ['acme/orbit#012', undefined],
  ['acme/orbit#-1', undefined],
  ['acme/orbit#1x', undefined],
  ['acme/orbit', undefined],
  ['orbit#1', undefined],
  ['#1', undefined],
  ['a/b/c#1', undefined],
  [' acme/orbit#1', undefined],
  ['acme/orbit#1\n', undefined],
  ['', undefined],
])('%j is read as %j', (text, expected) => {
  expect(parseRef(text)).toEqual(expected);
  if (expected !== undefined) expect(formatRef(expected)).toBe(text);
});

test('the key of an issue does not know its name', () => {
  expect(keyOf({ repositoryId: 3, number: 12 })).toBe('3#12');
});

test('the page of an issue is below the configured address', () => {
  expect(issueUrl('https://git.example.test/sub', 'acme/or bit', 5)).toBe(
    'https://git.example.test/sub/acme/or%20bit/issues/5',
  );
});
