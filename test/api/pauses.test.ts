import { expect, test } from 'vitest';

import { codeOf, startWork } from '../support/work.ts';
import { call, claim, post } from '../support/workers.ts';

test('the service or one agent is paused and resumed, also across a restart', async () => {
  const first = await startWork();
  await first.tell(1);
  const pause = await post(first, {
    worker: 'worker-1',
    path: '/pause',
    body: { agent: 'Sonnet', reason: 'Budget.' },
  });
  expect(pause).toMatchObject({
    status: 200,
    json: { items: [{ agent: 'sonnet', source: 'person', reason: 'Budget.', until: null }] },
  });
  await post(first, { worker: 'worker-1', path: '/pause' });
  await first.close();
  const second = await startWork({ directory: first.directory });
  expect(await claim(second, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  await post(second, { worker: 'worker-1', path: '/resume', body: {} });
  expect(await claim(second, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  await post(second, { worker: 'worker-1', path: '/resume', body: { agent: 'sonnet' } });
  expect((await second.api('/pauses')).json).toEqual({ items: [] });
  expect((await second.held('worker-1')).issue).toBe('acme/orbit#1');
});

test('an operator ends the limit of a whole account at once; what is paused names its account', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  await tell(1);
  const limitedUntil = new Date(clock.now() + 3_600_000).toISOString();
  const body = { reason: 'Usage limit.', limitedUntil };
  await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
  await post(service, { worker: 'worker-1', path: '/pause', body: { agent: 'glm' } });
  const account = 'anthropic';
  expect((await service.api('/pauses')).json).toMatchObject({
    items: [
      { agent: 'glm', account: 'glm' },
      { agent: 'haiku', account },
      { agent: 'opus', account },
      { agent: 'sonnet', account },
    ],
  });
  const resume = (named: object) =>
    post(service, { worker: 'worker-1', path: '/resume', body: named });
  expect(codeOf(await resume({ account: 'sonnet' }))).toBe('422 unknown_account');
  expect(codeOf(await resume({ account, agent: 'sonnet' }))).toBe('400 invalid_request');
  const waiting = claim(service, 'worker-2', { query: '?wait=30' });
  expect(await resume({ account: 'Anthropic' })).toMatchObject({
    status: 200,
    json: { items: [{ agent: 'glm', account: 'glm', source: 'person' }] },
  });
  expect((await waiting).claim?.issue).toBe('acme/orbit#1');
});
