import { expect, test } from 'vitest';

import { sameOrigin, signIn, submit, visit } from '../../support/browser-like.ts';
import { apiToken, startService, type Service } from '../../support/service.ts';

const readerToken = 'token-of-the-reader-01';
const API_TOKENS = `tests:${apiToken},look:reader:${readerToken}`;

async function isIn(service: Service, cookie: string, more = {}): Promise<boolean> {
  const { status } = await visit(service, '/issues', { headers: { cookie, ...more } });
  expect([200, 303]).toContain(status);
  return status === 200;
}

test('a session that somebody planted is not that of who signs in', async () => {
  const service = await startService({ env: { API_TOKENS } });
  const planted = `mosaic-session=${'a'.repeat(43)}`;
  const { headers } = await submit(service, '/sign-in', { token: apiToken }, { cookie: planted });
  const own = headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  expect(own).toMatch(/^mosaic-session=[\w-]{43}$/);
  expect(own).not.toBe(planted);
  expect([await isIn(service, own), await isIn(service, planted)]).toEqual([true, false]);
  // Also not one that is valid: who planted it would share it.
  const theirs = await signIn(service, readerToken);
  expect(await isIn(service, theirs)).toBe(true);
  const again = await submit(service, '/sign-in', { token: apiToken }, { cookie: theirs });
  const mine = again.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  expect(new Set([own, theirs, mine]).size).toBe(3);
  expect([await isIn(service, mine), await isIn(service, theirs)]).toEqual([true, false]);
});

test('nothing but the whole id of a session opens a page', async () => {
  const service = await startService({ env: { API_TOKENS } });
  const cookie = await signIn(service);
  const [name = '', id = ''] = cookie.split('=');
  const others = [
    ...[`${name}=`, `${name}=${id.slice(1)}`, `${name}=${id}a`, `${name}=${id.toLowerCase()}`],
    ...[`${name}=%00${id}`, `${name}=${apiToken}`, `${name.toUpperCase()}=${id}`],
    ...[`__Host-${name}=${id}`, `x=${id}`, `${name}=' or 1=1 --`, ''],
    // Of two the first counts: a planted one beside one's own opens nothing.
    `${name}=${'a'.repeat(43)}; ${cookie}`,
  ];
  for (const other of others) expect([other, await isIn(service, other)]).toEqual([other, false]);
  expect(await isIn(service, cookie)).toBe(true);
});

const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'mosaic.example.test' };
const ownHttps = { ...sameOrigin, ...https, origin: 'https://mosaic.example.test' };

test('behind https the cookie is for https and this host alone, and no other one counts', async () => {
  const service = await startService({ env: { API_TOKENS, TRUST_PROXY: 'loopback' } });
  const { headers, status } = await submit(service, '/sign-in', { token: apiToken }, ownHttps);
  expect(status).toBe(303);
  const set = headers.get('set-cookie') ?? '';
  expect(set).toMatch(
    /^__Host-mosaic-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  expect(set).not.toMatch(/domain/i);
  const cookie = set.split(';', 1)[0] ?? '';
  const id = cookie.split('=', 2)[1] ?? '';
  expect(await isIn(service, cookie, https)).toBe(true);
  // A page of plain http, or of a neighbour, could have set these.
  for (const other of [
    `mosaic-session=${id}`,
    `__Secure-mosaic-session=${id}`,
    `__host-mosaic-session=${id}`,
  ])
    expect([other, await isIn(service, other, https)]).toEqual([other, false]);
  expect(await isIn(service, cookie)).toBe(false);
  const out = await submit(service, '/sign-out', {}, { ...ownHttps, cookie });
  expect(out.headers.get('set-cookie')).toMatch(/^__Host-mosaic-session=; Max-Age=0; .*Secure/);
  expect(await isIn(service, cookie, https)).toBe(false);
});

test('who is no proxy of ours makes no request one of https, or of another host', async () => {
  const service = await startService({ env: { API_TOKENS } });
  const refused = await submit(service, '/sign-in', { token: apiToken }, ownHttps);
  expect(refused.status).toBe(403);
  const plain = await submit(service, '/sign-in', { token: apiToken }, https);
  expect(plain.headers.get('set-cookie')).toMatch(/^mosaic-session=/);
});

const elsewhere = [
  ...[
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
  ],
  ...[
    'https://evil.example',
    'https:evil.example',
    'http:\\\\evil.example',
    'HTTPS://evil.example',
  ],
  ...['/\t/evil.example', '/\n/evil.example', '/\r\nlocation: //evil.example', '\t//evil.example'],
  ...[' //evil.example', '/\u0000/evil.example', 'evil.example', '.evil.example', '@evil.example'],
  ...[
    'javascript:alert(1)',
    'data:text/html,x',
    '/\u2028/evil.example',
    '/\u3002evil',
    '／／evil.example',
  ],
  ...['/a\\b', '/%5c%5cevil.example\\', '', '?q', '#', `/${'a'.repeat(2_500)}`],
];

test('signing in leads nowhere but to a page of ours', async () => {
  // Ten attempts a minute are from one address.
  const service = await startService({ env: { API_TOKENS, TRUST_PROXY: 'loopback' } });
  const inside = [
    '/',
    '/issues?q=a&state=ready',
    '/a//b',
    '/..//evil.example',
    '/%2f/evil.example',
  ];
  for (const [index, to] of [...elsewhere, ...inside].entries()) {
    const from = { 'x-forwarded-for': `192.0.2.${index + 1}` };
    const reply = await submit(service, '/sign-in', { token: apiToken, to }, from);
    const location = reply.headers.get('location') ?? '';
    expect([to, reply.status, location]).toEqual([to, 303, inside.includes(to) ? to : '/']);
    expect(new URL(location, service.url).origin).toBe(service.url);
    const form = await visit(service, `/sign-in?to=${encodeURIComponent(to)}`);
    const value = / name="to" value="([^"]*)"/
      .exec(await form.text())?.[1]
      ?.replaceAll('&amp;', '&');
    expect([to, value]).toEqual([to, inside.includes(to) ? to : '/']);
  }
});

test('the step from another site leads to the page that was asked for, and nowhere else', async () => {
  const service = await startService({ env: { API_TOKENS } });
  const headers = { 'sec-fetch-site': 'cross-site' };
  for (const path of [
    '/issues?q=%22%3E%3Cscript%3E',
    '/?done=;url=//evil.example',
    '/graph?x=//evil.example',
  ]) {
    const text = await (await visit(service, path, { headers })).text();
    const content = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(text)?.[1];
    expect(content?.replaceAll('&amp;', '&')).toBe(path);
  }
});

async function attempt(service: Service, headers: Record<string, string>): Promise<number> {
  return (await submit(service, '/sign-in', { token: 'wrong' }, headers)).status;
}

test('the limit of attempts is that of an address, and no header of a stranger makes another one', async () => {
  const service = await startService({ env: { API_TOKENS } });
  const statuses: number[] = [];
  for (let index = 1; index <= 12; index++) {
    const claimed = `198.51.100.${index}`;
    const headers = {
      ...{ 'x-forwarded-for': claimed, 'x-real-ip': claimed, forwarded: `for=${claimed}` },
      ...{ 'x-client-ip': claimed, 'cf-connecting-ip': claimed },
    };
    statuses.push(await attempt(service, headers));
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
  // The right token waits, too: otherwise the limit would tell which one is right.
  expect((await submit(service, '/sign-in', { token: apiToken })).status).toBe(429);
});

test('behind a proxy each client has its own attempts, by what the proxy saw', async () => {
  const service = await startService({ env: { API_TOKENS, TRUST_PROXY: 'loopback' } });
  const statuses: number[] = [];
  for (let index = 1; index <= 11; index++)
    // What the client sent stands in front of what the proxy adds.
    statuses.push(
      await attempt(service, { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.1` }),
    );
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
  expect(await attempt(service, { 'x-forwarded-for': '203.0.113.2' })).toBe(401);
  // Whoever has one address of IPv6 has the 2^64 around it.
  const many: number[] = [];
  for (let index = 1; index <= 11; index++)
    many.push(await attempt(service, { 'x-forwarded-for': `2001:db8::${index}` }));
  expect(many.at(-1)).toBe(429);
});
