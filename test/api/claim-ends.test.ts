import { expect, test } from 'vitest';

import { pauseAfterFailureMs } from '../../src/claims/hand-out/setbacks.ts';
import { codeOf, startWork } from '../support/work.ts';
import { call, claim, post, tokenOf } from '../support/workers.ts';

test('a release gives the issue back with a handoff; the next worker is told who wrote it', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  await tell(1);
  const mine = await held('worker-1');
  const handoff = { position: 'half way', remaining: ['tests'], filesTouched: ['src/a.ts'] };
  const body = { reason: 'Context is full.', handoff };
  const released = await call(service, 'worker-1', { held: mine, what: 'release', body });
  const endedAt = new Date(clock.now()).toISOString();
  expect(released).toEqual({
    status: 200,
    json: { claimId: mine.claimId, outcome: 'released', endedAt },
  });
  expect(await stateOf(1)).toBe('ready ready');
  clock.advance(5_000);
  expect(await call(service, 'worker-1', { held: mine, what: 'release', body })).toEqual(released);
  const other = await call(service, 'worker-1', {
    held: mine,
    what: 'release',
    body: { reason: 'Something else.' },
  });
  expect(codeOf(other)).toBe('409 stale_lease');
  expect((await held('worker-2')).handoff).toEqual({
    author: 'agent',
    worker: 'worker-1',
    agent: 'sonnet',
    writtenAt: endedAt,
    content: handoff,
  });
});

test('a handoff above its limit is refused, saying how long it may be; the claim goes on', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const body = { reason: 'Full.', handoff: 'x'.repeat(40_000) };
  const answer = await call(service, 'worker-1', { held: mine, what: 'release', body });
  expect(codeOf(answer)).toBe('413 handoff_too_large');
  expect(JSON.stringify(answer.json)).toContain('32768');
  expect(await service.stateOf(1)).toBe('in_progress claimed');
});

test('a handoff nested too deeply to be written again is refused; the claim goes on', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const release = (depth: number) =>
    fetch(`${service.url}/api/v1/claims/${mine.claimId}/release`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokenOf('worker-1')}`,
        'content-type': 'application/json',
        'x-claim-token': mine.token,
      },
      body: `{"reason":"Full.","handoff":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
    });
  const refused = await release(15_000);
  expect(codeOf({ status: refused.status, json: await refused.json() })).toBe(
    '422 handoff_too_deep',
  );
  expect((await release(100)).status).toBe(422);
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  expect((await release(99)).status).toBe(200);
});

test.each(['', ' \n', {}])(
  'the handoff %j is none: the attempt failed, and what was left before stays',
  async (handoff) => {
    const service = await startWork();
    const { clock, tell, held, stateOf } = service;
    await tell(1);
    const left = { reason: 'Context is full.', handoff: 'Half way.' };
    await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body: left });
    const body = { reason: 'Gives up.', handoff };
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const mine = await held('worker-1');
      expect(mine.handoff).toMatchObject({ content: 'Half way.' });
      await call(service, 'worker-1', { held: mine, what: 'release', body });
      clock.advance(pauseAfterFailureMs);
    }
    expect(await stateOf(1)).toBe('needs_human failed_attempts');
  },
);

test('a worker that is stuck parks the issue until somebody changes it', async () => {
  const service = await startWork();
  const { tell, held, plan, stateOf } = service;
  await tell(1);
  const mine = await held('worker-1');
  const body = { reason: 'Which database?\n\u001b[31m' };
  await call(service, 'worker-1', { held: mine, what: 'block', body });
  expect((await plan('acme/orbit#1'))?.reason).toEqual({
    code: 'worker_blocked',
    text: 'worker-1, working as sonnet, is stuck: "Which database? [31m" Change the issue, or resume it.',
  });
  await tell(1);
  expect(await stateOf(1)).toBe('needs_human worker_blocked');
  expect(await claim(service, 'worker-1')).toMatchObject({ waiting: { worker_blocked: 1 } });
  await tell(1, { body: 'Total estimated: 20k. Use SQLite.' });
  expect(await stateOf(1)).toBe('ready ready');
});

test('a commit waits for verification: no worker can make an issue done', async () => {
  const service = await startWork();
  const { tell, held, stateOf } = service;
  await tell(1);
  const mine = await held('worker-1');
  const completed = await call(service, 'worker-1', {
    held: mine,
    what: 'complete',
    body: { commit: 'ABCDEF0123' },
  });
  expect(completed).toMatchObject({ status: 200, json: { outcome: 'completed' } });
  expect(await stateOf(1)).toBe('needs_human awaiting_verification');
  await tell(1, { title: 'Touched' });
  expect(await stateOf(1)).toBe('needs_human awaiting_verification');
  await tell(1, { action: 'closed', open: false });
  await tell(1, { action: 'reopened' });
  expect(await stateOf(1)).toBe('ready ready');
});

test('three failed attempts park the issue; a person resumes it', async () => {
  const service = await startWork();
  const { tell, held, plan, stateOf } = service;
  await tell(1);
  for (const worker of ['worker-1', 'worker-2', 'worker-3']) {
    expect(await stateOf(1)).toBe('ready ready');
    const body = { reason: 'It does not build.' };
    await call(service, worker, { held: await held(worker), what: 'release', body });
  }
  expect((await plan('acme/orbit#1'))?.reason).toEqual({
    code: 'failed_attempts',
    text: '3 attempts failed; of the last one, by worker-3 as sonnet, it was given back. Change the issue, or resume it when the cause is gone.',
  });
  const resume = (issue: string) =>
    post(service, { worker: 'worker-1', path: '/resume', body: { issue } });
  expect(await resume('acme/orbit#1')).toEqual({
    status: 200,
    json: { issue: 'acme/orbit#1', resumed: true },
  });
  expect(await stateOf(1)).toBe('ready ready');
  expect((await resume('acme/orbit#1')).json).toMatchObject({ resumed: false });
  for (const unknown of ['no/such#1', 'acme/orbit#99'])
    expect(codeOf(await resume(unknown))).toBe('404 not_found');
});

test('a used-up allowance pauses the agent until it is back, and is no failure', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  await tell(1);
  for (let round = 0; round < 4; round += 1) {
    const limitedUntil = new Date(clock.now() + 3_600_000).toISOString();
    const body = { reason: 'Usage limit.', limitedUntil };
    await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
    expect(await stateOf(1)).toBe('ready ready');
    expect(await claim(service, 'worker-2')).toMatchObject({ claim: null, waiting: { paused: 1 } });
    clock.advance(3_600_000);
  }
  expect((await held('worker-2')).issue).toBe('acme/orbit#1');
});

test('a limit that is just over pauses nothing, and is no failure either', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  await tell(1);
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const limitedUntil = new Date(clock.now()).toISOString();
    const body = { reason: 'Usage limit.', limitedUntil };
    await call(service, 'worker-1', { held: await held('worker-1'), what: 'release', body });
  }
  expect(await stateOf(1)).toBe('ready ready');
});

test('a limit is of the account: its other agents pause, too', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  await tell(1);
  await tell(2, { body: 'Difficulty: high' });
  const limitedUntil = new Date(clock.now() + 3_600_000).toISOString();
  const body = { reason: 'Usage limit.', limitedUntil };
  const mine = await held('worker-1', { body: { agents: ['sonnet'] } });
  await call(service, 'worker-1', { held: mine, what: 'release', body });
  expect(await claim(service, 'worker-2')).toMatchObject({ claim: null, waiting: { paused: 2 } });
  const reason = 'The allowance of the account anthropic is used up.';
  expect((await service.api('/pauses')).json).toMatchObject({
    items: [
      { agent: 'haiku', reason, until: limitedUntil },
      { agent: 'opus' },
      { agent: 'sonnet' },
    ],
  });
});

test('bodies are checked', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  for (const [what, body, answer] of [
    ['release', {}, '400 invalid_request'],
    ['release', { reason: ' ' }, '400 invalid_request'],
    ['release', { reason: 'x'.repeat(501) }, '400 invalid_request'],
    ['release', { reason: 'x', limitedUntil: 'tomorrow' }, '400 invalid_request'],
    ['complete', { commit: 'main' }, '400 invalid_request'],
    ['block', { reason: 'x', worker: 'worker-2' }, '400 invalid_request'],
  ] as const)
    expect(codeOf(await call(service, 'worker-1', { held: mine, what, body }))).toBe(answer);
});
