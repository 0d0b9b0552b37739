import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiToken } from '../../support/service.ts';
import { containing } from '../../support/matching.ts';
import { codeOf } from '../../support/work.ts';
import { call } from '../../support/workers.ts';
import {
  commits,
  failed,
  hash,
  passed,
  startVerifying,
  verifyingSchema,
} from '../../support/verifying.ts';

test('a commit that passes its gates waits for review, and a merge makes it done', async () => {
  const { gitea, service, clock, mine, take, report, complete, view } = await startVerifying();
  const asked = await complete(mine, commits.work, { branch: 'agent/one', handoff: 'Read b.ts.' });
  expect(asked).toMatchObject({ status: 202, json: { verification: { state: 'queued' } } });
  const { id } = verifyingSchema.parse(asked.json).verification;
  // The lease stands still, however long the gates run.
  clock.advance(3_600_000);
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  const held = { leaseExpiresAt: null, verification: id, stale: false };
  const headers = { authorization: 'Bearer token-of-worker-1-0000' };
  expect((await service.api('/claims', { headers })).json).toMatchObject({ items: [held] });
  const job = await take();
  expect(job).toMatchObject({
    ...{ verificationId: id, commit: commits.work, branch: 'agent/one', baseBranch: 'main' },
    ...{ repository: 'acme/orbit', issue: 'acme/orbit#1', attempt: 1 },
  });
  expect(await take()).toBeNull();
  expect(
    await complete(mine, commits.work, { branch: 'agent/one', handoff: 'Read b.ts.' }),
  ).toEqual({ ...asked, json: { claimId: mine.claimId, verification: { id, state: 'running' } } });
  if (job === null) throw new Error('no job');
  expect(await report(job)).toMatchObject({ status: 200, json: { state: 'passed' } });
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  expect((await service.plan('acme/orbit#1'))?.reason.text).toBe(
    'Gates passed on 3333333; it waits for review.',
  );
  expect(await view(id)).toMatchObject({ state: 'passed', cause: { code: 'gates_passed' } });
  // The call once more, and one on a claim that has ended.
  const again = await complete(mine, commits.work, { branch: 'agent/one', handoff: 'Read b.ts.' });
  expect(again).toMatchObject({ status: 200, json: { outcome: 'completed' } });
  expect(codeOf(await complete(mine, commits.more))).toBe('409 stale_lease');
  gitea.as('maria').close('acme/orbit#1');
  await gitea.settled();
  await service.idle();
  expect(await service.stateOf(1)).toBe('done closed');
});

test('a commit that fails goes back to the agent with its findings, and the lease begins anew', async () => {
  const { service, clock, mine, take, report, complete, view } = await startVerifying();
  const { id } = verifyingSchema.parse((await complete(mine, commits.work)).json).verification;
  clock.advance(3_600_000);
  const job = await take();
  if (job === null) throw new Error('no job');
  expect(await report(job, failed)).toMatchObject({ json: { state: 'failed' } });
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  expect(await view(id)).toMatchObject({ state: 'failed', findings: failed.findings });
  const beat = await call(service, 'worker-1', { held: mine, what: 'heartbeat', body: {} });
  expect(beat.status).toBe(200);
  // The same commit on the same base: the stored verdict, and nothing is run.
  const repeated = await complete(mine, commits.work, { handoff: 'once more' });
  expect(repeated).toMatchObject({ status: 202, json: { verification: { state: 'failed' } } });
  expect(await take()).toBeNull();
  // Another commit is another question.
  expect((await complete(mine, commits.more)).json).toMatchObject({
    verification: { state: 'queued' },
  });
  const next = await take();
  if (next === null) throw new Error('no job');
  await report(next);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
});

test.each([
  ['the third time the same faults on the same tree', 3, () => ({})],
  ['the tenth failure, whatever it was', 10, (turn: number) => ({ fingerprint: `f${turn}` })],
] as const)('%s is for a person', async (_title, times, more) => {
  const { gitea, service, mine, take, report, complete } = await startVerifying();
  for (let turn = 1; turn <= times; turn += 1) {
    expect(await service.stateOf(1)).toBe('in_progress claimed');
    const commit = `${turn}${hash('b')}`.slice(0, 40);
    gitea.repositories.get(2)?.commits?.set(commit, { parents: [commits.first], files: ['c'] });
    await complete(mine, commit);
    const job = await take();
    if (job === null) throw new Error('no job');
    await report(job, { ...failed, ...more(turn) });
  }
  expect(await service.stateOf(1)).toBe('needs_human gates_failed');
  expect(codeOf(await complete(mine, commits.work))).toBe('409 withdrawn');
});

test('an error of ours is tried again, never counts against the agent, and is for a person at last', async () => {
  const { service, clock, mine, take, report, complete, judge } = await startVerifying();
  await complete(mine, commits.work);
  const error = {
    ...{ outcome: 'error', gates: [], findings: '', fingerprint: null, tree: null },
    cause: { code: 'no_space', message: 'There was no space left.' },
  } as const;
  for (let turn = 1; turn <= 5; turn += 1) {
    const job = await take();
    expect(job).toMatchObject({ attempt: turn });
    if (job === null) throw new Error('no job');
    const { status } = await report(job, error);
    expect(status).toBe(200);
    // The lease is over with the verdict.
    expect(codeOf(await judge(`/${job.verificationId}/heartbeat`, { token: job.token }))).toBe(
      '409 stale_lease',
    );
    if (turn < 5) expect(await service.stateOf(1)).toBe('in_progress claimed');
    expect(await take()).toBeNull();
    clock.advance(3_600_000);
  }
  expect(await service.stateOf(1)).toBe('needs_human verification_error');
  // A person asks again, without a claim.
  const asked = await service.api('/issues/acme/orbit/1/verify', { method: 'POST' });
  expect(asked.status).toBe(202);
  const job = await take();
  if (job === null) throw new Error('no job');
  await report(job);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
});

test('a verifier that falls silent, or gives its work back, loses it to the next one', async () => {
  const { service, clock, mine, take, report, complete, judge } = await startVerifying();
  await complete(mine, commits.work);
  const first = await take();
  if (first === null) throw new Error('no job');
  const beat = await judge(`/${first.verificationId}/heartbeat`, { token: first.token });
  expect(beat.status).toBe(200);
  expect(codeOf(await judge(`/${first.verificationId}/heartbeat`, { token: 'x' }))).toBe(
    '403 verification_token_invalid',
  );
  const back = await judge(`/${first.verificationId}/give-back`, { token: first.token });
  expect(back).toMatchObject({ status: 200, json: { state: 'queued' } });
  const second = await take();
  if (second === null) throw new Error('no job');
  clock.advance(61_000);
  await expect
    .poll(() => service.logs.map(({ msg }) => msg))
    .toContain('lease of a verifier expired');
  expect(codeOf(await report(second))).toBe('409 stale_lease');
  clock.advance(60_000);
  const third = await take();
  if (third === null) throw new Error('no job');
  expect(codeOf(await report(second))).toBe('403 verification_token_invalid');
  expect((await report(third)).status).toBe(200);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
});

test('a verification that nobody waits for ends, and its verdict changes nothing', async () => {
  const { gitea, service, mine, take, report, complete, view } = await startVerifying();
  const { id } = verifyingSchema.parse((await complete(mine, commits.work)).json).verification;
  const job = await take();
  gitea.as('maria').close('acme/orbit#1');
  await gitea.settled();
  await service.idle();
  await expect.poll(async () => (await view(id)).cause?.code).toBe('claim_ended');
  if (job === null) throw new Error('no job');
  expect(codeOf(await report(job, passed))).toBe('409 stale_lease');
  expect(await service.stateOf(1)).toBe('done closed');
});

test('health says when no verifier asks for what waits', async () => {
  const { service, clock, mine, take, complete } = await startVerifying();
  const check = async () => {
    const headers = { authorization: `Bearer ${apiToken}` };
    const reply = await fetch(`${service.url}/health`, { headers });
    return z
      .object({ checks: z.object({ verification: z.looseObject({ status: z.string() }) }) })
      .parse(await reply.json()).checks.verification;
  };
  expect(await check()).toMatchObject({ status: 'ok', queued: 0 });
  await complete(mine, commits.work);
  clock.advance(121_000);
  expect(await check()).toMatchObject({
    ...{ status: 'degraded', queued: 1, running: 0, oldestSeconds: 121 },
    hint: containing('No verifier asks for work'),
  });
  await take();
  expect(await check()).toMatchObject({ status: 'ok', queued: 0, running: 1 });
});
