import createClient from 'openapi-fetch';
import openapiTypes, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { operations } from '../../../src/api/description/operations.ts';
import { startWork } from '../../support/work.ts';
import { post, tokenOf } from '../../support/workers.ts';
import type { paths } from '../../fixtures/openapi.d.ts';

/** An answer as it is described: what the description does not name would be lost by reading it. */
function expectDescribed(route: string, status: number, json: unknown): void {
  const shape = operations[route]?.answers[status]?.shape ?? z.never();
  expect(shape.parse(json), `${route} ${status}`).toEqual(json);
}

test('what the service answers is what is described', async () => {
  const work = await startWork();
  await work.tell(1, { body: 'Blocked by: #2\n\nTotal estimated: 46,800 tokens' });
  await work.tell(2, { body: 'Total estimated: 20,000 tokens' });
  const headers = { authorization: `Bearer ${tokenOf('worker-1')}` };
  const get = async (route: string, path: string) => {
    const { status, json } = await work.api(path, { headers });
    expectDescribed(`GET /api/v1${route}`, status, json);
    return json;
  };
  const send = async (route: string, path: string, body: object, token = '') => {
    const about = { headers: { 'x-claim-token': token } };
    const { status, json } = await post(work, { worker: 'worker-1', path, body, ...about });
    expectDescribed(`POST /api/v1${route}`, status, json);
    return json;
  };

  expectDescribed('POST /api/v1/claims', 200, { claim: null, waiting: {} });
  const held = z
    .looseObject({ claim: z.looseObject({ claimId: z.string(), token: z.string() }) })
    .parse(await send('/claims', '/claims', {})).claim;
  const at = `/claims/${held.claimId}`;
  const usage = { contextUsed: 180_000, contextLimit: 200_000 };
  await send('/claims/:id/heartbeat', `${at}/heartbeat`, usage, held.token);
  const handoff = { author: 'the tests' };
  await send('/claims/:id/rotate', `${at}/rotate`, { handoff }, held.token);
  await get('/claims', '/claims');
  await get('/queue', '/queue');
  await get('/issues/:owner/:repo/:number', '/issues/acme/orbit/2');
  await send('/claims/:id/release', `${at}/release`, { reason: 'tests', handoff }, held.token);
  await get('/issues', '/issues?limit=10');
  await get('/issues/:owner/:repo/:number', '/issues/acme/orbit/1');
  await get('/issues/:owner/:repo/:number', '/issues/acme/orbit/2');
  await get('/issues/:owner/:repo/:number/text', '/issues/acme/orbit/1/text');
  await get('/issues/:owner/:repo/:number/why', '/issues/acme/orbit/1/why');
  await get('/issues/:owner/:repo/:number/verifications', '/issues/acme/orbit/1/verifications');
  await get('/queue', '/queue');
  await get('/graph', '/graph');
  const { items } = z
    .object({ items: z.array(z.looseObject({ deliveryId: z.string() })) })
    .parse(await get('/deliveries', '/deliveries'));
  const delivery = `/deliveries/${items[0]?.deliveryId ?? ''}`;
  await get('/deliveries/:id', delivery);
  await send('/deliveries/:id/replay', `${delivery}/replay`, {});
  await send('/pause', '/pause', { reason: 'tests' });
  await get('/pauses', '/pauses');
  await send('/resume', '/resume', {});
  await work.idle();
});

test('the types of a client are those of the description', async () => {
  const { url } = await startWork();
  const reply = await fetch(`${url}/openapi.json`);
  const document: unknown = await reply.json();
  const text = astToString(await openapiTypes(JSON.stringify(document)));
  // Made anew by `npx vitest run test/api/description --update`.
  await expect(text).toMatchFileSnapshot('../../fixtures/openapi.d.ts');
}, 60_000);

test('a client made of the description claims an issue, keeps it and completes it', async () => {
  const work = await startWork();
  await work.tell(1, { title: 'Measure the level' });
  const client = createClient<paths>({
    baseUrl: work.url,
    headers: { authorization: `Bearer ${tokenOf('worker-1')}` },
  });
  const { data: plan } = await client.GET('/api/v1/issues/{owner}/{repo}/{number}', {
    params: { path: { owner: 'acme', repo: 'orbit', number: 1 } },
  });
  expect([plan?.title, plan?.state]).toEqual(['Measure the level', 'ready']);

  const { data: handedOut } = await client.POST('/api/v1/claims', {
    params: { query: { wait: 0 }, header: { 'Idempotency-Key': 'a-key-of-the-tests' } },
    body: { repositories: ['acme/orbit'] },
  });
  const claim = handedOut?.claim;
  if (claim == null) throw new Error('nothing was handed out');
  const held = { path: { id: claim.claimId }, header: { 'X-Claim-Token': claim.token } };
  const { data: beat } = await client.POST('/api/v1/claims/{id}/heartbeat', {
    params: held,
    body: { contextUsed: 180_000, contextLimit: 200_000, spent: { tokens: 200_000 } },
  });
  expect(beat?.context?.action).toBe('compact');
  const { data: line } = await client.POST('/api/v1/claims/{id}/statusline', {
    params: held,
    body: { context_window: { context_window_size: 200_000, used_percentage: 10 } },
  });
  expect(line?.context?.used).toBe(20_000);
  const { error } = await client.POST('/api/v1/claims/{id}/heartbeat', {
    params: { ...held, header: { 'X-Claim-Token': 'of-another-claim' } },
  });
  expect(error?.error.code).toBe('claim_token_invalid');
  const { data: end, response } = await client.POST('/api/v1/claims/{id}/complete', {
    params: held,
    body: { commit: '3f2c1ab', branch: 'agent/issue-1' },
  });
  expect([response.status, end && 'outcome' in end && end.outcome]).toEqual([200, 'completed']);
});
