import { expect, test } from 'vitest';

import { sameOrigin, signIn, submit, visit } from '../support/browser-like.ts';
import { apiToken, startService } from '../support/service.ts';

test('the overview needs a session, which a token of the API opens', async () => {
  const service = await startService();
  const refused = await visit(service, '/?q=1');
  expect(refused.status).toBe(303);
  expect(refused.headers.get('location')).toBe('/sign-in?to=%2F%3Fq%3D1');
  const cookie = await signIn(service);
  const page = await visit(service, '/', { headers: { cookie } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<h1>Overview</h1>');
});

test('the cookie is of this site alone, and no script reads it', async () => {
  const service = await startService();
  const reply = await submit(service, '/sign-in', { token: apiToken, to: '/' });
  const cookie = reply.headers.get('set-cookie');
  expect(cookie).toMatch(
    /^mosaic-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
});

test('signing out ends the session on the server', async () => {
  const service = await startService();
  const cookie = await signIn(service);
  expect((await submit(service, '/sign-out', {}, { cookie })).status).toBe(303);
  expect((await visit(service, '/', { headers: { cookie } })).status).toBe(303);
});

test('a link of another site is followed by a step of our own, which brings the cookie', async () => {
  const service = await startService();
  const reply = await visit(service, '/', { headers: { 'sec-fetch-site': 'cross-site' } });
  expect(reply.status).toBe(200);
  expect(await reply.text()).toContain('<meta http-equiv="refresh" content="0;url=/"/>');
  expect((await visit(service, '/', { headers: sameOrigin })).status).toBe(303);
});

test('a session ends when its token is taken away or changed', async () => {
  const service = await startService();
  const cookie = await signIn(service);
  await service.close();
  const again = await startService({
    directory: service.directory,
    env: { API_TOKENS: `tests:another-token-of-the-tests` },
  });
  expect((await visit(again, '/', { headers: { cookie } })).status).toBe(303);
});

test('an action after the end of the session does nothing, says so, and leads back', async () => {
  const service = await startService();
  const referer = `${service.url}/agents?x=1&done=resumed`;
  const reply = await submit(service, '/pause', {}, { referer });
  expect([reply.status, reply.headers.get('location')]).toEqual([
    303,
    '/sign-in?to=%2Fagents%3Fx%3D1&lost=yes',
  ]);
  const form = await (await visit(service, reply.headers.get('location') ?? '')).text();
  expect(form).toContain('Your session was over, so nothing was done.');
  expect((await service.api('/pauses')).json).toEqual({ items: [] });
  for (const other of ['https://evil.example/agents', `${service.url}//evil.example`, 'x']) {
    const { headers } = await submit(service, '/pause', {}, { referer: other });
    expect(headers.get('location')).toBe('/sign-in?to=%2F&lost=yes');
  }
});
