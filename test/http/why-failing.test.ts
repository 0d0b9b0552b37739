import { expect, test } from 'vitest';

import { whyFailing } from '../../src/http/why-failing.ts';

test.each([
  ['store', { cause: 'The disk is full.' }, 'The disk is full.'],
  ['inbox', { dead: 1_200 }, '1,200 deliveries were given up.'],
  ['gitea', { lastError: 'It answered 502.' }, 'The last error: It answered 502.'],
  [
    'publish',
    { failing: 1, paused: 2, lastError: 'unexpected' },
    '1 issue was refused when we wrote there. 2 issues are paused after too many writes. The last error: unexpected.',
  ],
  ['forge', { refused: 2, lastError: null }, '2 writes to Gitea were refused.'],
  [
    'verification',
    { failing: 0, queued: 3, hint: 'Start one.' },
    '3 verifications are not taken by a verifier.',
  ],
  ['connections', { refused: 4 }, '4 connections were refused: too many are open.'],
  [
    'claude',
    { lastOutcome: 'timeout', pausedUntil: '2026-11-30T12:00:00.000Z' },
    'The last call ended with "timeout". Claude is not asked before 2026-11-30T12:00:00.000Z.',
  ],
  ['intake', {}, undefined],
])('%s says why it fails', (name, details, said) => {
  expect(whyFailing(name, { status: 'degraded', ...details })).toBe(said);
});
