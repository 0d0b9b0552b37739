import { expect, test } from 'vitest';

import { cookiesAfter, signIn, submit, visit } from '../../../support/browser-like.ts';
import { apiToken, type Service } from '../../../support/service.ts';
import { startWork } from '../../../support/work.ts';
import { call, tokenOf } from '../../../support/workers.ts';

const path = '/issues/acme/orbit/1';

/** The page, with the entities of quotes as they are read. */
async function pageOf(service: Service, cookie: string, at = path): Promise<string> {
  const reply = await visit(service, at, { headers: { cookie } });
  expect(reply.status).toBe(200);
  return (await reply.text()).replaceAll('&quot;', '"');
}

/** What a tag and its attributes around a text would not change. */
function wordsOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

test('it shows state, plan, neighbours, the text with its marks, and what happened', async () => {
  const service = await startWork();
  await service.tell(2, { body: 'Waits for #1. Blocks: #4' });
  const body = 'Total estimated: 46,800 tokens\n\nBlocked by: #3\n\nBlocks: #2';
  await service.tell(1, { title: 'Fix the orbit', body });
  const page = await pageOf(service, await signIn(service));
  expect(page).toContain('<h1>acme/orbit#1 Fix the orbit</h1>');
  expect(page).toContain('class="badge blocked"');
  expect(page).toContain(
    '<mark>Total estimated: 46,800 tokens</mark><span class="gives">size 46,800</span>',
  );
  expect(page).toContain(
    '<mark>Blocked by: #3</mark><span class="gives">waits for acme/orbit#3</span>',
  );
  const words = wordsOf(page);
  expect(words).toContain('It was assigned. delivery');
  expect(words).toMatch(/\d\d:\d\d now It was assigned/);
  // It is not stored here: its page would not be found.
  expect(page).not.toContain('href="/issues/acme/orbit/3"');
  expect(page).toContain('/acme/orbit/issues/3">acme/orbit#3</a>');
  expect(page).toContain('<a href="/issues/acme/orbit/2">acme/orbit#2</a>');
  expect(words).toContain('The text was read, as it is now.');
  expect(words).toContain('46,800 tokens');
  // Also what both texts say.
  expect(page).toContain(
    '<mark>Blocks: #2</mark><span class="gives">acme/orbit#2 waits for this</span>',
  );
  expect(words).toContain('Waiting for it acme/orbit#2 open, a text says so: Waits for #1');
  // Each agent, with the reason.
  expect(page).toMatch(/<th scope="row">sonnet<\/th><td>(chosen|yes|no)<\/td>/);
});

test('an issue that is not stored is looked for on Gitea', async () => {
  const service = await startWork();
  const cookie = await signIn(service);
  const reply = await visit(service, '/issues/acme/weather/4', { headers: { cookie } });
  expect(reply.status).toBe(404);
  expect(await reply.text()).toMatch(/href="[^"]*\/acme\/weather\/issues\/4">on Gitea/);
});

test('work, handoff, and giving the issue back', async () => {
  const service = await startWork();
  await service.tell(1);
  const first = await service.held('worker-1');
  const handoff = { position: 'half way' };
  const body = { reason: 'Context is full.', handoff };
  await call(service, 'worker-1', { held: first, what: 'release', body });
  const mine = await service.held('worker-2');
  const report = { contextUsed: 70_000, contextLimit: 200_000 };
  await call(service, 'worker-2', { held: mine, what: 'heartbeat', body: report });
  const cookie = await signIn(service);
  const before = wordsOf(await pageOf(service, cookie));
  for (const words of [
    'worker-2, as sonnet',
    '35 % of 200,000',
    'worker-1 left a handoff.',
    'Position half way',
    'for 0 s',
    '20,000 expected, 70,000 so far',
    'worker-1 gave it back: Context is full.',
    'worker-2 began to work on it as sonnet.',
  ])
    expect(before).toContain(words);
  // The one that works got it.
  expect(before).not.toContain('The next claim gets it.');
  const fields = { claim: mine.claimId, reason: 'It hangs.' };
  const done = await submit(service, `${path}/give-back`, fields, { cookie });
  expect([done.status, done.headers.get('location')]).toEqual([303, `${path}?done=gave-back`]);
  expect(await service.stateOf(1)).toBe('ready ready');
  const after = wordsOf(
    await pageOf(service, cookiesAfter(done, cookie), `${path}?done=gave-back`),
  );
  expect(after).toContain('The claim was ended. The issue can be claimed again.');
  expect(after).toContain('withdrawn: The operator tests gave the issue back: It hangs.');
  expect(after).toContain('The next claim gets it.');
  const again = await submit(service, `${path}/give-back`, { claim: first.claimId }, { cookie });
  expect(again.status).toBe(409);
  expect(await again.text()).toContain('This claim had ended before: released');
});

test('a closed issue is for nobody to take, and its handoff for nobody to get', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const body = { reason: 'It is late.', handoff: 'Go on with the tests.' };
  await call(service, 'worker-1', { held: mine, what: 'release', body });
  await service.tell(1, { action: 'closed', open: false });
  const words = wordsOf(await pageOf(service, await signIn(service)));
  expect(words).toContain('Go on with the tests.');
  expect(words).not.toContain('The next claim gets it.');
  expect(words).not.toContain('Who could take it');
});

test('a parked issue is resumed, once', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  await call(service, 'worker-1', {
    held: mine,
    what: 'block',
    body: { reason: 'What is meant?' },
  });
  const cookie = await signIn(service);
  expect(await pageOf(service, cookie)).toContain(`action="${path}/resume"`);
  const done = await submit(service, `${path}/resume`, {}, { cookie });
  expect(done.headers.get('location')).toBe(`${path}?done=unparked`);
  expect(await service.stateOf(1)).toBe('ready ready');
  expect(await pageOf(service, cookie)).not.toContain('/resume"');
  expect((await submit(service, `${path}/resume`, {}, { cookie })).status).toBe(409);
  const nothing = await submit(service, `${path}/verify`, {}, { cookie });
  expect([nothing.status, (await nothing.text()).includes('Nothing is verified here')]).toEqual([
    409,
    true,
  ]);
});

test('who may not see it in the API may not see it here', async () => {
  const reader = 'token-of-the-reader-1';
  const narrow = 'token-of-narrow-0001';
  const worker = tokenOf('worker-1');
  const tokens = [
    `tests:${apiToken}`,
    `reader:reader:${reader}`,
    `narrow:reader[repos=other/*]:${narrow}`,
    `worker-1:worker:${worker}`,
    `worker-2:worker:${tokenOf('worker-2')}`,
  ];
  const service = await startWork({ env: { API_TOKENS: tokens.join(',') } });
  await service.tell(1);
  await service.held('worker-2');
  const readers = await signIn(service, reader);
  const seen = await pageOf(service, readers);
  expect(wordsOf(seen)).toContain('worker-2, as sonnet');
  expect(seen).not.toContain('<form method="post" action="/issues');
  // What Gitea told is no secret; how its delivery went is for operators.
  expect(wordsOf(seen)).toContain('It was assigned.');
  expect(seen).not.toContain('/deliveries');
  for (const action of ['resume', 'verify', 'give-back'])
    expect((await submit(service, `${path}/${action}`, {}, { cookie: readers })).status).toBe(403);
  const workers = await pageOf(service, await signIn(service, worker));
  expect(workers).not.toContain('worker-2');
  expect(workers).toContain('Another worker works on it.');
  const others = await signIn(service, narrow);
  for (const at of [path, '/issues/acme/orbit/99', '/issues/acme/orbit/x'])
    expect((await visit(service, at, { headers: { cookie: others } })).status).toBe(404);
});

test.each([
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "javascript:alert('1')",
  '</pre></section><h1>Mine</h1>',
])('hostile text stays text: %s', async (hostile) => {
  const service = await startWork();
  await service.tell(1, {
    title: hostile,
    labels: [hostile],
    body: `Blocked by: #3 ${hostile}\nDifficulty: low ${hostile}\n${hostile}`,
  });
  await service.tell(1, { title: hostile, labels: [hostile], body: `${hostile}\nDifficulty: low` });
  const mine = await service.held('worker-1');
  const body = { reason: hostile, handoff: { [hostile]: hostile } };
  await call(service, 'worker-1', { held: mine, what: 'release', body });
  const page = await pageOf(service, await signIn(service));
  expect(page).not.toContain('<img');
  expect(page).not.toContain('<h1>Mine');
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toMatch(/(?:href|src|action)="javascript:/);
  const escaped = hostile.replaceAll('<', '&lt;');
  expect(page.split(escaped).length).toBeGreaterThan(4);
});

test('a long text is bounded, and the page says what is cut', async () => {
  const service = await startWork();
  await service.tell(1, { body: `${'many words\n'.repeat(20_000)}Blocked by: #3` });
  const page = await pageOf(service, await signIn(service));
  expect(page.length).toBeLessThan(100_000);
  expect(page).toContain('<mark>Blocked by: #3</mark>');
  expect(wordsOf(page)).toMatch(
    /2[\d,]+ of 220,014 characters are not shown: the whole text is on Gitea/,
  );
});
