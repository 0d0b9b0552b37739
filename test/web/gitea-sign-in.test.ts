import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

import { sameOrigin, visit } from '../support/browser-like.ts';
import { containing } from '../support/matching.ts';
import { apiToken, startService, type Service } from '../support/service.ts';

const clientId = 'f0e7b6d1-client-of-the-tests';
const publicUrl = 'http://coordinator.example.test';

/** What Gitea's OpenID Connect does, with the paths of 1.25. `claims` are those of the token, to be changed by a test. */
async function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims: Record<string, unknown> = { preferred_username: 'ann' };
  let challenge = '';
  let nonce = '';
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/.well-known/openid-configuration')
      return void json({
        issuer: url,
        authorization_endpoint: `${url}/login/oauth/authorize`,
        token_endpoint: `${url}/login/oauth/access_token`,
        jwks_uri: `${url}/login/oauth/keys`,
        response_types_supported: ['code', 'id_token'],
        id_token_signing_alg_values_supported: ['RS256'],
        subject_types_supported: ['public'],
        code_challenge_methods_supported: ['plain', 'S256'],
      });
    if (request.url === '/login/oauth/keys')
      return void json({
        keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256' }],
      });
    const form = new URLSearchParams(await text(request));
    const hash = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    // So Gitea 1.25.4 says that the secret is wrong.
    if (form.get('code') === 'unknown-client')
      return void json({ error: 'unauthorized_client' }, 400);
    if (form.get('code') !== 'good' || hash !== challenge)
      return void json({ error: 'invalid_grant' }, 400);
    const now = Math.floor(Date.now() / 1_000);
    const about = { iss: url, aud: clientId, sub: '7', iat: now, exp: now + 300, nonce };
    return void json({
      ...{ access_token: 'a', token_type: 'bearer', expires_in: 300 },
      id_token: signToken({ ...about, ...claims }, privateKey),
    });
  }

  /** What Gitea remembers of where a browser was sent. */
  function sentTo(location: string): URLSearchParams {
    const { searchParams } = new URL(location);
    challenge = searchParams.get('code_challenge') ?? '';
    nonce = searchParams.get('nonce') ?? '';
    return searchParams;
  }

  return { url, claims, sentTo };
}

function signToken(claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', kid: '1', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

async function start(users = 'ann:reader,Boss:operator') {
  const provider = await startProvider();
  const service = await startService({
    env: {
      ...{ GITEA_URL: provider.url, PUBLIC_URL: publicUrl, OAUTH_CLIENT_ID: clientId },
      ...{ OAUTH_CLIENT_SECRET: 'secret-of-the-tests', OAUTH_USERS: users },
      API_TOKENS: `tests:${apiToken}`,
    },
  });
  return { provider, service };
}

async function leave(service: Service, to = '/graph') {
  const reply = await visit(service, `/sign-in/gitea?moved=yes&to=${encodeURIComponent(to)}`);
  const cookie = reply.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  return { location: reply.headers.get('location') ?? '', cookie };
}

function comeBack(service: Service, query: Record<string, string>, cookie: string) {
  const path = `/sign-in/gitea/callback?${new URLSearchParams(query)}`;
  return visit(service, path, { headers: { cookie, 'sec-fetch-site': 'cross-site' } });
}

test('an account of Gitea that is named signs in, and goes where it wanted', async () => {
  const { provider, service } = await start();
  expect(await (await visit(service, '/sign-in')).text()).toContain('Sign in with Gitea');
  const { location, cookie } = await leave(service);
  const sent = provider.sentTo(location);
  expect(location).toContain(`${provider.url}/login/oauth/authorize?`);
  expect(sent.get('redirect_uri')).toBe(`${publicUrl}/sign-in/gitea/callback`);
  const reply = await comeBack(service, { code: 'good', state: sent.get('state') ?? '' }, cookie);
  expect(await reply.text()).toContain('content="0;url=/graph"');
  const session = reply.headers.getSetCookie().find((text) => text.startsWith('mosaic-session='));
  expect(session).toContain('HttpOnly; SameSite=Strict');
  const headers = { cookie: session?.split(';', 1)[0] ?? '', ...sameOrigin };
  expect(await (await visit(service, '/', { headers })).text()).toContain('ann, reader');
});

test('who came by another address goes on at PUBLIC_URL, to which Gitea leads back', async () => {
  const { service } = await start();
  const reply = await visit(service, '/sign-in/gitea?to=//evil.example');
  expect([reply.status, reply.headers.get('location')]).toEqual([
    303,
    `${publicUrl}/sign-in/gitea?to=%2F&moved=yes`,
  ]);
  expect(reply.headers.get('set-cookie')).toBeNull();
});

test.each<[string, Record<string, unknown>]>([
  ['is not named', { preferred_username: 'mallory' }],
  ['has no name', { preferred_username: '' }],
])('an account that %s does not sign in', async (_what, claims) => {
  const { provider, service } = await start();
  Object.assign(provider.claims, claims);
  const { location, cookie } = await leave(service);
  const state = provider.sentTo(location).get('state') ?? '';
  const reply = await comeBack(service, { code: 'good', state }, cookie);
  expect(reply.status).toBe(403);
  expect(reply.headers.getSetCookie().join()).not.toContain('mosaic-session');
  if (claims['preferred_username'] === 'mallory')
    expect(await reply.text()).toContain('The account mallory may not sign in here');
});

test.each<[string, Record<string, string>, string]>([
  ['says no', { error: 'access_denied' }, 'You said no at Gitea'],
  ['has a service with a wrong secret', { code: 'unknown-client' }, 'OAUTH_CLIENT_SECRET is wrong'],
  ['is too late', { code: 'stolen' }, 'Try once more'],
])('who %s at Gitea reads why nobody is signed in', async (_what, query, sentence) => {
  const { provider, service } = await start();
  const { location, cookie } = await leave(service);
  const state = provider.sentTo(location).get('state') ?? '';
  const reply = await comeBack(service, { ...query, state }, cookie);
  expect([reply.status, await reply.text()]).toEqual([403, containing(sentence)]);
});

test('a way back that a neighbour wrote into the cookie of the journey leads to no other site', async () => {
  const { provider, service } = await start();
  const { location, cookie } = await leave(service);
  const [name = '', value = ''] = cookie.split('=', 2);
  const journey = Buffer.from(value, 'base64url').toString();
  const other = journey.replace('"/graph"', '"https://evil.example/"');
  expect(other).toContain('evil.example');
  const state = provider.sentTo(location).get('state') ?? '';
  const planted = `${name}=${Buffer.from(other).toString('base64url')}`;
  const reply = await comeBack(service, { code: 'good', state }, planted);
  expect(reply.status).toBe(200);
  expect(await reply.text()).toContain('content="0;url=/"');
});

test('a word of Gitea that belongs to another journey, client, time or server does not count', async () => {
  const { provider, service } = await start();
  const attempts: [Record<string, unknown>, string, string][] = [
    [{}, 'good', 'another-state'],
    [{}, 'stolen', ''],
    [{ aud: 'another-client' }, 'good', ''],
    [{ iss: 'https://evil.example' }, 'good', ''],
    [{ nonce: 'another' }, 'good', ''],
    [{ exp: 1 }, 'good', ''],
  ];
  for (const [claims, code, given] of attempts) {
    const { location, cookie } = await leave(service);
    const state = given === '' ? (provider.sentTo(location).get('state') ?? '') : given;
    Object.assign(provider.claims, claims);
    const reply = await comeBack(service, { code, state }, cookie);
    expect([JSON.stringify(claims), code, reply.status]).toEqual([
      JSON.stringify(claims),
      code,
      403,
    ]);
    for (const name of Object.keys(claims)) Reflect.deleteProperty(provider.claims, name);
  }
  const { location } = await leave(service);
  const state = provider.sentTo(location).get('state') ?? '';
  // Of another browser: without the cookie of the journey.
  expect((await comeBack(service, { code: 'good', state }, '')).status).toBe(403);
});

test('a Gitea that is away is said, and leads nowhere', async () => {
  const service = await startService({
    env: {
      ...{ GITEA_URL: 'http://127.0.0.1:1', PUBLIC_URL: publicUrl, OAUTH_CLIENT_ID: clientId },
      ...{ OAUTH_CLIENT_SECRET: 'secret-of-the-tests', OAUTH_USERS: 'ann:reader' },
    },
  });
  const reply = await visit(service, '/sign-in/gitea?moved=yes');
  expect(reply.status).toBe(503);
  expect(await reply.text()).toContain('Gitea does not answer');
});
