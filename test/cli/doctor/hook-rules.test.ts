import { expect, test } from 'vitest';

import {
  isMeantForUs,
  isSameUrl,
  neededEvents,
  shownUrl,
} from '../../../src/cli/doctor/hook-rules.ts';
import { url } from './samples.ts';

test.for([
  { given: url, other: `${url}/`, same: true },
  { given: url, other: 'http://COORDINATOR:8000/webhook/gitea', same: true },
  { given: url, other: `${url}?key=1`, same: false },
  { given: url, other: 'https://coordinator:8000/webhook/gitea', same: false },
  { given: url, other: 'nonsense', same: false },
])('$given and $other: same $same', ({ given, other, same }) => {
  expect(isSameUrl(given, other)).toBe(same);
});

test('a hook is recognised by host, or by the port, and its URL shown without secrets', () => {
  expect(isMeantForUs('http://coordinator:8000/hook', url, undefined)).toBe(true);
  expect(isMeantForUs('http://chat:8000/hook', url, 8000)).toBe(false);
  expect(isMeantForUs('http://chat:8000/hook', undefined, 8000)).toBe(true);
  expect(isMeantForUs('https://chat.test/hook', undefined, 443)).toBe(false);
  expect(isMeantForUs('nonsense', url, 8000)).toBe(false);
  expect(shownUrl('http://me:secret@host:1/path?key=secret#x')).toBe('http://host:1/path');
  expect(shownUrl('nonsense')).toBe('an invalid URL');
});

test.each([
  ['1.25.4', true],
  ['1.24.0+rc0', true],
  ['1.26.0+dev-33-g0123abc', true],
  ['2.0.1', true],
  ['1.23.8', false],
  ['7.0.16+gitea-1.22.0', false],
  ['14.0.0+gitea-1.25.0', false],
  [undefined, false],
])('version %s tells of statuses: %s', (version, tells) => {
  const words = neededEvents(version).map(({ words: shown }) => shown);
  expect(words).toContain('Pull Request Reviewed');
  expect(words.includes('Statuses')).toBe(tells);
});
