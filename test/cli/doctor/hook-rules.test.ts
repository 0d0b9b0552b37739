import { expect, test } from 'vitest';

import {
  askedEvents,
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
  ['1.25.4', true, true],
  ['1.24.0+rc0', true, true],
  ['1.26.0+dev-33-g0123abc', true, true],
  ['2.0.1', true, true],
  ['1.23.8', false, false],
  ['7.0.16+gitea-1.22.0', false, false],
  ['14.0.0+gitea-1.25.0', false, false],
  // A build without a number says nothing: to ask for it does no harm.
  ['development', false, true],
  [undefined, false, true],
])(
  'version %s: a hook has to tell of statuses %s, and is asked to %s',
  (version, needed, asked) => {
    const tell = (events: readonly { readonly words: string }[]) =>
      events.some(({ words }) => words === 'Statuses');
    expect(tell(neededEvents(version))).toBe(needed);
    expect(tell(askedEvents(version))).toBe(asked);
  },
);
