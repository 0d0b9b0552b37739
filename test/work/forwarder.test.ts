import { once } from 'node:events';
import { createServer, request, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createLogger } from '../../src/log.ts';
import { openForwarder, type Credential } from '../../src/work/forwarder.ts';

const secret = 'sk-real-canary';
const now = Date.parse('2026-11-30T12:00:00Z');

/** A forwarder before an API that answers as `api` says; `asked` has what came in there, `logged` what was logged. */
async function open(api: RequestListener, kind: Credential['kind'] = 'api_key') {
  const asked: {
    method?: string;
    url?: string;
    headers: NodeJS.Dict<string | string[]>;
    body: string;
  }[] = [];
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    void text(incoming).then(
      (body) => {
        asked.push({ ...(method && { method }), ...(url && { url }), headers, body });
        api(incoming, response);
      },
      () => undefined,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const logged: string[] = [];
  const forwarder = await openForwarder({
    credential: { kind, secret },
    upstream: `http://127.0.0.1:${port ?? 0}/gateway/`,
    now: () => now,
    log: createLogger('debug', { write: (line) => logged.push(line) }),
  });
  onTestFinished(async () => {
    await forwarder.close();
    server.closeAllConnections();
    server.close();
  });
  const base = forwarder.url;
  const post = (path: string, init: RequestInit = {}) =>
    fetch(`${base}${path}`, { method: 'POST', body: '{"a":1}', ...init });
  return { forwarder, server, asked, logged, base, post };
}

test('puts the real key in, and passes query, headers and body on', async () => {
  const { forwarder, asked, post, logged } = await open((_request, response) =>
    response.writeHead(200, { 'x-request': 'r', 'set-cookie': 'a=b' }).end('{"ok":true}'),
  );
  const answer = await post('/v1/messages?beta=true', {
    headers: { 'x-api-key': 'placeholder', 'anthropic-beta': 'b', cookie: 'c=d' },
  });
  expect([answer.status, await answer.text(), answer.headers.get('x-request')]).toEqual([
    200,
    '{"ok":true}',
    'r',
  ]);
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect(asked).toMatchObject([
    { method: 'POST', url: '/gateway/v1/messages?beta=true', body: '{"a":1}' },
  ]);
  expect(asked[0]?.headers).toMatchObject({ 'x-api-key': secret, 'anthropic-beta': 'b' });
  expect(asked[0]?.headers).not.toHaveProperty('cookie');
  expect(JSON.stringify(forwarder.environment)).not.toContain(secret);
  expect(logged.join('')).not.toContain(secret);
});

test.each([
  ['auth_token', 'ANTHROPIC_AUTH_TOKEN'],
  ['oauth_token', 'CLAUDE_CODE_OAUTH_TOKEN'],
] as const)('a credential %s is a bearer token', async (kind, variable) => {
  const { forwarder, asked, post } = await open((_request, response) => response.end(), kind);
  await post('/v1/messages/count_tokens', { headers: { authorization: 'Bearer placeholder' } });
  expect(asked[0]?.headers['authorization']).toBe(`Bearer ${secret}`);
  expect(asked[0]?.headers).not.toHaveProperty('x-api-key');
  expect(Object.keys(forwarder.environment)).toEqual(['ANTHROPIC_BASE_URL', variable]);
});

test('an agent of OpenAI gets its own variables, and one call', async () => {
  const { forwarder, asked, base, post } = await open(
    (_request, response) => response.end(),
    'openai_key',
  );
  expect(Object.keys(forwarder.environment)).toEqual(['OPENAI_BASE_URL', 'OPENAI_API_KEY']);
  expect(forwarder.environment['OPENAI_BASE_URL']).toBe(base);
  await post('/responses', { headers: { authorization: 'Bearer placeholder' } });
  expect(asked).toMatchObject([{ method: 'POST', url: '/gateway/responses' }]);
  expect(asked[0]?.headers['authorization']).toBe(`Bearer ${secret}`);
  for (const path of ['/v1/messages', '/files', '/responses/resp_1', '/models'])
    expect((await post(path)).status).toBe(404);
  expect(asked).toHaveLength(1);
});

test.each([
  [{ 'retry-after': '30' }, now + 30_000, '30'],
  [{ 'retry-after': '3600' }, now + 3600_000, null],
  [{ 'retry-after': '999999999' }, undefined, null],
  [{ 'retry-after-ms': '90000', 'retry-after': '90' }, now + 90_000, null],
  [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1h2m3.5s' }, now + 3723_500],
  [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, now + 120],
  [{ 'x-ratelimit-remaining-tokens': '7', 'x-ratelimit-reset-tokens': '6m0s' }, undefined],
  [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': 'soon' }, undefined],
])('after 429 of OpenAI with %o the limit ends at %s', async (headers, until, wait = null) => {
  const { forwarder, post } = await open(
    (_request, response) => response.writeHead(429, headers).end(),
    'openai_key',
  );
  const answer = await post('/responses');
  expect(forwarder.limitedUntil()).toBe(until);
  // Codex would wait for as long as it is told.
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, wait]);
});

test('passes an answer on piece by piece, and ends the call when the agent has gone', async () => {
  const ended = Promise.withResolvers<string>();
  const { post } = await open((_request, response) => {
    response.write('event: one\n\n');
    response.once('close', () => ended.resolve('ended'));
  });
  const gone = new AbortController();
  const answer = await post('/v1/messages', { signal: gone.signal });
  const pieces = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await pieces?.read())?.value).toBe('event: one\n\n');
  gone.abort();
  expect(await ended.promise).toBe('ended');
});

test.each([
  ['POST', '/v1/files'],
  ['GET', '/v1/messages'],
  ['DELETE', '/v1/models/x'],
  ['GET', '/v1/models/../files'],
  ['POST', '/v1/messages/batches'],
])('does not pass on %s %s', async (method, path) => {
  const { base, asked } = await open((_request, response) => response.end());
  // Not by fetch, which would tidy the path up.
  const url = new URL(base);
  const call = request({ port: url.port, path: `${url.pathname}${path}`, method }).end();
  const answer = z.object({ statusCode: z.number() }).parse((await once(call, 'response'))[0]);
  expect(answer.statusCode).toBe(404);
  expect(asked).toEqual([]);
});

test('serves nobody without the secret path', async () => {
  const { base, asked } = await open((_request, response) => response.end());
  const { origin } = new URL(base);
  for (const path of ['/v1/messages', '/x/v1/messages', `/${'x'.repeat(32)}/v1/messages`])
    expect((await fetch(`${origin}${path}`, { method: 'POST', body: '{}' })).status).toBe(404);
  expect(asked).toEqual([]);
});

test.each([
  [{ 'retry-after': '3600' }, now + 3600_000],
  [{ 'retry-after': new Date(now + 60_000).toUTCString() }, now + 60_000],
  [
    { 'anthropic-ratelimit-unified-reset': `${now / 1000 + 7200}`, 'retry-after': '5' },
    now + 7200_000,
  ],
  [{ 'retry-after': '999999999' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{}, undefined],
])('after 429 with %o the limit ends at %s', async (headers, until) => {
  const { forwarder, post } = await open((_request, response) =>
    response.writeHead(429, headers).end(),
  );
  const answer = await post('/v1/messages');
  const told = Object.entries(headers).find(([name]) => name === 'retry-after')?.[1] ?? null;
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, told]);
  expect(forwarder.limitedUntil()).toBe(until);
});

test('an answer ends a limit', async () => {
  let status = 429;
  const { forwarder, post } = await open((_request, response) =>
    response.writeHead(status, { 'retry-after': '9' }).end(),
  );
  await post('/v1/messages');
  status = 200;
  await post('/v1/messages');
  expect(forwarder.limitedUntil()).toBeUndefined();
});

test('an API that is not there, or a request that is too large, is an error of the API to the agent', async () => {
  const { server, post, logged } = await open((_request, response) => response.end());
  const large = await post('/v1/messages', { body: 'x'.repeat(64 * 1024 * 1024 + 1) }).catch(
    () => undefined,
  );
  expect([413, undefined]).toContain(large?.status);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const answer = await post('/v1/messages');
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } });
  expect(logged.join('')).toContain('ECONNREFUSED');
});
