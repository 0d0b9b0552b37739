import { expect, test } from 'vitest';

import { cookiesAfter, signIn, submit, visit } from '../support/browser-like.ts';
import { startWork } from '../support/work.ts';

const paused = 'Nothing more is handed out. What is claimed goes on.';

test('the notice of an action is shown once, to who acted; a link or a reload has none', async () => {
  const work = await startWork();
  const cookie = await signIn(work);
  const read = async (path: string, cookies: string) => {
    const reply = await visit(work, path, { headers: { cookie: cookies } });
    return { html: await reply.text(), cookies: cookiesAfter(reply, cookies) };
  };
  expect((await read('/?done=paused', cookie)).html).not.toContain(paused);
  const done = await submit(work, '/pause', { agent: '' }, { cookie });
  const left = cookiesAfter(done, cookie);
  expect((await read('/?done=resumed', left)).html).not.toContain('class="notice"');
  const first = await read('/?done=paused', left);
  expect(first.html).toContain(paused);
  expect(done.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
  const gone = (await visit(work, '/?done=paused', { headers: { cookie: left } })).headers;
  expect(gone.get('set-cookie')).toMatch(/^mosaic-done=; Max-Age=0/);
});

test('after an action its page has the new state, though nobody listens and it was just rendered', async () => {
  const work = await startWork();
  const cookie = await signIn(work);
  const read = async () => (await visit(work, '/', { headers: { cookie } })).text();
  for (const reason of ['Lunch.', 'Again.', 'Once more.']) {
    expect(await read()).not.toContain('An own reason');
    await submit(work, '/pause', { agent: '', reason: `An own reason: ${reason}` }, { cookie });
    expect(await read()).toContain(`An own reason: ${reason}`);
    await submit(work, '/resume', {}, { cookie });
  }
  expect(await read()).not.toContain('An own reason');
  // By the API, while nobody listens.
  await work.api('/pauses');
  await fetch(`${work.url}/api/v1/pause`, {
    method: 'POST',
    headers: { authorization: `Bearer ${work.config.apiTokens[0]?.token ?? ''}` },
  });
  expect(await read()).toContain('No reason was given.');
});

test('what a list cannot understand is said; an address that leads nowhere is a page', async () => {
  const work = await startWork();
  await work.tell(1);
  const cookie = await signIn(work);
  const read = async (path: string) =>
    (await visit(work, path, { headers: { cookie, accept: 'text/html,*/*;q=0.8' } })).text();
  const said = [
    ['/issues?cursor=garbage', 'This page of the list is not known: here is the newest.'],
    ['/issues?state=zzz', 'There is no such state: here are all.'],
    [`/issues?q=${'x'.repeat(201)}`, 'The search is longer than 200 characters: here is all.'],
    [`/?q=${'x'.repeat(201)}`, 'The search is longer than 200 characters: here is all.'],
    ['/deliveries?status=foo', 'There is no such status: here are all.'],
    ['/deliveries?cursor=foo', 'This page of the list is not known: here is the newest.'],
  ] as const;
  for (const [path, sentence] of said) {
    const html = await read(path);
    expect(html).toContain(`<p class="notice" role="status">${sentence}</p>`);
  }
  expect(await read('/issues?cursor=garbage')).not.toContain('Newest</a>');
  expect(await read('/issues?q=&state=&repository=&agent=')).not.toContain('class="notice"');
  for (const path of ['/isues', '/issues/acme']) {
    const html = await read(path);
    expect(html).toContain('<h1>There is no such page</h1>');
    expect(html).toContain('<a href="/graph">Graph</a>');
    expect(html).toContain('tests, operator');
  }
  expect(await read('/%ff')).toContain('<h1>There is no such page</h1>');
  const stranger = await visit(work, '/isues', { headers: { accept: 'text/html' } });
  expect(stranger.status).toBe(404);
  expect(stranger.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await stranger.text()).not.toContain('operator');
  for (const path of ['/isues', '/webhook/gitae'])
    expect(await (await visit(work, path)).json()).toMatchObject({ error: { code: 'not_found' } });
});
