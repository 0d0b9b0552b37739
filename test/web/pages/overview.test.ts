import { expect, test } from 'vitest';

import { signIn, submit, visit } from '../../support/browser-like.ts';
import { apiToken, startService, type Service } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';
import { call, tokenOf, workerTokens } from '../../support/workers.ts';

const readerToken = 'token-of-the-reader-0001';
const narrowToken = 'token-of-the-narrow-0001';
const tokens = [
  `tests:${apiToken}`,
  `look:reader:${readerToken}`,
  `narrow:reader[repos=acme/other]:${narrowToken}`,
  `small:worker:${tokenOf('small')}`,
  workerTokens,
].join(',');

async function pageOf(service: Service, cookie: string, path = '/'): Promise<string> {
  const reply = await visit(service, path, { headers: { cookie } });
  expect(reply.status).toBe(200);
  return reply.text();
}

/** The words of a part of the page, without its markup. */
function wordsOf(html: string, id: string): string {
  const part = new RegExp(`<section id="${id}".*?</section>`, 's').exec(html)?.[0] ?? '';
  return part
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

test('an empty store says what to do next', async () => {
  const service = await startService();
  const html = await pageOf(service, await signIn(service));
  const words = wordsOf(html, 'first-steps');
  expect(words).toContain('Set GITEA_TOKEN.');
  expect(words).toContain('mosaic-coordinator setup --org');
  expect(words).toContain('mosaic-coordinator work');
  expect(html).not.toContain('id="at-work"');
});

test('it says what waits, why an issue has not started, who works on what, what it cost, what is broken', async () => {
  const work = await startWork();
  await work.tell(1);
  await work.tell(2);
  await work.tell(3);
  await work.tell(12, { body: 'Blocked by: #3', title: 'The twelfth' });
  const cookie = await signIn(work);
  expect(wordsOf(await pageOf(work, cookie), 'ready')).toContain(
    'No worker has ever been given an issue',
  );
  const held = await work.held('worker-1');
  const spent = { tokens: 9_000, costUsd: 2.5 };
  const report = { contextUsed: 60_000, contextLimit: 100_000, spent };
  const beaten = await call(work, 'worker-1', { held, what: 'heartbeat', body: report });
  expect(beaten.status).toBe(200);
  const stuck = await work.held('worker-2');
  const reason = { reason: 'Which format?' };
  await call(work, 'worker-2', { held: stuck, what: 'block', body: reason });
  const html = await pageOf(work, cookie, '/?agent=&repository=acme%2Forbit&q=%2312');
  expect(wordsOf(html, 'waits')).toMatch(
    /agent is stuck acme\/orbit#\d .* is stuck: "Which format\?" .*Answer, then resume/,
  );
  expect(wordsOf(html, 'at-work')).toMatch(/acme\/orbit#\d .* worker-1 .*60 % of 100,000/);
  const why = 'acme/orbit#12 The twelfth Waits for acme/orbit#3 , which ';
  expect(wordsOf(html, 'blocked')).toContain(why);
  expect(wordsOf(html, 'found')).toMatch(/which (is in progress \(sonnet\)|needs a person)/);
  expect(wordsOf(html, 'found')).toContain(why);
  expect(html).toContain('<a href="/issues/acme/orbit/3">acme/orbit#3</a>');
  expect(wordsOf(html, 'today')).toMatch(/All 2 0 0 0 9,000 \$2\.50/);
  expect(wordsOf(html, 'summary')).toContain('OK all checks pass');
});

test('operators pause and resume by forms; others see none, and may not', async () => {
  const work = await startWork({ env: { API_TOKENS: tokens } });
  await work.tell(1);
  const cookie = await signIn(work);
  expect(await pageOf(work, cookie)).toContain('action="/pause"');
  const paused = await submit(work, '/pause', { agent: '', reason: 'A release.' }, { cookie });
  expect(paused.headers.get('location')).toBe('/?done=paused');
  expect(wordsOf(await pageOf(work, cookie, '/?q=one'), 'waits')).toContain(
    'paused Handing out tests: A release.',
  );
  const reader = await signIn(work, readerToken);
  const seen = await pageOf(work, reader);
  expect(wordsOf(seen, 'waits')).toContain('An operator can resume it.');
  expect(seen).not.toMatch(/action="\/(pause|resume)"/);
  for (const path of ['/pause', '/resume'])
    expect((await submit(work, path, {}, { cookie: reader })).status).toBe(403);
  expect((await submit(work, '/pause', { agent: 'nobody' }, { cookie })).status).toBe(400);
  expect((await submit(work, '/resume', { account: 'nobody' }, { cookie })).status).toBe(400);
  const resumed = await submit(work, '/resume', {}, { cookie });
  expect(resumed.headers.get('location')).toBe('/?done=resumed');
  expect((await work.api('/pauses')).json).toEqual({ items: [] });
});

test('a caller sees his repositories alone, and a worker its own work', async () => {
  const work = await startWork({ env: { API_TOKENS: tokens } });
  await work.tell(1, { title: 'Secret one' });
  await work.tell(2, { title: 'Secret two', body: 'Blocked by: #1' });
  await work.held('worker-1');
  const narrow = await signIn(work, narrowToken);
  for (const path of ['/', '/?q=Secret', '/?repository=acme%2Forbit', '/issues'])
    expect(await pageOf(work, narrow, path)).not.toMatch(/Secret (one|two)|acme\/orbit#/);
  const small = await pageOf(work, await signIn(work, tokenOf('small')));
  expect(wordsOf(small, 'at-work')).toContain('Nobody works on an issue.');
  expect(small).not.toContain('worker-1');
});

test('foreign words stay words', async () => {
  const work = await startWork();
  const title = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;
  await work.tell(1, { title });
  await work.tell(2, { title, body: 'Blocked by: #1' });
  const cookie = await signIn(work);
  const q = encodeURIComponent(title);
  for (const path of [`/?q=${q}`, `/?repository=${q}&agent=${q}`, `/issues?q=${q}&state=${q}`]) {
    const html = await pageOf(work, cookie, path);
    expect(html).toContain('&lt;script>');
    expect(html).not.toMatch(/<script>|<img/);
  }
});

test('the same page again is 304 until something changes', async () => {
  const work = await startWork();
  await work.tell(1);
  const cookie = await signIn(work);
  const first = await visit(work, '/', { headers: { cookie } });
  const etag = first.headers.get('etag') ?? '';
  const again = await visit(work, '/', { headers: { cookie, 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  // For the script of the page, also where a proxy has changed the header.
  expect(await first.text()).toContain(`data-etag="${etag.replaceAll('"', '&quot;')}"`);
  await work.tell(2);
  const other = await visit(work, '/?q=2', { headers: { cookie, 'if-none-match': etag } });
  expect(other.status).toBe(200);
});

test('who has paused is shown the pause, though others look as well', async () => {
  const service = await startService();
  const cookie = await signIn(service);
  const events = await visit(service, '/events', { headers: { cookie } });
  const before = await pageOf(service, cookie);
  const reason = 'A release is made.';
  const paused = await submit(service, '/pause', { agent: '', reason }, { cookie });
  const after = await pageOf(service, cookie, paused.headers.get('location') ?? '');
  await events.body?.cancel();
  expect([before.includes(reason), after.includes(reason)]).toEqual([false, true]);
});
