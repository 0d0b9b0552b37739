import { expect, test } from 'vitest';
import { z } from 'zod';

import { startService, type Service } from '../support/service.ts';
import { codeOf } from '../support/work.ts';
import { claimAnswerSchema, issueEvent } from '../support/workers.ts';
import type { PayloadChanges } from '../support/recordings.ts';

const tokens = {
  boss: 'token-of-the-boss-01',
  reader: 'token-of-the-reader-1',
  narrow: 'token-of-narrow-0001',
  judge: 'token-of-the-judge-1',
  w1: 'token-of-worker-0001',
  w2: 'token-of-worker-0002',
  opus: 'token-of-opus-000001',
};
type Name = keyof typeof tokens;
const API_TOKENS = [
  `boss:${tokens.boss}`,
  `reader:reader:${tokens.reader}`,
  `narrow:reader[repos=acme/*]:${tokens.narrow}`,
  `judge:verifier[repos=acme/orbit]:${tokens.judge}`,
  `w1:worker[repos=acme/*;other/one]:${tokens.w1}`,
  `w2:worker:${tokens.w2}`,
  `opus:worker[agents=opus]:${tokens.opus}`,
].join(',');

async function start() {
  const service = await startService({
    env: { API_TOKENS, GITEA_BOT_USERNAME: 'coordinator-bot' },
  });
  let second = Date.parse('2026-11-23T10:00:00Z');
  async function tell(number: number, more: PayloadChanges = {}) {
    second += 1_000;
    expect(await service.send(issueEvent(number, second, more))).toMatchObject({ status: 200 });
    await service.idle();
  }
  return { service, tell };
}

function as(service: Service, name: Name, path: string, body?: unknown, token = '') {
  const headers = {
    authorization: `Bearer ${tokens[name]}`,
    'content-type': 'application/json',
    'x-claim-token': token,
  };
  const post = { method: 'POST', body: JSON.stringify(body) };
  return service.api(path, { headers, ...(body === undefined ? {} : post) });
}

const vault = { repositoryId: 9, repository: 'secret/vault' };
const refsOf = (json: unknown) =>
  z
    .object({ items: z.array(z.object({ ref: z.string() })) })
    .parse(json)
    .items.map(({ ref }) => ref);

const changes: [string, unknown][] = [
  ['/pause', {}],
  ['/resume', {}],
  ['/resume', { issue: 'acme/orbit#1' }],
  ['/deliveries/x/replay', {}],
  ['/claims/x/give-back', {}],
];
const work: [string, unknown][] = [
  ['/claims', {}],
  ['/claims/x/heartbeat', {}],
  ['/claims/x/statusline', {}],
  ['/claims/x/release', { reason: 'x' }],
  ['/claims/x/block', { reason: 'x' }],
  ['/claims/x/complete', { commit: '3f2c1ab' }],
];

test.each<[Name, [string, unknown][]]>([
  ['reader', [...changes, ...work]],
  ['narrow', [...changes, ...work]],
  ['judge', [...changes, ...work]],
  ['w1', changes],
  ['opus', changes],
])('%s changes nothing that its role does not name', async (name, posts) => {
  const { service, tell } = await start();
  await tell(1);
  for (const [path, body] of posts) {
    const refused = await as(service, name, path, body);
    expect([path, codeOf(refused)]).toEqual([path, '403 forbidden']);
    expect(JSON.stringify(refused.json)).toMatch(/has the role \w+; this needs the role/);
  }
  for (const path of ['/deliveries', '/deliveries/x'])
    expect([path, codeOf(await as(service, name, path))]).toEqual([path, '403 forbidden']);
  for (const path of ['/issues', '/queue', '/graph', '/pauses', '/issues/acme/orbit/1'])
    expect([path, (await as(service, name, path)).status]).toEqual([path, 200]);
  expect(await as(service, 'boss', '/pauses')).toMatchObject({ json: { items: [] } });
  expect((await as(service, 'boss', '/deliveries')).status).toBe(200);
});

test('who is narrowed to repositories sees no other, in lists, pages, graph and queue', async () => {
  const { service, tell } = await start();
  await tell(1, { body: 'Blocked by secret/vault#7' });
  await tell(2);
  await tell(7, vault);
  await tell(8, { ...vault, body: 'Blocked by acme/orbit#2' });
  await tell(3, { repositoryId: 11, repository: 'acme-labs/x' });
  const all = await as(service, 'reader', '/issues');
  expect(refsOf(all.json).sort()).toEqual([
    'acme-labs/x#3',
    'acme/orbit#1',
    'acme/orbit#2',
    'secret/vault#7',
    'secret/vault#8',
  ]);
  for (const name of ['narrow', 'judge', 'w1'] as const) {
    expect(refsOf((await as(service, name, '/issues')).json)).toEqual([
      'acme/orbit#2',
      'acme/orbit#1',
    ]);
    expect(refsOf((await as(service, name, '/issues?repository=secret/vault')).json)).toEqual([]);
    for (const path of ['/issues/secret/vault/7', '/issues/Secret/Vault/7/why'])
      expect([path, codeOf(await as(service, name, path))]).toEqual([path, '404 not_found']);
    const shown = await Promise.all(
      ['/issues', '/issues/acme/orbit/1', '/issues/acme/orbit/2', '/queue', '/graph'].map(
        async (path) => (await as(service, name, path)).json,
      ),
    );
    // The text of #1 names it; what is known of it is not shown.
    const text = JSON.stringify(shown).replaceAll('"evidence":"Blocked by secret/vault#7"', '');
    expect(text).not.toContain('vault');
    expect(text).not.toContain('acme-labs');
    expect(shown[1]).toMatchObject({
      state: 'blocked',
      reason: { text: 'Waits for an issue elsewhere, which is open.' },
      blockedBy: [{ ref: 'an issue elsewhere', state: 'unknown' }],
    });
    expect(shown[2]).toMatchObject({ blocks: [] });
  }
  // Pages are cut after the filter.
  const first = z
    .object({ items: z.array(z.object({ ref: z.string() })), nextCursor: z.string() })
    .parse((await as(service, 'judge', '/issues?limit=1')).json);
  const second = await as(service, 'judge', `/issues?limit=1&cursor=${first.nextCursor}`);
  expect([...refsOf(first), ...refsOf(second.json)]).toEqual(['acme/orbit#2', 'acme/orbit#1']);
  expect(second.json).toMatchObject({ nextCursor: null });
});

test('a worker gets only what its token covers, and sees only its own claims', async () => {
  const { service, tell } = await start();
  await tell(7, vault);
  await tell(2, { body: 'Recommended agent: opus\nTotal estimated: 20k' });
  await tell(3, { body: 'Recommended agent: sonnet\nTotal estimated: 20k' });
  const claim = async (name: Name, body: unknown = {}) => {
    const { status, json } = await as(service, name, '/claims', body);
    return status >= 400 ? codeOf({ status, json }) : claimAnswerSchema.parse(json).claim;
  };
  expect(await claim('opus', { agents: ['Sonnet'] })).toBe('403 forbidden');
  expect(await claim('w1', { repositories: ['secret/vault'] })).toBeNull();
  const own = await claim('opus');
  expect(own).toMatchObject({ issue: 'acme/orbit#2', agent: 'opus' });
  const other = await claim('w1');
  expect(other).toMatchObject({ issue: 'acme/orbit#3' });
  expect(await as(service, 'w1', '/claims', {})).toMatchObject({ json: { claim: null } });
  expect(await claim('w2')).toMatchObject({ issue: 'secret/vault#7' });

  const claimed = async (name: Name) => {
    const { json } = await as(service, name, '/queue');
    return z
      .object({ claimed: z.array(z.object({ worker: z.string() })) })
      .parse(json)
      .claimed.map(({ worker }) => worker);
  };
  expect([await claimed('w1'), await claimed('opus')]).toEqual([['w1'], ['opus']]);
  expect(await claimed('narrow')).toEqual(['opus', 'w1']);
  expect((await claimed('boss')).length).toBe(3);
  expect(await as(service, 'w1', '/issues/acme/orbit/2')).toMatchObject({ json: { claim: null } });
  expect(await as(service, 'w1', '/issues/acme/orbit/3')).toMatchObject({
    json: { claim: { worker: 'w1' } },
  });
  expect(await as(service, 'w1', '/claims')).toMatchObject({ json: { items: [{ worker: 'w1' }] } });
  if (own === null || typeof own === 'string') throw new Error('no claim');
  const foreign = await as(service, 'w1', `/claims/${own.claimId}/heartbeat`, {}, own.token);
  expect(codeOf(foreign)).toBe('403 claim_token_invalid');
});

test('the queue of a worker narrowed to an agent has only issues of this agent', async () => {
  const { service, tell } = await start();
  await tell(2, { body: 'Recommended agent: opus\nTotal estimated: 20k' });
  await tell(3, { body: 'Recommended agent: sonnet\nTotal estimated: 20k' });
  await as(service, 'boss', '/pause', { agent: 'sonnet', reason: 'Budget.' });
  expect(await as(service, 'opus', '/queue')).toMatchObject({
    json: { ready: [{ ref: 'acme/orbit#2', rank: 1 }] },
  });
  expect(await as(service, 'opus', '/pauses')).toMatchObject({ json: { items: [] } });
  expect(await as(service, 'w1', '/pauses')).toMatchObject({
    json: { items: [{ agent: 'sonnet' }] },
  });
});

test('a worker narrowed to an agent is shown the issues of this agent, and what they wait for', async () => {
  const { service, tell } = await start();
  const opus = 'Recommended agent: opus\nTotal estimated: 20k';
  await tell(1, { body: opus });
  await tell(2, { body: 'Recommended agent: sonnet\nTotal estimated: 20k' });
  await tell(3, { body: 'Recommended agent: sonnet\nTotal estimated: 20k\n\nBlocked by #1' });
  await tell(4, { body: `${opus}\n\nBlocked by #2` });
  await tell(5, { body: 'Recommended agent: sonnet\nTotal estimated: 20k' });
  const read = async (path: string) => (await as(service, 'opus', path)).json;
  expect(refsOf(await read('/issues'))).toEqual(['acme/orbit#4', 'acme/orbit#1']);
  expect(await read('/graph')).toMatchObject({
    nodes: [{ ref: 'acme/orbit#1' }, { ref: 'acme/orbit#2' }, { ref: 'acme/orbit#4' }],
    edges: [{ issue: 'acme/orbit#4', blockedBy: 'acme/orbit#2' }],
  });
  const queue = z
    .object({ blocked: z.array(z.object({ ref: z.string() })) })
    .parse(await read('/queue'));
  expect(queue.blocked.map(({ ref }) => ref)).toEqual(['acme/orbit#4']);
  expect(refsOf((await as(service, 'reader', '/issues')).json)).toHaveLength(5);
});

test('what a worker is shown names no other worker', async () => {
  const { service, tell } = await start();
  const ends: [string, unknown][] = [
    ['heartbeat', {}],
    ['block', { reason: 'Stuck as w2 at the vault door.' }],
    ['complete', { commit: '3f2c1ab' }],
  ];
  for (const [index, [what, body]] of ends.entries()) {
    await tell(index + 1, { body: 'Recommended agent: sonnet\nTotal estimated: 20k' });
    const { json } = await as(service, 'w2', '/claims', {});
    const { claim } = claimAnswerSchema.parse(json);
    if (claim === null) throw new Error('nothing to claim');
    const path = `/claims/${claim.claimId}/${what}`;
    expect((await as(service, 'w2', path, body, claim.token)).status).toBe(200);
  }
  const paths = [1, 2, 3].flatMap((n) => [
    `/issues/acme/orbit/${n}`,
    `/issues/acme/orbit/${n}/why`,
  ]);
  for (const path of [...paths, '/issues', '/queue', '/graph', '/pauses']) {
    const shown = JSON.stringify((await as(service, 'w1', path)).json);
    expect([path, shown]).toEqual([path, expect.not.stringMatching(/w2|vault door|3f2c1ab/)]);
  }
  const own = (path: string) => as(service, 'w2', path);
  expect(await own('/issues/acme/orbit/1')).toMatchObject({
    json: { reason: { text: 'w2 works on it as sonnet.' } },
  });
  expect(JSON.stringify((await own('/issues/acme/orbit/2')).json)).toContain('vault door');
  expect(JSON.stringify((await own('/issues/acme/orbit/3')).json)).toContain(
    'w2 says that 3f2c1ab',
  );
  expect(JSON.stringify((await as(service, 'reader', '/issues')).json)).toContain('w2 works on it');
});
