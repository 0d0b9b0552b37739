import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { signIn, submit, visit } from '../support/browser-like.ts';
import { onPostgres } from '../support/database.ts';
import { apiToken, temporaryDirectory } from '../support/service.ts';
import { startWork } from '../support/work.ts';
import { call, claim, post, workerTokens } from '../support/workers.ts';

const otherToken = 'token-of-another-0001';
const narrowToken = 'token-of-a-reader-0001';

/** Sonnet may have one issue at a time, and spend ten dollars a day. */
async function startHeld() {
  const directory = temporaryDirectory();
  const file = join(directory, 'agents.json');
  const agents = builtInAgents.map((agent) =>
    agent.name === 'sonnet' ? { ...agent, concurrency: 1, budget: { day: { usd: 10 } } } : agent,
  );
  writeFileSync(file, JSON.stringify({ agents }));
  const API_TOKENS = `tests:${apiToken},other:worker:${otherToken},narrow:reader[agents=opus]:${narrowToken},${workerTokens}`;
  const work = await startWork({ directory, env: { AGENTS_FILE: file, API_TOKENS } });
  let cookie = await signIn(work);
  const words = async (path: string) => {
    const reply = await visit(work, path, { headers: { cookie } });
    expect(reply.status).toBe(200);
    const html = await reply.text();
    return html
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll('&quot;', '"')
      .replaceAll(/\s+/g, ' ');
  };
  /** What every place says of a ready issue, and whether it is handed out. */
  async function said(number: number, worker = 'worker-9') {
    const ref = `/issues/acme/orbit/${number}`;
    // Each asked for as nobody has before: what is rendered serves for a second.
    const shown = await Promise.all([
      ...[words(`/?q=%23${number}&agent=sonnet`), words(`/issues?q=%23${number}`), words(ref)],
    ]);
    const plan = heldSchema.parse((await work.api(ref)).json).heldUp;
    const why = heldSchema.parse((await work.api(`${ref}/why`)).json).heldUp;
    const queue = queueSchema.parse((await work.api('/queue')).json);
    const inQueue = queue.ready.find((entry) => entry.ref === `acme/orbit#${number}`)?.heldUp;
    expect([why, inQueue]).toEqual([plan, plan]);
    const text = plan?.text ?? 'Nothing is in the way: sonnet can start.';
    for (const page of shown) expect(page.replaceAll(/ ([.,])/g, '$1')).toContain(text);
    const { claim: given, waiting } = await claim(work, worker);
    return { text, code: plan?.code, given: given?.issue, waiting };
  }
  const act = (path: string, body?: object) => post(work, { worker: 'worker-1', path, body });
  async function nextDay() {
    work.clock.advance(86_400_000);
    cookie = await signIn(work);
  }
  return { ...work, said, act, nextDay };
}

const heldSchema = z.looseObject({
  heldUp: z.object({ code: z.string(), text: z.string() }).nullable(),
});
const queueSchema = z.looseObject({ ready: z.array(heldSchema.extend({ ref: z.string() })) });

test('a pause of everything, and of an agent, is why a ready issue is not started', async () => {
  const work = await startHeld();
  await work.tell(1);
  await claim(work, 'worker-9', { body: { agents: ['opus'] } });
  const cookie = await signIn(work);
  await submit(work, '/pause', { agent: '', reason: 'A release.' }, { cookie });
  expect(await work.said(1)).toMatchObject({
    code: 'paused',
    text: 'Ready, but handing out is paused since 12:00 (UTC), by tests: A release.',
    given: undefined,
    waiting: { paused: 1 },
  });
  await work.act('/resume');
  await work.act('/pause', { agent: 'sonnet' });
  expect(await work.said(1)).toMatchObject({
    text: 'Ready, but sonnet is paused since 12:00 (UTC), by worker-1: No reason was given.',
    waiting: { paused: 1 },
  });
  await work.act('/resume', { agent: 'sonnet' });
  expect(await work.said(1)).toMatchObject({ code: undefined, given: 'acme/orbit#1' });
});

test('a limit, the budget of the day and a full agent are why', async () => {
  const work = await startHeld();
  await work.tell(1);
  await work.tell(2);
  const first = await work.held('worker-1');
  expect(await work.said(2)).toMatchObject({
    code: 'no_free_slot',
    text: 'Ready, but sonnet works on 1 of 1 already: it is next when one of them ends.',
    waiting: { no_free_slot: 1 },
  });
  const spent = { costUsd: 12 };
  await call(work, 'worker-1', { held: first, what: 'heartbeat', body: { spent } });
  await call(work, 'worker-1', { held: first, what: 'release', body: { reason: 'No.' } });
  expect(await work.said(2)).toMatchObject({
    code: 'day_budget',
    text: 'Ready, but sonnet has used up its budget of the day: $12.00 of $10.00. It goes on tomorrow (UTC), or when the budget is raised.',
    waiting: { day_budget: 2 },
  });
  await work.nextDay();
  const second = await work.held('worker-2');
  const limitedUntil = new Date(work.clock.now() + 3_600_000).toISOString();
  const body = { reason: 'Usage limit.', limitedUntil };
  await call(work, 'worker-2', { held: second, what: 'release', body });
  const other = second.issue === 'acme/orbit#1' ? 1 : 2;
  expect(await work.said(other)).toMatchObject({
    code: 'paused',
    text: 'Ready, but sonnet has to wait until 13:00 (UTC). The allowance of the account anthropic is used up.',
    waiting: { paused: 2 },
  });
  work.clock.advance(3_600_000);
  expect((await claim(work, 'worker-9')).claim).not.toBeNull();
});

test('whoever has just failed on it does not get it at once', async () => {
  const work = await startHeld();
  await work.tell(1);
  const held = await work.held('worker-1');
  await call(work, 'worker-1', { held, what: 'release', body: { reason: 'No.' } });
  expect(await work.said(1, 'worker-1')).toMatchObject({
    text: 'Ready, but worker-1 has just failed on it, and gets it again at 12:10 (UTC). Another worker gets it at once.',
    given: undefined,
    waiting: { just_failed: 1 },
  });
  const cookie = await signIn(work, otherToken);
  // A worker hears nothing of others.
  const seen = await (await visit(work, '/issues', { headers: { cookie } })).text();
  expect(seen).toContain('Nothing is in the way: sonnet can start.');
  expect(seen).not.toContain('worker-1');
  expect(await work.said(1, 'worker-2')).toMatchObject({ given: 'acme/orbit#1' });
});

test('a token of other agents is not told what holds an agent up', async () => {
  const work = await startHeld();
  await work.tell(1);
  await work.act('/pause', { agent: 'sonnet', reason: 'Between us.' });
  for (const path of ['/issues/acme/orbit/1', '/issues/acme/orbit/1/why']) {
    const { json } = await work.api(path, {
      headers: { authorization: `Bearer ${narrowToken}` },
    });
    expect(heldSchema.parse(json).heldUp).toEqual({
      code: 'paused',
      text: 'Ready, but not handed out now, for a reason of its agent.',
    });
  }
});

// Another replica may be asked, of which this one knows nothing.
test.skipIf(onPostgres)('nobody asks for it: said after some minutes', async () => {
  const work = await startHeld();
  await work.tell(1);
  const heldUp = async () => heldSchema.parse((await work.api('/issues/acme/orbit/1')).json).heldUp;
  expect(await heldUp()).toBeNull();
  work.clock.advance(301_000);
  expect((await heldUp())?.text).toBe(
    'Ready, but no worker that may have it as sonnet has asked for work since the service started at 12:00 (UTC). Start one, or look at its log.',
  );
  await claim(work, 'worker-1', { body: { agents: ['opus'] } });
  expect((await heldUp())?.code).toBe('nobody_asks');
  await claim(work, 'worker-1', { body: { repositories: ['acme/nova'] } });
  expect((await heldUp())?.code).toBe('nobody_asks');
  expect(await work.said(1)).toMatchObject({ code: 'nobody_asks', given: 'acme/orbit#1' });
  await work.tell(2);
  await work.act('/pause', { agent: 'opus' });
  work.clock.advance(301_000);
  const second = heldSchema.parse((await work.api('/issues/acme/orbit/2')).json).heldUp;
  expect(second?.code).toBe('no_free_slot');
});
