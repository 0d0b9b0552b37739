import { expect, test } from 'vitest';

import { apiToken } from '../../support/service.ts';
import { codeOf, startWork } from '../../support/work.ts';
import { call, claim, claimAnswerSchema, post, tokenOf } from '../../support/workers.ts';

const hourMs = 3_600_000;
/** Three callers with the role worker, and an operator. */
const API_TOKENS = [
  `tests:${apiToken}`,
  ...[1, 2, 3].map((n) => `worker-${n}:worker:${tokenOf(`worker-${n}`)}`),
].join(',');

// H6: one worker parked all issues in 43 calls.
test('a worker that gives back all it gets parks nothing for the others', async () => {
  const service = await startWork();
  const { tell, held, stateOf } = service;
  for (let number = 1; number <= 7; number += 1) await tell(number);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const { status, json } = await post(service, { worker: 'worker-1', path: '/claims', body: {} });
    expect([200, 201]).toContain(status);
    const { claim: answer } = claimAnswerSchema.parse(json);
    if (answer === null) continue;
    const body = { reason: 'No.' };
    expect((await call(service, 'worker-1', { held: answer, what: 'release', body })).status).toBe(
      200,
    );
  }
  for (let number = 1; number <= 7; number += 1) expect(await stateOf(number)).toBe('ready ready');
  expect(await claim(service, 'worker-1')).toMatchObject({ waiting: { just_failed: 7 } });
  expect((await held('worker-2')).issue).toBe('acme/orbit#1');
});

test('after ten setbacks within an hour a caller gets no more, and the others do', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  for (let number = 1; number <= 12; number += 1) await tell(number);
  for (let count = 0; count < 10; count += 1) {
    const body = { reason: 'Stuck.' };
    const what = count % 2 === 0 ? 'release' : 'block';
    await call(service, 'worker-1', { held: await held('worker-1'), what, body });
  }
  for (const query of ['', '?wait=30']) {
    const refused = await post(service, { worker: 'worker-1', path: `/claims${query}`, body: {} });
    expect(codeOf(refused)).toBe('429 too_many_failures');
    expect(JSON.stringify(refused.json)).toContain(new Date(clock.now() + hourMs).toISOString());
  }
  const other = await held('worker-2');
  expect(other.agent).toBe('sonnet');
  clock.advance(hourMs);
  expect((await held('worker-1')).agent).toBe('sonnet');
});

test('a worker that is alone still parks an issue on which it fails three times', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  await tell(1);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const body = { reason: 'It does not build.' };
    await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
    if (attempt < 3)
      expect(await claim(service, 'worker-1')).toMatchObject({ waiting: { just_failed: 1 } });
    clock.advance(600_000);
  }
  expect(await stateOf(1)).toBe('needs_human failed_attempts');
});

test('who changes the issue gives it to the same worker again at once', async () => {
  const service = await startWork();
  const { tell, held } = service;
  await tell(1);
  const body = { reason: 'Unclear.' };
  await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
  await tell(1, { title: 'Clearer' });
  expect((await held('worker-1')).issue).toBe('acme/orbit#1');
});

test('a limit holds an agent back for a day at most', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  await tell(1);
  const limitedUntil = new Date(clock.now() + 30 * 24 * hourMs).toISOString();
  const body = { reason: 'Usage limit.', limitedUntil };
  await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
  expect((await service.api('/pauses')).json).toMatchObject({
    items: ['haiku', 'opus', 'sonnet'].map((agent) => ({
      agent,
      until: new Date(clock.now() + 24 * hourMs).toISOString(),
    })),
  });
  clock.advance(24 * hourMs);
  expect((await held('worker-2')).issue).toBe('acme/orbit#1');
});

test('the waiting calls of one token leave room for those of others', async () => {
  const service = await startWork();
  const gone = new AbortController();
  let refused = 0;
  const waiting = Array.from({ length: 60 }, () =>
    post(service, { worker: 'worker-1', path: '/claims?wait=60', body: {}, signal: gone.signal })
      .then(({ status }) => {
        if (status === 429) refused += 1;
      })
      .catch(() => undefined),
  );
  await expect.poll(() => refused, { timeout: 20_000 }).toBe(10);
  const other = claim(service, 'worker-2', { query: '?wait=60' });
  gone.abort();
  await Promise.all(waiting);
  await service.tell(1);
  expect((await other).status).toBe(201);
});

test('a worker with twenty issues that wait for a person gets no more, and the others do', async () => {
  const service = await startWork({ env: { API_TOKENS } });
  const { tell, held, stateOf } = service;
  for (let number = 1; number <= 22; number += 1) await tell(number);
  const ask = () => post(service, { worker: 'worker-1', path: '/claims', body: {} });
  for (let count = 1; count <= 20; count += 1) {
    const mine = await held('worker-1');
    const [what, body] =
      count % 4 === 0
        ? ['block', { reason: 'Stuck.' }]
        : ['complete', { commit: `abcdef${count}` }];
    expect((await call(service, 'worker-1', { held: mine, what, body })).status).toBe(200);
  }
  expect(await stateOf(20)).toMatch(/^needs_human/);
  const refused = await ask();
  expect(codeOf(refused)).toBe('429 too_many_parked');
  expect(JSON.stringify(refused.json)).toContain('20 issues wait for a person');
  expect((await held('worker-2')).issue).toBe('acme/orbit#21');
  const body = JSON.stringify({ issue: 'acme/orbit#3' });
  const headers = { 'content-type': 'application/json' };
  expect(await service.api('/resume', { method: 'POST', headers, body })).toMatchObject({
    json: { resumed: true },
  });
  expect((await held('worker-1')).issue).toBe('acme/orbit#3');
  await tell(5, { open: false, action: 'closed' });
  expect((await held('worker-1')).issue).toBe('acme/orbit#22');
});

test('a limit that one worker reports is its own until another one reports it too', async () => {
  const service = await startWork({ env: { API_TOKENS } });
  const { clock, tell, held } = service;
  for (let number = 1; number <= 3; number += 1) await tell(number);
  const limit = async (worker: string, milliseconds: number) => {
    const limitedUntil = new Date(clock.now() + milliseconds).toISOString();
    const body = { reason: 'Usage limit.', limitedUntil };
    await call(service, worker, { held: await held(worker), what: 'release', body });
  };
  await limit('worker-1', 30 * 24 * hourMs);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 3 } });
  expect((await service.api('/pauses')).json).toMatchObject({
    items: ['haiku', 'opus', 'sonnet'].map((agent) => ({
      ...{ agent, caller: 'worker-1', pausedBy: 'worker-1' },
    })),
  });
  const asWorker = { headers: { authorization: `Bearer ${tokenOf('worker-2')}` } };
  expect((await service.api('/pauses', asWorker)).json).toEqual({ items: [] });
  await limit('worker-2', hourMs);
  expect(await claim(service, 'worker-3')).toMatchObject({ claim: null, waiting: { paused: 3 } });
  const seen = await service.api('/pauses', {
    headers: { authorization: `Bearer ${tokenOf('worker-3')}` },
  });
  expect(seen.json).toMatchObject({
    items: ['haiku', 'opus', 'sonnet'].map((agent) => ({
      ...{ agent, caller: null },
      until: new Date(clock.now() + hourMs).toISOString(),
    })),
  });
  expect(JSON.stringify(seen.json)).not.toMatch(/worker-[12]/);
  clock.advance(hourMs);
  expect((await held('worker-3')).agent).toBe('sonnet');
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await post(service, { worker: 'worker-1', path: '/resume', body: { agent: 'sonnet' } });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  const resume = { method: 'POST', body: JSON.stringify({ agent: 'sonnet' }) };
  await service.api('/resume', { ...resume, headers: { 'content-type': 'application/json' } });
  expect((await held('worker-1')).agent).toBe('sonnet');
});

test('who hands an issue over twice within minutes does not get it at once, and the others do', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  for (let number = 1; number <= 3; number += 1) await tell(number);
  let claims = 0;
  for (let round = 1; round <= 20; round += 1) {
    const answer = await claim(service, 'worker-1');
    if (answer.claim === null) continue;
    claims += 1;
    const body = { reason: 'Rotated.', handoff: round % 2 === 0 ? 'x' : { round } };
    await call(service, 'worker-1', { held: answer.claim, what: 'release', body });
  }
  expect(claims).toBe(6);
  expect(await claim(service, 'worker-1')).toMatchObject({ waiting: { just_failed: 3 } });
  for (let number = 1; number <= 3; number += 1) expect(await stateOf(number)).toBe('ready ready');
  expect((await held('worker-2')).issue).toBe('acme/orbit#1');
  clock.advance(600_000);
  expect((await held('worker-1')).issue).toBe('acme/orbit#2');
});
