import { expect, test } from 'vitest';

import { containing } from '../support/matching.ts';
import { apiToken, startService } from '../support/service.ts';

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
