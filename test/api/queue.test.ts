import { expect, test } from 'vitest';

import { manualClock } from '../support/clock.ts';
import { including } from '../support/matching.ts';
import { startService } from '../support/service.ts';
import { tellIssues } from './tell-issues.ts';

test('the queue shows ready issues in order, why each stands there, and counts why others wait', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  for (const number of [7, 3, 5]) {
    await tellIssues(service, { number });
    advance(60_000);
  }
  await tellIssues(
    service,
    { number: 10, body: 'Blocked by #3' },
    { number: 11, body: 'Blocked by #3 and #5' },
    { number: 12, body: 'Depends on #900' },
    { number: 13, body: 'Blocked by #14' },
    { number: 14, body: 'Blocked by #13' },
    { number: 15, body: 'Total estimated: 900,000 tokens' },
    { number: 16, open: false },
    { number: 17, assignees: null },
  );
  const { status, json } = await service.api('/queue');
  expect(status).toBe(200);
  const hours = (count: number, issues: string) =>
    `, moved ${count} hours forward for the ${issues}`;
  const order: [number, number, string][] = [
    [3, 1, hours(8, '2 issues that wait for it')],
    [5, 2, hours(4, 'issue that waits for it')],
    [7, 0, ''],
  ];
  expect(json).toEqual({
    ready: order.map(([number, minute, moved], index) => ({
      ref: `acme/orbit#${number}`,
      rank: index + 1,
      why: `Ready since 2026-11-23T12:0${minute}:00.000Z${moved}; the longest ready goes first.`,
      plan: including({ ref: `acme/orbit#${number}`, state: 'ready' }),
      heldUp: null,
    })),
    claimed: [],
    blocked: [15, 14, 13, 12, 11, 10].map((number) =>
      including({ ref: `acme/orbit#${number}`, reason: including({}) }),
    ),
    spending: [],
    waiting: { cycle: 2, no_agent_fits: 1, open_blockers: 2, unknown_blockers: 1 },
  });
});
