import { expect, test } from 'vitest';

import { manualClock } from '../support/clock.ts';
import { codeOf, leaseSeconds, startWork } from '../support/work.ts';
import { call, claim, post, type HeldClaim } from '../support/workers.ts';

test('a worker is handed the first ready issue with its plan, and it is in progress', async () => {
  const { clock, tell, held, plan, api } = await startWork();
  await tell(1);
  clock.advance(1_000);
  await tell(2);
  const mine = await held('worker-1');
  expect(mine).toMatchObject({
    issue: 'acme/orbit#1',
    agent: 'sonnet',
    leaseExpiresAt: new Date(clock.now() + leaseSeconds * 1_000).toISOString(),
    plan: { ref: 'acme/orbit#1', state: 'in_progress' },
  });
  expect((await plan('acme/orbit#1'))?.reason).toEqual({
    code: 'claimed',
    text: 'worker-1 works on it as sonnet.',
  });
  expect((await api('/queue')).json).toMatchObject({
    ready: [{ ref: 'acme/orbit#2' }],
    waiting: { claimed: 1 },
  });
});

test('a worker sees its own live claims, without tokens', async () => {
  const { url, tell, held, api } = await startWork();
  await tell(1);
  await tell(2);
  const mine = await held('worker-1');
  await held('worker-2');
  const headers = { authorization: 'Bearer token-of-worker-1-0000' };
  const list = await api('/claims', { headers });
  expect(list.json).toEqual({
    items: [
      {
        claimId: mine.claimId,
        issue: mine.issue,
        worker: 'worker-1',
        agent: 'sonnet',
        claimedAt: '2026-11-23T12:00:00.000Z',
        heartbeatAt: '2026-11-23T12:00:00.000Z',
        leaseExpiresAt: mine.leaseExpiresAt,
        verification: null,
        stale: false,
        estimated: 20_000,
        rotations: 0,
        spent: null,
        context: null,
      },
    ],
  });
  expect(url).toBeDefined();
});

test('filters by agent and repository; what is left is counted by reason', async () => {
  const service = await startWork();
  const { tell, held } = service;
  await tell(1);
  await tell(2, { repositoryId: 3, repository: 'acme/lib', body: 'Difficulty: high' });
  await tell(3, { body: 'Blocked by #1' });
  const opusOnly = await claim(service, 'worker-1', {
    body: { agents: ['Opus'], repositories: ['acme/orbit'] },
  });
  expect(opusOnly).toEqual({
    status: 200,
    claim: null,
    waiting: { open_blockers: 1, other_agent: 1, other_repository: 1 },
  });
  const lib = await held('worker-1', { body: { repositories: ['ACME/lib', 'no/such'] } });
  expect(lib).toMatchObject({ issue: 'acme/lib#2', agent: 'opus' });
  const unknown = await post(service, {
    worker: 'worker-1',
    path: '/claims',
    body: { agents: ['nobody'] },
  });
  expect(codeOf(unknown)).toBe('422 unknown_agent');
});

test('no more claims of an agent at once than its concurrency; a freed slot is used', async () => {
  const service = await startWork();
  for (const number of [1, 2, 3, 4, 5]) await service.tell(number);
  const claims: HeldClaim[] = [];
  for (const worker of ['worker-1', 'worker-2', 'worker-3', 'worker-4'])
    claims.push(await service.held(worker));
  expect(await claim(service, 'worker-5')).toMatchObject({
    claim: null,
    waiting: { no_free_slot: 1, claimed: 4 },
  });
  const [first] = claims;
  if (first === undefined) throw new Error('no claim');
  service.clock.advance(1_000);
  await call(service, 'worker-1', { held: first, what: 'release', body: { reason: 'Enough.' } });
  expect((await service.held('worker-5')).issue).toBe('acme/orbit#5');
});

test('a heartbeat truly extends the lease, which otherwise runs out', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf } = service;
  await tell(1);
  const mine = await held('worker-1');
  for (let beat = 0; beat < 3; beat += 1) {
    clock.advance((leaseSeconds - 1) * 1_000);
    const reply = await call(service, 'worker-1', { held: mine, what: 'heartbeat', body: {} });
    const leaseExpiresAt = new Date(clock.now() + leaseSeconds * 1_000).toISOString();
    expect(reply).toEqual({ status: 200, json: { leaseExpiresAt, context: null } });
  }
  expect(await stateOf(1)).toBe('in_progress claimed');
  clock.advance(leaseSeconds * 1_000);
  const late = await call(service, 'worker-1', { held: mine, what: 'heartbeat' });
  expect(codeOf(late)).toBe('409 stale_lease');
});

test('a worker that falls silent loses its issue to one that waits; three times, and a person is asked', async () => {
  const clock = manualClock();
  const service = await startWork({ clock });
  const { tell, held } = service;
  await tell(1);
  await held('worker-1');
  for (const worker of ['worker-2', 'worker-3']) {
    const waiting = claim(service, worker, { query: '?wait=30' });
    clock.advance(leaseSeconds * 1_000);
    expect((await waiting).claim?.issue).toBe('acme/orbit#1');
  }
  await service.close();
  clock.advance(leaseSeconds * 1_000);
  // While the service was down it heard no heartbeat: the lease lasts one more from the start on.
  const restarted = await startWork({ directory: service.directory, clock });
  expect(await restarted.stateOf(1)).toBe('in_progress claimed');
  clock.advance(leaseSeconds * 1_000);
  await expect
    .poll(() => restarted.stateOf(1), { timeout: 10_000 })
    .toBe('needs_human failed_attempts');
  expect((await restarted.plan('acme/orbit#1'))?.reason).toEqual({
    code: 'failed_attempts',
    text: '3 attempts failed; of the last one, by worker-3 as sonnet, its lease expired. Change the issue, or resume it when the cause is gone.',
  });
});

test('every call needs the token of the claim, and the caller who holds it', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const forged = {
    claimId: mine.claimId,
    token: mine.token.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
  };
  const body = { reason: 'Mine now.' };
  for (const what of ['heartbeat', 'release', 'block'])
    for (const [worker, held] of [
      ['worker-1', forged],
      ['worker-1', { ...mine, token: '' }],
      ['worker-1', { ...mine, claimId: 'other' }],
      ['worker-2', mine],
    ] as const) {
      const answer = await call(service, worker, {
        held,
        what,
        ...(what === 'heartbeat' ? {} : { body }),
      });
      expect(codeOf(answer)).toBe('403 claim_token_invalid');
    }
  expect(await service.stateOf(1)).toBe('in_progress claimed');
});

test('a token outlives a restart and, as the previous one, a change of the secret', async () => {
  const first = await startWork();
  await first.tell(1);
  const mine = await first.held('worker-1');
  await first.close();
  const second = await startWork({
    directory: first.directory,
    env: {
      GITEA_WEBHOOK_SECRET: 'another-secret-of-the-hook',
      GITEA_WEBHOOK_SECRET_PREVIOUS: first.config.webhookSecrets.current,
    },
  });
  expect((await call(second, 'worker-1', { held: mine, what: 'heartbeat' })).status).toBe(200);
});

test.each([
  ['closed', { action: 'closed', open: false }, 'closed on Gitea'],
  ['unassigned', { action: 'unassigned', assignees: [] }, 'no longer assigned'],
  ['deleted', { action: 'deleted' }, 'deleted from Gitea'],
])('an issue %s underneath is withdrawn, and frees its slot', async (_what, change, why) => {
  const service = await startWork();
  const { tell, held } = service;
  await tell(1);
  const mine = await held('worker-1');
  await tell(1, change);
  for (const what of ['heartbeat', 'complete']) {
    const body = what === 'complete' ? { commit: 'abcdef0' } : {};
    const answer = await call(service, 'worker-1', { held: mine, what, body });
    expect(codeOf(answer)).toBe('409 withdrawn');
    expect(JSON.stringify(answer.json)).toContain(why);
  }
  const list = await service.api('/claims', {
    headers: { authorization: 'Bearer token-of-worker-1-0000' },
  });
  expect(list.json).toEqual({ items: [] });
});

test('a blocker that is reopened under a started issue is a warning', async () => {
  const service = await startWork();
  const { tell, held, plan } = service;
  await tell(1, { action: 'closed', open: false });
  await tell(2, { body: 'Blocked by #1' });
  await held('worker-1');
  await tell(1, { action: 'reopened' });
  expect(await plan('acme/orbit#2')).toMatchObject({
    state: 'in_progress',
    warnings: [{ code: 'blocker_open' }],
  });
});

test('a lost answer and its retry give the same claim, and the slot is freed once', async () => {
  const service = await startWork();
  const { clock, tell } = service;
  await tell(1);
  await tell(2);
  const headers = { 'idempotency-key': 'try-1' };
  const answers = await Promise.all([1, 2, 3].map(() => claim(service, 'worker-1', { headers })));
  clock.advance(1_000);
  answers.push(await claim(service, 'worker-1', { headers }));
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]?.status).toBe(201);
  const mine = answers[0]?.claim;
  if (mine === null || mine === undefined) throw new Error('nothing claimed');
  const other = await post(service, {
    worker: 'worker-1',
    path: '/claims',
    headers,
    body: { agents: ['opus'] },
  });
  expect(codeOf(other)).toBe('422 idempotency_key_reused');
  const end = { held: mine, what: 'release', body: { reason: 'Bad.' }, headers };
  const released = await Promise.all([1, 2].map(() => call(service, 'worker-1', end)));
  clock.advance(1_000);
  released.push(await call(service, 'worker-1', end));
  for (const answer of released) expect(answer).toEqual(released[0]);
  expect(released[0]?.status).toBe(200);
  const second = await claim(service, 'worker-2', { headers });
  expect(second.claim?.claimId).not.toBe(mine.claimId);
});

test('a key that cannot be one is refused', async () => {
  const service = await startWork();
  const answer = await post(service, {
    worker: 'worker-1',
    path: '/claims',
    headers: { 'idempotency-key': 'x'.repeat(201) },
  });
  expect(codeOf(answer)).toBe('400 invalid_request');
});

test('a call that waits is answered as soon as something is ready', async () => {
  const service = await startWork();
  const waiting = claim(service, 'worker-1', { query: '?wait=30' });
  await service.tell(1);
  const answer = await waiting;
  expect(answer).toMatchObject({ status: 201, claim: { issue: 'acme/orbit#1' } });
  const next = claim(service, 'worker-2', { query: '?wait=30' });
  if (answer.claim === null) throw new Error('nothing claimed');
  const end = { held: answer.claim, what: 'release', body: { reason: 'Not mine.' } };
  await call(service, 'worker-1', end);
  expect(await next).toMatchObject({ status: 201, claim: { issue: 'acme/orbit#1' } });
});

test('a call that waits is answered when the service ends, and claims nothing once its client is gone', async () => {
  const service = await startWork();
  const leaving = new AbortController();
  const gone = claim(service, 'worker-1', { query: '?wait=30', signal: leaving.signal });
  const waiting = claim(service, 'worker-2', { query: '?wait=30' });
  leaving.abort();
  await expect(gone).rejects.toThrow('aborted');
  await service.api('/claims');
  const closing = service.close();
  expect(await waiting).toMatchObject({ status: 200, claim: null, waiting: {} });
  await closing;
});
