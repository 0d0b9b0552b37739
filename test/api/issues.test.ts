import { expect, test } from 'vitest';
import { z } from 'zod';

import { manualClock } from '../support/clock.ts';
import { anyText, containing } from '../support/matching.ts';
import { startService, type Service } from '../support/service.ts';
import { tellIssues } from './tell-issues.ts';

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
    await tellIssues(service, { number });
    advance(1_000);
  }
  await tellIssues(service, { number: 1, title: 'changed', updatedAt: '2026-11-23T10:00:00Z' });
  expect(await list(service)).toEqual({
    refs: ['acme/orbit#1', 'acme/orbit#3', 'acme/orbit#2'],
    nextCursor: null,
  });
});

test('the list can be narrowed to a state', async () => {
  const service = await startService();
  await tellIssues(
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
  await tellIssues(
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
    await tellIssues(service, { number });
    if (number % 5 === 0) advance(1_000);
  }
  await tellIssues(service, { number: 3, repositoryId: 1, repository: 'acme/moon' });
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
  await tellIssues(
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
      heldUp: null,
      pastClaims: [],
      spent: null,
      reading: {
        outcome: 'offline',
        model: null,
        reason: null,
        unreadable: null,
        estimatedContext: {
          value: 46_800,
          source: 'declared',
          evidence: 'Total estimated: 46,800 tokens',
        },
        difficulty: { value: 'medium', source: 'declared', evidence: 'Difficulty … medium' },
        assignedAgent: {
          value: 'sonnet',
          source: 'declared',
          evidence: 'Recommended agent: sonnet',
        },
        factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
        partOf: [],
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
      proposals: [],
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
      warnings: [],
      updatedAt: '2026-11-23T10:00:00.000Z',
    },
  });
});

test('an issue that is not known, or was deleted, is not found and not listed', async () => {
  const service = await startService();
  await tellIssues(service, { number: 1 }, { number: 2 }, { number: 2, action: 'deleted' });
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
  await tellIssues(
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
  await tellIssues(
    service,
    { number: 2, repository: 'acme/satellite', updatedAt: '2026-11-23T10:00:00Z' },
    { number: 1, updatedAt: '2026-11-23T09:00:00Z' },
  );
  expect(await service.plan('acme/satellite#1')).toBeDefined();
  expect(await service.plan('acme/orbit#1')).toBeUndefined();
});

test('a worker reads the text of an issue of its repositories', async () => {
  const tokens =
    'w1:worker[repos=acme/orbit]:token-of-worker-1,w2:worker[repos=a/b]:token-of-worker-2';
  const service = await startService({ env: { API_TOKENS: tokens } });
  await tellIssues(service, { number: 1, title: 'One', body: 'Do it.' });
  const read = async (worker: string, number: number) => {
    const headers = { authorization: `Bearer token-of-${worker}` };
    return service.api(`/issues/acme/orbit/${number}/text`, { headers });
  };
  const text = { ref: 'acme/orbit#1', title: 'One', body: 'Do it.', cut: false };
  expect(await read('worker-1', 1)).toEqual({ status: 200, json: text });
  expect(await read('worker-1', 2)).toMatchObject({ status: 404 });
  expect(await read('worker-2', 1)).toMatchObject({ status: 404 });
});
