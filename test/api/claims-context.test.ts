import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { codeOf, leaseSeconds, startWork } from '../support/work.ts';
import { call, type HeldClaim } from '../support/workers.ts';

const answerSchema = z.object({
  leaseExpiresAt: z.string(),
  context: z
    .object({
      used: z.number(),
      limit: z.number(),
      ratio: z.number(),
      action: z.string(),
      crossed: z.boolean(),
      reason: z.object({ code: z.string(), text: z.string() }),
    })
    .nullable(),
});
const listSchema = z.object({
  items: z.array(z.object({ stale: z.boolean(), context: z.unknown() })),
});
const statusLine: unknown = JSON.parse(
  readFileSync(new URL('../fixtures/vectors/claude-code-statusline.json', import.meta.url), 'utf8'),
);

/** One claim of worker-1, and what it says of its context. */
async function startAgent(options: Parameters<typeof startWork>[0] = {}) {
  const service = await startWork(options);
  await service.tell(1);
  const mine = await service.held('worker-1');
  const headers = { authorization: 'Bearer token-of-worker-1-0000' };
  const send = (body: unknown, what = 'heartbeat', held: HeldClaim = mine) =>
    call(service, 'worker-1', { held, what, body });
  async function told(body: unknown, what?: string) {
    const { status, json } = await send(body, what);
    expect({ status, json }).toMatchObject({ status: 200 });
    return answerSchema.parse(json).context;
  }
  async function listed() {
    const { json } = await service.api('/claims', { headers });
    return listSchema.parse(json).items;
  }
  return { ...service, mine, send, told, listed };
}

test('heartbeats say how full the context is, and are told once to compact and to rotate', async () => {
  const { told, clock } = await startAgent();
  const bands: string[] = [];
  for (const used of [0, 100_000, 159_999, 160_000, 170_000, 190_000, 195_000, 90_000, 165_000]) {
    clock.advance(1_000);
    const context = await told({ contextUsed: used, contextLimit: 200_000 });
    bands.push(`${context?.action} ${context?.crossed}`);
    clock.advance(29_000);
  }
  expect(bands).toEqual([
    'continue false',
    'continue false',
    'continue false',
    'compact true',
    'compact false',
    'rotate true',
    'rotate false',
    'continue false',
    // Armed again, but so soon after the last thing told it is held back.
    'compact false',
  ]);
  const usage = { input_tokens: 10, cache_read_input_tokens: 49_990, output_tokens: 7 };
  expect(await told({ usage })).toEqual({
    used: 50_000,
    // What fits into the agent's window, as no other limit is told.
    limit: 1_000_000,
    ratio: 0.05,
    action: 'continue',
    crossed: false,
    reason: {
      code: 'below_compact',
      text: '50,000 of 1,000,000 tokens (5 %) are in the context; compact comes at 80 %.',
    },
  });
  expect(await told(undefined)).toBeNull();
});

test("the JSON of Claude Code's status line is taken as it is", async () => {
  const { told, mine, send } = await startAgent();
  const context = await told(statusLine, 'statusline');
  expect(context).toMatchObject({ used: 162_000, limit: 200_000, ratio: 0.81, crossed: true });
  expect(codeOf(await send({}, 'statusline'))).toBe('422 context_invalid');
  expect(codeOf(await send(statusLine, 'statusline', { ...mine, token: 'x' }))).toBe(
    '403 claim_token_invalid',
  );
});

test('the thresholds are those of the environment', async () => {
  const env = { CONTEXT_COMPACT_AT: '0.5', CONTEXT_ROTATE_AT: '0.6' };
  const { told } = await startAgent({ env });
  expect(await told({ contextUsed: 499_999 })).toMatchObject({ action: 'continue' });
  expect(await told({ contextUsed: 500_000 })).toMatchObject({ action: 'compact', crossed: true });
  expect(await told({ contextUsed: 600_000 })).toMatchObject({ action: 'rotate', crossed: true });
});

test('a report that cannot be meant is refused, and extends no lease', async () => {
  const { send, clock, told } = await startAgent();
  clock.advance((leaseSeconds - 1) * 1_000);
  for (const body of [
    { contextUsed: -1 },
    { contextUsed: '5' },
    { contextUsed: 10, contextLimit: 0 },
    { usage: {} },
    [],
    'nothing',
  ])
    expect(codeOf(await send(body))).toBe('422 context_invalid');
  clock.advance(1_000);
  expect(codeOf(await send({}))).toBe('409 stale_lease');
  await expect(told({ contextUsed: 1 })).rejects.toThrow();
});

test('what was told survives a restart: nothing is told twice', async () => {
  const first = await startAgent();
  expect(await first.told({ contextUsed: 825_000 })).toMatchObject({ crossed: true });
  await first.close();
  const second = await startWork({ directory: first.directory, now: first.clock.now });
  const body = { contextUsed: 826_000 };
  const { json } = await call(second, 'worker-1', { held: first.mine, what: 'heartbeat', body });
  expect(answerSchema.parse(json).context).toMatchObject({ action: 'compact', crossed: false });
});

test('an agent that says nothing of its context for three intervals is shown as stale', async () => {
  const { told, send, clock, listed, api } = await startAgent();
  const interval = (leaseSeconds / 10) * 1_000;
  await told({ contextUsed: 50_000 });
  clock.advance(3 * interval - 1);
  expect(await listed()).toMatchObject([
    { stale: false, context: { used: 50_000, limit: 1_000_000, ratio: 0.05, action: 'continue' } },
  ]);
  clock.advance(1);
  // A plain heartbeat keeps the claim, but says nothing of the context.
  expect((await send({})).status).toBe(200);
  expect(await listed()).toMatchObject([{ stale: true }]);
  expect((await api('/queue')).json).toMatchObject({
    claimed: [{ worker: 'worker-1', stale: true }],
  });
  await told({ contextUsed: 50_000 });
  expect(await listed()).toMatchObject([{ stale: false }]);
});

test('a plan shows its claim with a bounded history, and afterwards estimate beside actual', async () => {
  const { told, send, clock, api, held } = await startAgent();
  for (let round = 1; round <= 120; round += 1) {
    clock.advance(1_000);
    await told({ contextUsed: round * 1_000 });
  }
  const workSchema = z.object({
    claim: z.looseObject({ history: z.array(z.looseObject({ used: z.number() })) }).nullable(),
    pastClaims: z.array(z.looseObject({ outcome: z.string() })),
  });
  const work = async () => workSchema.parse((await api('/issues/acme/orbit/1')).json);
  const { claim: live } = await work();
  expect(live).toMatchObject({
    worker: 'worker-1',
    estimated: 20_000,
    context: { used: 120_000, ratio: 0.12, peak: 120_000, total: 120_000 },
  });
  const { history = [] } = live ?? {};
  expect(history.length).toBeLessThanOrEqual(48);
  expect([history[0]?.used, history.at(-1)?.used]).toEqual([1_000, 120_000]);
  await send({ reason: 'Full.', handoff: 'Half way.' }, 'release');
  const next = await held('worker-1');
  await send({ contextUsed: 30_000 }, 'heartbeat', next);
  await send({ commit: 'abcdef0' }, 'complete', next);
  expect(await work()).toMatchObject({
    claim: null,
    pastClaims: [
      { outcome: 'completed', estimated: 20_000, peak: 30_000, total: 30_000, took: 150_000 },
      { outcome: 'released', estimated: 20_000, peak: 120_000, total: 120_000, took: 120_000 },
    ],
  });
});

test('issues like those that workers finished are estimated by what these took', async () => {
  const service = await startWork();
  const { tell, held, plan } = service;
  const finish = async (number: number, { closed = true, body = 'Difficulty: medium' } = {}) => {
    await tell(number, { body });
    const mine = await held('worker-1');
    expect(mine.issue).toBe(`acme/orbit#${number}`);
    const beat = { held: mine, what: 'heartbeat', body: { contextUsed: number * 1_000 } };
    await call(service, 'worker-1', beat);
    const end = { held: mine, what: 'complete', body: { commit: 'abcdef0' } };
    expect((await call(service, 'worker-1', end)).status).toBe(200);
    if (closed) await tell(number, { body, open: false });
  };
  const sourceOf = async (number: number) => (await plan(`acme/orbit#${number}`))?.['estimate'];
  for (const number of [50, 51, 52, 53]) await finish(number);
  await finish(90, { closed: false });
  await finish(91, { body: 'Difficulty: low' });
  await tell(100, { body: 'Difficulty: medium', assignees: ['coordinator-bot'] });
  expect(await sourceOf(100)).toMatchObject({ source: 'default' });
  await tell(90, { body: 'Difficulty: medium', open: false });
  await tell(101, { body: 'Difficulty: medium' });
  const estimate = z.object({ likely: z.number(), source: z.string() }).parse(await sourceOf(101));
  expect(estimate.source).toBe('history');
  expect(estimate.likely).toBeGreaterThan(50_000);
  expect(estimate.likely).toBeLessThan(90_000);
  // Elsewhere nothing is known.
  const elsewhere = { repositoryId: 3, repository: 'acme/lib', body: 'Difficulty: medium' };
  await tell(102, elsewhere);
  expect((await plan('acme/lib#102'))?.['estimate']).toMatchObject({ source: 'default' });
});
