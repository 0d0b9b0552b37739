import { expect, test } from 'vitest';
import { z } from 'zod';

import { sameOrigin, signIn, submit, visit } from '../../support/browser-like.ts';
import { statementIn } from '../../support/database.ts';
import { readPage } from '../../support/docs.ts';
import { exchange, requestHead } from '../../support/raw-http.ts';
import { apiToken, startService, type Service } from '../../support/service.ts';
import { commits, startVerifying, verifyingSchema } from '../../support/verifying.ts';

function documented(method: 'GET' | 'POST'): string[] {
  const rows = readPage('docs/pages.md').text.matchAll(/^\| `([A-Z]+) (\/[^`]*)`/gm);
  return [...rows].flatMap(([, verb, address = '']) => (verb === method ? [address] : []));
}

const rowsSchema = z.array(z.object({ id: z.string() }));

/** All that an action of a page could change, as it is stored. */
async function storedIn({ directory }: Service): Promise<string> {
  const rows: unknown[] = [];
  for (const table of ['issues', 'claims', 'verifications', 'deliveries', 'sessions', 'pauses'])
    rows.push(table, await statementIn(directory, `select * from ${table} order by 1, 2`));
  return JSON.stringify(rows);
}

/** An issue that a worker has claimed, with a verification, and all addresses filled with what there is. */
async function startScene() {
  const scene = await startVerifying();
  const { service } = scene;
  const sent = await scene.complete(scene.mine, commits.work, { branch: 'agent/one' });
  const { id } = verifyingSchema.parse(sent.json).verification;
  const rows = await statementIn(service.directory, 'select id from deliveries');
  const ids: Readonly<Record<string, string>> = {
    verifications: id,
    deliveries: rowsSchema.parse(rows)[0]?.id ?? '',
  };
  const pathOf = (address: string) =>
    address
      .replace('{owner}/{repo}/{number}', 'acme/orbit/1')
      .replace('{id}', encodeURIComponent(ids[address.split('/', 2)[1] ?? ''] ?? ''));
  const fields = {
    ...{ token: apiToken, claim: scene.mine.claimId, reason: 'A foreign page says so.' },
  };
  const cookie = await signIn(service);
  return { service, cookie, pathOf, fields };
}

test('no form of another site changes anything, whatever it is sent to', async () => {
  const { service, cookie, pathOf, fields } = await startScene();
  const { host, port, origin } = new URL(service.url);
  const foreign: Record<string, string>[] = [
    {},
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', origin },
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    { origin: `https://${host}` },
    { origin: `http://127.0.0.1:${Number(port) + 1}` },
    { origin: `http://127.0.0.1.evil.example:${port}` },
    { origin: `${origin}.evil.example` },
    // Only a proxy that is named may say where a request came to.
    {
      origin: 'https://evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
    },
    { referer: `${origin}/` },
  ];
  const before = await storedIn(service);
  const posts = documented('POST');
  expect(posts.length).toBeGreaterThan(8);
  for (const address of posts)
    // Signing in has a limit of attempts.
    for (const headers of address === '/sign-in' ? foreign.slice(0, 9) : foreign) {
      const body = new URLSearchParams(fields);
      const init = { method: 'POST', body, headers: { ...headers, cookie } };
      const reply = await visit(service, pathOf(address), init);
      expect([address, headers, reply.status]).toEqual([address, headers, 403]);
      expect(reply.headers.get('set-cookie')).toBeNull();
    }
  expect(await storedIn(service)).toBe(before);
  // The same forms, from our own pages, do change something.
  for (const address of ['/pause', '/issues/{owner}/{repo}/{number}/give-back']) {
    const then = await storedIn(service);
    expect((await submit(service, pathOf(address), fields, { cookie })).status).toBe(303);
    expect(await storedIn(service)).not.toBe(then);
  }
});

test('looking at pages changes nothing, and no action listens to GET', async () => {
  const { service, cookie, pathOf } = await startScene();
  const before = await storedIn(service);
  const headers = { cookie, ...sameOrigin };
  for (const address of documented('GET')) {
    const reply = await visit(service, pathOf(address), { headers });
    await reply.body?.cancel();
    expect([address, reply.status]).toEqual([address, 200]);
  }
  const reads = documented('GET');
  for (const address of documented('POST').filter((path) => !reads.includes(path)))
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'])
      expect([
        address,
        (await visit(service, pathOf(address), { method, headers })).status,
      ]).toEqual([address, 404]);
  expect(await storedIn(service)).toBe(before);
});

/** What every answer says to the browser. */
function expectSafe(what: string, { headers }: Response): void {
  const policy = headers.get('content-security-policy') ?? '';
  expect([what, policy]).toEqual([what, expect.stringMatching(/^default-src 'none'/)]);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  const isAsset = what.startsWith('/assets/');
  if (headers.get('content-type')?.startsWith('text/html') === true)
    expect(policy).toContain("base-uri 'none'");
  expect([what, headers.get('x-frame-options')]).toEqual([what, 'DENY']);
  expect([what, headers.get('x-content-type-options')]).toEqual([what, 'nosniff']);
  expect([what, headers.get('referrer-policy')]).toEqual([what, 'same-origin']);
  expect([what, headers.get('cross-origin-opener-policy')]).toEqual([what, 'same-origin']);
  const kept = isAsset ? /immutable/ : /^no-store$/;
  expect([what, headers.get('cache-control')]).toEqual([what, expect.stringMatching(kept)]);
  expect([what, headers.get('access-control-allow-origin')]).toEqual([what, null]);
}

test('every answer is framed by nobody, kept by nobody, and runs what we wrote alone', async () => {
  const { service, cookie, pathOf } = await startScene();
  for (const address of documented('GET'))
    for (const headers of [{ cookie }, {}]) {
      const reply = await visit(service, pathOf(address), { headers });
      await reply.body?.cancel();
      expectSafe(address, reply);
    }
  const form = (body: BodyInit, type = 'application/x-www-form-urlencoded') => ({
    ...{ method: 'POST', body, headers: { cookie, ...sameOrigin, 'content-type': type } },
  });
  const errors: [string, number, RequestInit][] = [
    ['/issues/acme/orbit/99', 404, { headers: { cookie } }],
    ['/issues/acme/orbit/x', 404, { headers: { cookie } }],
    ['/deliveries/none', 404, { headers: { cookie } }],
    ['/verifications/none', 404, { headers: { cookie } }],
    ['/pause', 400, form('agent=nobody')],
    ['/pause', 413, form(`reason=${'x'.repeat(20_000)}`)],
    ['/pause', 415, form('{}', 'application/json')],
    ['/pause', 403, { method: 'POST', headers: { cookie } }],
    ['/sign-in', 401, form('token=wrong')],
    ['/pause', 303, form('')],
    ['/', 200, { headers: { 'sec-fetch-site': 'cross-site' } }],
  ];
  for (const [path, status, init] of errors) {
    const reply = await visit(service, path, init);
    expect([path, reply.status]).toEqual([path, status]);
    expectSafe(`${path} (${status})`, reply);
  }
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    const reply = await visit(service, '/sign-in', form('token=wrong'));
    statuses.push(reply.status);
    expectSafe(`/sign-in (${reply.status})`, reply);
  }
  expect(statuses).toContain(429);
});

test('what is no page is answered as JSON that no browser takes for a page', async () => {
  const service = await startService();
  const paths = ['/<script>alert(1)</script>', '/%3Cscript%3Ealert(1)', '/%zz<img src=x>', '/.env'];
  for (const path of [...paths, `/issues/${'a'.repeat(200)}/b/1`]) {
    const { status, head, body } = await exchange(
      service.url,
      requestHead('GET', [], path.replaceAll(' ', '%20')),
    );
    expect([path, status]).toEqual([
      path,
      expect.toSatisfy((code: number) => code >= 400 && code < 500),
    ]);
    expect(head).toMatch(/^content-type: application\/json/im);
    expect(head).toMatch(/^x-content-type-options: nosniff/im);
    expect(body).not.toMatch(/script|img/);
  }
});
