import { expect, test } from 'vitest';

import { limitEnd } from '../../src/claims/limit-text.ts';

const now = Date.parse('2026-11-30T10:15:30Z');

test.each([
  ["You've hit your 5-hour limit · resets 1:40pm (UTC)", '2026-11-30T13:40:00Z'],
  ['resets 1pm (UTC)', '2026-11-30T13:00:00Z'],
  ['resets at 12am (UTC)', '2026-12-01T00:00:00Z'],
  ['resets 12:30pm', '2026-11-30T12:30:00Z'],
  ['resets 7am (America/New_York)', '2026-11-30T12:00:00Z'],
  // Just over: not the same time of tomorrow.
  ['resets 10:14am (UTC)', '2026-11-30T10:15:00Z'],
  ['resets 9am (UTC)', '2026-12-01T09:00:00Z'],
  ['resets Dec 3, 9am (UTC)', '2026-12-01T10:15:30Z'],
  ['resets 9am (No/Where)', '2026-11-30T11:15:30Z'],
  ['Too many requests', '2026-11-30T11:15:30Z'],
])('%s', (text, end) => {
  expect(new Date(limitEnd(text, now)).toISOString()).toBe(end.replace('Z', '.000Z'));
});
