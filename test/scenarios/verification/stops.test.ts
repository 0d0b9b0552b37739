import { expect, test } from 'vitest';

import { apiToken, temporaryDirectory } from '../../support/service.ts';
import { codeOf, startWork } from '../../support/work.ts';
import { call, workerTokens } from '../../support/workers.ts';
import {
  commits,
  failed,
  hash,
  publishing,
  startVerifying,
  verifyingSchema,
} from '../../support/verifying.ts';

const judged = {
  'content-type': 'application/json',
  authorization: 'Bearer token-of-the-verifier-1',
};

async function resume(service: { api: (path: string, init: RequestInit) => Promise<unknown> }) {
  return service.api('/resume', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ issue: 'acme/orbit#1' }),
  });
}

test('a claim does not wait for ever when nothing is verified after a restart', async () => {
  const directory = temporaryDirectory();
  const staged = await startVerifying({ directory, publishes: true });
  const { gitea, service, clock, mine, complete } = staged;
  const statuses = () => gitea.repositories.get(2)?.statuses?.get(commits.work) ?? [];
  await complete(mine, commits.work);
  await service.idle();
  expect(statuses().map(({ state }) => state)).toEqual(['pending']);
  await service.close();
  const env = { ...publishing(gitea), API_TOKENS: `tests:${apiToken},${workerTokens}` };
  const later = await startWork({ gitea, clock, directory, env });
  const answer = await call(later, 'worker-1', {
    ...{ held: mine, what: 'complete', body: { commit: commits.work } },
  });
  expect(answer.status).toBe(200);
  expect(await later.stateOf(1)).toBe('needs_human awaiting_verification');
  await later.idle();
  expect(statuses().map(({ state }) => state)).toEqual(['pending', 'error']);
});

test('a verdict is taken after a restart and after a jump of the clock, late as it is', async () => {
  const directory = temporaryDirectory();
  const { gitea, service, clock, mine, take, complete } = await startVerifying({ directory });
  await complete(mine, commits.work);
  const job = await take();
  if (job === null) throw new Error('no job');
  await service.close();
  clock.advance(600_000);
  const env = {
    API_TOKENS: `tests:${apiToken},${workerTokens},judge:verifier:token-of-the-verifier-1`,
  };
  const later = await startWork({ gitea, clock, directory, env });
  const beat = () =>
    later.api(`/verifications/${job.verificationId}/heartbeat`, {
      ...{ method: 'POST', headers: { ...judged, 'x-verification-token': job.token } },
    });
  expect((await beat()).status).toBe(200);
  clock.jump(600_000);
  await expect
    .poll(() => later.logs.map(({ msg }) => msg ?? '').join(), { timeout: 8_000 })
    .toContain('the clock jumped');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect((await beat()).status).toBe(200);
});

test('a call that ended for a person is not told that it completed the claim', async () => {
  const { service, mine, take, report, complete } = await startVerifying();
  for (const handoff of ['one', 'two', 'three']) {
    await complete(mine, commits.work, { handoff });
    const job = await take();
    if (job !== null) await report(job, failed);
  }
  expect(await service.stateOf(1)).toBe('needs_human gates_failed');
  expect(codeOf(await complete(mine, commits.work, { handoff: 'three' }))).toBe('409 withdrawn');
});

test('what was proved once is forgotten when the same commit fails and a person resumes', async () => {
  const { service, mine, take, report, complete } = await startVerifying();
  await complete(mine, commits.work);
  const first = await take();
  if (first === null) throw new Error('no job');
  await report(first);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  await service.api('/issues/acme/orbit/1/verify', { method: 'POST' });
  const second = await take();
  if (second === null) throw new Error('no job');
  await report(second, { ...failed, base: hash('9') });
  expect(await service.stateOf(1)).toBe('needs_human gates_failed');
  await resume(service);
  expect(await service.stateOf(1)).toBe('ready ready');
  // A person asks while nobody works on it; the agent that begins meanwhile is not disturbed by the verdict.
  await service.api('/issues/acme/orbit/1/verify', { method: 'POST' });
  const third = await take();
  if (third === null) throw new Error('no job');
  const again = await service.held('worker-1');
  await report(third);
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  await call(service, 'worker-1', { held: again, what: 'release', body: { reason: 'no' } });
  expect(await service.stateOf(1)).toBe('ready ready');
});

test('the statuses of what nobody waits for any more do not stay pending', async () => {
  const { gitea, service, mine, complete } = await startVerifying({
    ...{ publishes: true, env: { PULL_REQUESTS: 'off' } },
  });
  const written = (commit: string) =>
    (gitea.repositories.get(2)?.statuses?.get(commit) ?? []).map(({ state }) => state);
  await complete(mine, commits.work);
  await service.idle();
  await complete(mine, commits.more);
  await service.idle();
  expect(written(commits.work)).toEqual(['pending', 'error']);
  await call(service, 'worker-1', { held: mine, what: 'release', body: { reason: 'no' } });
  await expect.poll(() => written(commits.more), { timeout: 8_000 }).toEqual(['pending', 'error']);
});

test('a report that is too long is not kept, and the verdict is', async () => {
  const { service, mine, take, report, complete } = await startVerifying();
  await complete(mine, commits.work);
  const job = await take();
  if (job === null) throw new Error('no job');
  expect((await report(job, { report: 'x'.repeat(1_500_000) })).status).toBe(200);
  const { status } = await service.api(`/verifications/${job.verificationId}/report`);
  expect(status).toBe(404);
});

test('commits that supersede each other leave no rows without end', async () => {
  const { service, mine, complete } = await startVerifying();
  const asked = await complete(mine, commits.work);
  const { id } = verifyingSchema.parse(asked.json).verification;
  for (let turn = 0; turn < 26; turn += 1) {
    await complete(mine, commits.more);
    await complete(mine, commits.work);
  }
  expect((await service.api(`/verifications/${id}`)).status).toBe(404);
});

test('a verifier that goes away with its call takes nothing along', async () => {
  const { service, mine, take, complete } = await startVerifying();
  const gone = new AbortController();
  const waiting = fetch(`${service.url}/api/v1/verifications/take?wait=30`, {
    ...{ method: 'POST', signal: gone.signal },
    headers: { authorization: judged.authorization },
  }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  gone.abort();
  await waiting;
  await complete(mine, commits.work);
  expect(await take()).toMatchObject({ attempt: 1 });
});

test('a person need not wait for the next attempt after an error of ours', async () => {
  const { service, mine, take, report, complete } = await startVerifying();
  await complete(mine, commits.work);
  const job = await take();
  if (job === null) throw new Error('no job');
  const cause = { code: 'no_space', message: 'No space.' } as const;
  await report(job, { outcome: 'error', cause });
  expect(await take()).toBeNull();
  const asked = await service.api('/issues/acme/orbit/1/verify', { method: 'POST' });
  expect(asked).toMatchObject({ status: 202, json: { verification: { state: 'queued' } } });
  expect(await take()).toMatchObject({ verificationId: job.verificationId, attempt: 2 });
});
