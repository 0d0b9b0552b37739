import { expect, test } from 'vitest';

import { cookiesAfter, signIn, submit, visit } from '../../support/browser-like.ts';
import { statementIn } from '../../support/database.ts';
import { startWork } from '../../support/work.ts';
import { call, tokenOf } from '../../support/workers.ts';

const workers = `worker-1:${tokenOf('worker-1')}`;

/** One issue that was completed and took 90,000 tokens where 20,000 were estimated, and one that is claimed. */
async function startStory() {
  const service = await startWork();
  await service.tell(1, { title: 'One' });
  const held = await service.held('worker-1');
  const spent = { tokens: 1_234, costUsd: 5.25 };
  const report = { held, what: 'heartbeat', body: { contextUsed: 90_000, spent } } as const;
  await call(service, 'worker-1', report);
  await call(service, 'worker-1', { held, what: 'complete', body: { commit: 'abcdef1' } });
  await service.tell(2, { title: 'Two' });
  await service.held('worker-1');
  return service;
}

async function read(service: Parameters<typeof visit>[0], token?: string) {
  const cookie = await signIn(service, token);
  return (await visit(service, '/agents', { headers: { cookie } })).text();
}

test('each agent has its load, its success, what it spent, and its estimates', async () => {
  const html = await read(await startStory());
  expect(html).toMatch(/Works on 1 of at most \d+ issues/);
  expect(html).toContain('100 %: 1 of 1 claims completed');
  expect(html).toContain('1,234 tokens, $5.25');
  expect(html).toContain('acme/orbit#1: estimated 20,000, took 90,000');
  expect(html).toContain('Of the last 1 completed claims, 0 took between half and twice');
  expect(html).toContain('action="/pause"');
  // What is not enabled is folded, and the marks of the plot are explained.
  expect(html).toMatch(/<details class="agent off"><summary>glm /);
  expect(html).toContain('a claim that took between half and twice its estimate');
});

test('a pause of the whole service stands once, and no agent can be paused beside it', async () => {
  const service = await startStory();
  await service.api('/pause', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'We look at it.' }),
  });
  const html = await read(service);
  expect(html.match(/The whole service is paused/g)).toHaveLength(1);
  expect(html).not.toContain('action="/pause"');
  expect(html).not.toContain('gets issues');
});

test('a limit is shown with its end, and a pause with its words, escaped', async () => {
  const service = await startStory();
  const { json } = await service.api('/pauses');
  expect(json).toEqual({ items: [] });
  const reason = '<script>alert(1)</script>';
  await service.api('/pause', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ agent: 'haiku', reason }),
  });
  const html = await read(service);
  expect(html).toContain('&lt;script>alert(1)&lt;/script>');
  expect(html).toContain('Until somebody resumes it.');
  expect(html).toContain('action="/resume"');
});

test('a worker sees its own work and no buttons, a reader what is in its repositories', async () => {
  const story = await startStory();
  await story.close();
  const tokens = `two:worker:${tokenOf('worker-2')},eye:reader[repos=acme/other]:${tokenOf('worker-3')}`;
  const service = await startWork({
    directory: story.directory,
    env: { API_TOKENS: `tests:token-of-the-tests-0001,${workers},${tokens}` },
  });
  for (const name of ['worker-2', 'worker-3']) {
    const html = await read(service, tokenOf(name));
    expect(html).not.toContain('acme/orbit#1');
    expect(html).not.toMatch(/Works on 1 of/);
    expect(html).not.toContain('<form class="action"');
    expect(html).not.toContain('action="/pause"');
  }
});

test('without any work it says so', async () => {
  const service = await startWork();
  const html = await read(service);
  expect(html).toContain('no claim has ended in 30 days');
  expect(html).toContain('No claim with an estimate has been completed');
  expect(await statementIn(service.directory, 'select 1 from claims')).toEqual([]);
});

test('who pauses an agent stays on the page, and is told of that agent alone', async () => {
  const service = await startWork();
  const cookie = await signIn(service);
  const headers = { cookie, referer: `${service.url}/agents` };
  const paused = await submit(service, '/pause', { agent: 'opus' }, headers);
  expect(paused.headers.get('location')).toBe('/agents?done=agent-paused');
  const left = { ...headers, cookie: cookiesAfter(paused, cookie) };
  const html = await (await visit(service, '/agents?done=agent-paused', { headers: left })).text();
  expect(html).toContain('The agent gets no more issues.');
  const resumed = await submit(service, '/resume', { agent: 'opus' }, headers);
  expect(resumed.headers.get('location')).toBe('/agents?done=resumed');
});
