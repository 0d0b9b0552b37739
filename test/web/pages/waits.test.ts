import { renderToString } from 'preact-render-to-string';
import { h, Fragment } from 'preact';
import { expect, test } from 'vitest';
import { z } from 'zod';

import type { Overview } from '../../../src/web/pages/overview/read-overview.ts';
import { waitsOf } from '../../../src/web/pages/overview/waits.ts';

const at = '2026-11-30T10:00:00.000Z';
const caller = {
  name: 'ann',
  role: 'operator',
  repositories: undefined,
  agents: undefined,
} as const;

/** What an overview may have, from nothing to everything; only what waits for a person is read of it. */
function overview(more: object): Overview {
  const nothing = {
    ...{ caller, giteaUrl: 'https://git.example.test', health: {}, pauses: [], deliveries: [] },
    ...{ spending: [], waiting: [], stuck: [], inReview: [] },
  };
  return z.custom<Overview>().parse({ ...nothing, ...more });
}

function told(more: object): string[] {
  return waitsOf(overview(more)).map(({ tone, kind, name, why, since, todo }) =>
    [
      tone,
      kind,
      renderToString(h(Fragment, null, name)),
      why,
      since ?? '-',
      renderToString(h(Fragment, null, todo)),
    ].join(' | '),
  );
}

const line = (code: string, state: string, more: object = {}) => ({
  ...{ ref: 'acme/orbit#5', title: 'Title', repository: 'acme/orbit', number: 5, state },
  ...{ reason: { code, text: `Because of ${code}.` }, changedAt: at, pull: null, ...more },
});

test('checks that fail say why, and lead to their cure', () => {
  const health = {
    ...{ store: { status: 'ok' }, claude: { status: 'off' }, mystery: { status: 'down' } },
    gitea: { status: 'degraded', lastError: 'gitea_timeout', lastSuccess: at },
    webhook: { status: 'degraded', cause: 'All were refused.', cure: 'Run doctor.' },
    inbox: { status: 'degraded' },
  };
  expect(told({ health })).toHaveLength(4);
  const delivery = {
    ...{ deliveryId: 'a', status: 'dead', count: 1, issue: null, error: null, receivedAt: at },
    ...{ event: null, eventName: 'issues' },
  };
  expect(told({ health, deliveries: [delivery] })).toHaveLength(4);
  expect(told({ health }).join('\n')).toContain('All were refused. Run doctor.');
});

test('pauses and limits can be ended by an operator alone', () => {
  const pause = {
    agent: null,
    account: undefined,
    source: 'person',
    reason: 'lunch',
    pausedBy: 'bob',
    pausedAt: at,
    until: null,
  };
  const limit = { ...pause, agent: 'opus', source: 'limit', account: 'anthropic', until: at };
  const own = { ...pause, agent: 'opus' };
  expect(told({ pauses: [pause, limit, own] }).map((text) => text.split(' | ')[1])).toEqual([
    ...['paused', 'limit', 'paused'],
  ]);
  expect(told({ pauses: [limit] }).join()).toContain('name="account" value="anthropic"');
  const reader = told({ pauses: [pause], caller: { ...caller, role: 'reader' } });
  expect(reader.join()).toContain('An operator can resume it.');
});

test('deliveries, budgets and issues have one thing to do each', () => {
  const delivery = {
    ...{ deliveryId: 'a/b', receivedAt: at, event: 'assigned', eventName: 'issues', count: 1 },
    ...{ issue: null, error: null },
  };
  const issue = { repository: 'acme/orbit', number: 1 };
  const fields = 'issue.number: Invalid input; issue.title: Invalid input';
  const error = `The payload is not as expected: ${fields}`;
  const deliveries = [
    { ...delivery, status: 'dead', issue, error: 'Disk.', count: 3 },
    { ...delivery, status: 'rejected', event: null, error },
    { ...delivery, status: 'dead' },
    { ...delivery, status: 'dead', deliveryId: 'not-shown' },
  ];
  const budget = { agent: 'opus', day: '2026-11-30', spent: { tokens: 90, usd: 9 } };
  const spending = [
    { ...budget, budget: { tokens: 100, usd: null }, state: 'open' },
    { ...budget, budget: { tokens: 100, usd: null }, state: 'nearly_used' },
    { ...budget, budget: { tokens: null, usd: 9 }, state: 'used_up' },
    { ...budget, budget: { tokens: null, usd: 90 }, state: 'nearly_used' },
  ];
  const waiting = [
    line('gates_failed', 'needs_human'),
    line('merged_not_closed', 'needs_human'),
    line('pull_request_closed', 'needs_human', { pull: 7 }),
    line('something_new', 'needs_human', { ref: 'an issue elsewhere' }),
  ];
  const stuck = [
    { count: 3, example: line('cycle', 'blocked') },
    { count: 1, example: line('no_access', 'blocked') },
    { count: 1, example: line('else', 'blocked', { ref: 'an issue elsewhere' }) },
    { count: 0, example: undefined },
  ];
  const inReview = [line('gates_passed', 'in_review', { pull: 8 })];
  const all = told({ deliveries, spending, waiting, stuck, inReview });
  expect(all).toHaveLength(3 + 3 + 4 + 3 + 1);
  const text = all.join('\n');
  expect(text).toContain('/deliveries/a%2Fb');
  expect(text).toContain('3 times: Disk.');
  expect(text).toContain('/deliveries?status=dead');
  expect(text).toContain('It was not understood: 2 fields are not as Gitea sends them.');
  expect(text).not.toContain('not-shown');
  expect(text).toContain('Close it on Gitea');
  expect(text).toContain('https://git.example.test/acme/orbit/pulls/8');
  expect(text).toContain('Title and 2 more');
  expect(text).toContain('/graph?repository=acme%2Forbit');
});

test('issues come first, then what is to be mended; what stops everything is on top', () => {
  const health = { webhook: { status: 'degraded' }, store: { status: 'down' } };
  const waiting = [line('gates_failed', 'needs_human'), line('worker_blocked', 'needs_human')];
  const inReview = [line('gates_passed', 'in_review')];
  const deliveries = [
    {
      ...{ deliveryId: 'a', status: 'rejected', count: 1, issue: null, error: null },
      ...{ receivedAt: at, event: null, eventName: 'issues' },
    },
  ];
  const spending = [
    {
      ...{ agent: 'opus', day: '2026-11-30', spent: { tokens: 9, usd: 9 }, state: 'used_up' },
      budget: { tokens: null, usd: 9 },
    },
  ];
  const all = told({ health, waiting, inReview, deliveries, spending });
  expect(all.map((text) => text.split(' | ')[1])).toEqual([
    ...['down', 'agent is stuck', 'in review', 'failed verification', 'rejected delivery'],
    ...['degraded', 'budget'],
  ]);
});
