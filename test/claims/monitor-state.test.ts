import { expect, test } from 'vitest';

import { isStale } from '../../src/claims/monitor-state.ts';

test.each([
  [0, false],
  [29_999, false],
  [30_000, true],
  [-5_000, false],
])('%i ms after its last report an agent asked every 10 s is stale: %s', (sinceMs, stale) => {
  expect(isStale({ since: 1_000_000, now: 1_000_000 + sinceMs, intervalMs: 10_000 })).toBe(stale);
});
