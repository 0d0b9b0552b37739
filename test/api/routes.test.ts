import { expect, test } from 'vitest';
import { z } from 'zod';

import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { apiToken, startService, type Service } from '../support/service.ts';
import { anyText, containing, including } from '../support/matching.ts';

const bot = ['coordinator-bot'];

async function tell(service: Service, ...issues: PayloadChanges[]): Promise<void> {
  for (const changes of issues) {
    const payload = issuePayload({ assignees: bot, body: '', ...changes });
    expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
    await service.idle();
  }
}

const pageSchema = z.object({
  items: z.array(z.looseObject({ ref: z.string() })),
  nextCursor: z.string().nullable(),
});

async function list(service: Service, query = '') {
  const { status, json } = await service.api(`/issues${query}`);
  expect(status).toBe(200);
  const { items, nextCursor } = pageSchema.parse(json);
  return { refs: items.map(({ ref }) => ref), nextCursor };
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('an empty store lists nothing', async () => {
  const service = await startService();
  expect(await service.api('/issues')).toEqual({
    status: 200,
    json: { items: [], nextCursor: null },
  });
});

test('issues are listed newest change first', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  for (const number of [1, 2, 3]) {
    await tell(service, { number });
    advance(1_000);
  }
  await tell(service, { number: 1, title: 'changed', updatedAt: '2026-11-23T10:00:00Z' });
  expect(await list(service)).toEqual({
    refs: ['acme/orbit#1', 'acme/orbit#3', 'acme/orbit#2'],
    nextCursor: null,
  });
});

test('the list can be narrowed to a state', async () => {
  const service = await startService();
  await tell(
    service,
    { number: 1 },
    { number: 2, body: 'Blocked by #1' },
    { number: 3, open: false },
    { number: 4, assignees: null },
  );
  const expected: [string, string[]][] = [
    ['ready', ['acme/orbit#1']],
    ['blocked', ['acme/orbit#2']],
    ['done', ['acme/orbit#3']],
    ['released', ['acme/orbit#4']],
    ['oversized', []],
  ];
  for (const [state, refs] of expected)
    expect((await list(service, `?state=${state}`)).refs).toEqual(refs);
});

test('the list can be narrowed to a repository, whatever the case of its name', async () => {
  const service = await startService();
  await tell(
    service,
    { number: 1 },
    { number: 1, repositoryId: 9, repository: 'acme/moon' },
    { number: 2, repositoryId: 9, repository: 'acme/moon', open: false },
  );
  const inMoon = ['acme/moon#1', 'acme/moon#2'];
  expect((await list(service, '?repository=acme/moon')).refs.sort()).toEqual(inMoon);
  expect((await list(service, '?repository=ACME%2FMoon')).refs.sort()).toEqual(inMoon);
  expect((await list(service, '?repository=acme/moon&state=done')).refs).toEqual(['acme/moon#2']);
  expect(await list(service, '?repository=acme/sun')).toEqual({ refs: [], nextCursor: null });
});

test('pages follow each other without gaps or repeats, also among issues changed at one moment', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  for (const number of numbers(1, 12)) {
    await tell(service, { number });
    if (number % 5 === 0) advance(1_000);
  }
  await tell(service, { number: 3, repositoryId: 1, repository: 'acme/moon' });
  const whole = await list(service);
  expect(new Set(whole.refs).size).toBe(13);
  for (const limit of [1, 3, 13]) {
    const refs: string[] = [];
    let cursor: string | null = '';
    let pages = 0;
    while (cursor !== null) {
      const page = await list(
        service,
        `?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      refs.push(...page.refs);
      cursor = page.nextCursor;
      pages += 1;
    }
    expect(refs).toEqual(whole.refs);
    expect(pages).toBe(Math.ceil(13 / limit));
  }
});

test.each([
  '?limit=0',
  '?limit=-1',
  '?limit=201',
  '?limit=1.5',
  '?limit=many',
  '?limit=1e1',
  '?limit=01',
  '?limit=',
  '?limit=1&limit=2',
  '?state=lost',
  '?cursor=nonsense',
  '?cursor=%00',
  `?cursor=${Buffer.from('1 2').toString('base64url')}`,
  `?cursor=${Buffer.from('1 2 3 4').toString('base64url')}`,
  `?cursor=${Buffer.from('1 2 x').toString('base64url')}`,
  `?cursor=${'a'.repeat(300)}`,
])('the question %s is refused with 400, a code and a text', async (query) => {
  const { api } = await startService();
  expect(await api(`/issues${query}`)).toEqual({
    status: 400,
    json: { error: { code: anyText, message: anyText } },
  });
});

test.each([
  '/issues?stat=ready',
  '/queue?stat=ready',
  '/graph?stat=ready',
  '/deliveries?stat=dead',
])('a key nobody knows is refused by name: %s', async (path) => {
  const { api } = await startService();
  expect(await api(path)).toEqual({
    status: 400,
    json: { error: { code: 'invalid_request', message: containing('"stat"') } },
  });
});

const contractText = `## Context Estimate

- **Files to modify:** 3 (src/a.ts, src/b.ts, test/a.test.ts)
- **Implementation complexity:** medium (20,000 tokens)
- **Test requirements:** low (5,000 tokens)
- **Documentation:** light (2,000 tokens)
- **Total estimated:** 46,800 tokens
- **Recommended agent:** sonnet

## Difficulty

medium

## Dependencies

- **Blocked by:** #12
- **Blocks:** #50
`;

test('a plan is shown in full, in the shape and with the figures of the contract', async () => {
  const { now } = manualClock(Date.parse('2026-11-23T10:00:00Z'));
  const service = await startService({ now });
  await tell(
    service,
    { number: 42, title: 'Store every delivery', body: contractText, repositoryId: 3 },
    { number: 12, assignees: null, repositoryId: 3 },
  );
  expect(await service.api('/issues/acme/orbit/42')).toEqual({
    status: 200,
    json: {
      ref: 'acme/orbit#42',
      repositoryId: 3,
      number: 42,
      title: 'Store every delivery',
      url: 'https://git.example.test/acme/orbit/issues/42',
      open: true,
      state: 'blocked',
      reason: { code: 'open_blockers', text: 'Waits for acme/orbit#12, which is open.' },
      claim: null,
      pastClaims: [],
      reading: {
        outcome: 'offline',
        model: null,
        reason: null,
        estimatedContext: {
          value: 46_800,
          source: 'declared',
          evidence: 'Total estimated: 46,800 tokens',
        },
        difficulty: { value: 'medium', source: 'declared', evidence: 'medium' },
        assignedAgent: {
          value: 'sonnet',
          source: 'declared',
          evidence: 'Recommended agent: sonnet',
        },
        factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
      },
      blockedBy: [
        {
          ref: 'acme/orbit#12',
          state: 'open',
          source: 'declared',
          evidence: containing('#12'),
        },
      ],
      blocks: [
        {
          ref: 'acme/orbit#50',
          state: 'unknown',
          source: 'declared',
          evidence: containing('#50'),
        },
      ],
      estimate: {
        low: 37_000,
        likely: 46_800,
        high: 62_400,
        source: 'declared',
        formula: 62_400,
        layers: [
          { source: 'declared', tokens: 46_800 },
          { source: 'formula', tokens: 62_400 },
        ],
      },
      assignment: {
        agent: 'sonnet',
        reason: { code: 'declared_agent', text: 'The text recommends sonnet, and it fits.' },
      },
      warnings: [
        {
          code: 'declared_total_differs',
          text: 'Declared 46,800 tokens, the formula gives 62,400 (33 % more).',
        },
      ],
      updatedAt: '2026-11-23T10:00:00.000Z',
    },
  });
});

test('an issue that is not known, or was deleted, is not found and not listed', async () => {
  const service = await startService();
  await tell(service, { number: 1 }, { number: 2 }, { number: 2, action: 'deleted' });
  const error = { code: 'not_found', message: 'That issue is not known here.' };
  for (const path of ['acme/orbit/2', 'acme/orbit/99', 'acme/moon/1'])
    expect(await service.api(`/issues/${path}`)).toEqual({ status: 404, json: { error } });
  expect((await list(service)).refs).toEqual(['acme/orbit#1']);
});

test.each(['0', '-1', '1.5', 'one', '1e0', '01', '%201', '0x1', '9999999999999999'])(
  'the issue number %s is refused with 400',
  async (number) => {
    const { api } = await startService();
    expect(await api(`/issues/acme/orbit/${number}`)).toMatchObject({
      status: 400,
      json: { error: { code: 'invalid_request' } },
    });
  },
);

test('after a rename a plan is found under the present name only', async () => {
  const service = await startService();
  await tell(
    service,
    { number: 1, updatedAt: '2026-11-23T09:00:00Z' },
    { number: 2, repository: 'acme/satellite', updatedAt: '2026-11-23T10:00:00Z' },
  );
  expect(await service.plan('acme/satellite#1')).toMatchObject({ ref: 'acme/satellite#1' });
  expect(await service.plan('acme/orbit#1')).toBeUndefined();
  expect((await list(service)).refs.sort()).toEqual(['acme/satellite#1', 'acme/satellite#2']);
});

test('an event from before a rename does not bring the old name back', async () => {
  const service = await startService();
  await tell(
    service,
    { number: 2, repository: 'acme/satellite', updatedAt: '2026-11-23T10:00:00Z' },
    { number: 1, updatedAt: '2026-11-23T09:00:00Z' },
  );
  expect(await service.plan('acme/satellite#1')).toBeDefined();
  expect(await service.plan('acme/orbit#1')).toBeUndefined();
});

test('the queue shows ready issues in order, why each stands there, and counts why others wait', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  for (const number of [7, 3, 5]) {
    await tell(service, { number });
    advance(60_000);
  }
  await tell(
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
    })),
    claimed: [],
    blocked: [15, 14, 13, 12, 11, 10].map((number) =>
      including({ ref: `acme/orbit#${number}`, reason: including({}) }),
    ),
    waiting: { cycle: 2, no_agent_fits: 1, open_blockers: 2, unknown_blockers: 1 },
  });
});

test('without API_TOKENS the API is off, and says which variable turns it on', async () => {
  const { url } = await startService({ env: { API_TOKENS: undefined } });
  for (const path of ['/issues', '/issues/a/b/1', '/queue', '/deliveries', '/nothing']) {
    const reply = await fetch(`${url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${apiToken}` },
    });
    expect(reply.status).toBe(403);
    expect(await reply.json()).toEqual({
      error: { code: 'api_disabled', message: containing('API_TOKENS') },
    });
  }
});

test.each(['/api', '/api/', '/api/v2/x', '/%61pi/v2', '/api?a=1'])(
  '%s is behind the token too, and nothing is there',
  async (path) => {
    const { url } = await startService();
    const off = await startService({ env: { API_TOKENS: undefined } });
    const authorization = `Bearer ${apiToken}`;
    expect((await fetch(`${url}${path}`)).status).toBe(401);
    expect((await fetch(`${off.url}${path}`, { headers: { authorization } })).status).toBe(403);
    const reply = await fetch(`${url}${path}`, { headers: { authorization } });
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ error: { code: 'not_found' } });
    expect((await fetch(`${url}/apiary`)).status).toBe(404);
  },
);

test('without one of the tokens nothing is answered, not even that a route is missing', async () => {
  const { url } = await startService({ env: { API_TOKENS: `a:${apiToken},b:another-token-0002` } });
  const statusOf = async (authorization?: string, path = '/issues') => {
    const headers = new Headers(authorization === undefined ? {} : { authorization });
    const reply = await fetch(`${url}/api/v1${path}`, { headers });
    if (reply.status === 401) {
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
      expect(await reply.json()).toMatchObject({ error: { code: 'unauthorized' } });
    }
    return reply.status;
  };
  for (const wrong of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    apiToken,
    `Basic ${apiToken}`,
    `Bearer ${apiToken}x`,
    `Bearer ${apiToken.slice(1)}`,
    `Bearer ${apiToken.toUpperCase()}`,
    `Bearer a:${apiToken}`,
    'Bearer tests',
  ])
    expect([wrong, await statusOf(wrong)]).toEqual([wrong, 401]);
  expect(await statusOf(undefined, '/nothing')).toBe(401);
  expect(await statusOf(undefined, '/deliveries/x')).toBe(401);
  expect(await statusOf(`Bearer ${apiToken}`)).toBe(200);
  expect(await statusOf(`bearer ${apiToken}`)).toBe(200);
  expect(await statusOf('BEARER another-token-0002')).toBe(200);
  expect(await statusOf(`Bearer ${apiToken}`, '/nothing')).toBe(404);
});

test('an error of the API has a code and a text', async () => {
  const { api } = await startService();
  expect(await api('/nothing')).toEqual({
    status: 404,
    json: { error: { code: 'not_found', message: 'There is no such route.' } },
  });
});

test('the graph shows issues, edges and circles, of all or of one repository', async () => {
  const service = await startService();
  await tell(
    service,
    { number: 1, body: 'Blocked by #2' },
    { number: 2, body: 'Blocked by acme/lib#3' },
    {
      number: 3,
      repositoryId: 9,
      repository: 'acme/lib',
      body: 'Blocks #8\nBlocked by acme/orbit#1',
    },
    { number: 4, body: '' },
    { number: 5, body: 'Blocked by #1, #6' },
    { number: 6, open: false },
    { number: 7, repositoryId: 9, repository: 'acme/lib' },
    { number: 10, body: 'Blocked by #11' },
    { number: 11, action: 'deleted' },
  );
  const edge = (issue: string, blockedBy: string, evidence: string) => ({
    ...{ issue, blockedBy, source: 'declared', evidence },
  });
  const outside = [
    { ref: 'acme/lib#7', state: 'ready' },
    { ref: 'acme/lib#8', state: 'unknown' },
  ];
  const nodes = [
    { ref: 'acme/lib#3', state: 'blocked' },
    { ref: 'acme/orbit#1', state: 'blocked' },
    { ref: 'acme/orbit#2', state: 'blocked' },
  ];
  const others = [
    { ref: 'acme/orbit#4', state: 'ready' },
    { ref: 'acme/orbit#5', state: 'blocked' },
    { ref: 'acme/orbit#6', state: 'done' },
    { ref: 'acme/orbit#10', state: 'ready' },
  ];
  const edges = [
    edge('acme/lib#3', 'acme/orbit#1', 'Blocked by acme/orbit#1'),
    edge('acme/lib#8', 'acme/lib#3', 'Blocks #8'),
    edge('acme/orbit#1', 'acme/orbit#2', 'Blocked by #2'),
    edge('acme/orbit#2', 'acme/lib#3', 'Blocked by acme/lib#3'),
    edge('acme/orbit#5', 'acme/orbit#1', 'Blocked by #1, #6'),
    edge('acme/orbit#5', 'acme/orbit#6', 'Blocked by #1, #6'),
  ];
  const cycles = [['acme/orbit#1', 'acme/orbit#2', 'acme/lib#3']];
  const [first, ...rest] = nodes;
  expect(await service.api('/graph')).toEqual({
    status: 200,
    json: { nodes: [first, ...outside, ...rest, ...others], edges, cycles, cut: false },
  });
  const orbit = await service.api('/graph?repository=ACME/orbit');
  expect(orbit.json).toEqual({
    nodes: [...nodes, ...others],
    edges: edges.filter(({ issue }) => issue !== 'acme/lib#8'),
    cycles,
    cut: false,
  });
  const empty = { nodes: [], edges: [], cycles: [], cut: false };
  expect((await service.api('/graph?repository=acme/none')).json).toEqual(empty);
});
