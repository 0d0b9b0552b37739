import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';

import { manualClock } from '../../support/clock.ts';
import { failing, giteaBot, startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { including } from '../../support/matching.ts';
import { startService } from '../../support/service.ts';
import { claim, issueEvent, post } from '../../support/workers.ts';

const updatedAt = '2026-11-23T10:00:00Z';
const ready: GiteaIssue = {
  title: 'Issue',
  body: 'Total estimated: 20k',
  open: true,
  assignees: [giteaBot],
  labels: [],
  updatedAt,
};

/** A service that knows these issues of a Gitea which changes without telling. */
async function startQuiet(issues: Record<number, GiteaIssue>) {
  const gitea = await startGitea();
  const repository = {
    name: 'acme/orbit',
    issues: new Map(Object.entries(issues).map(([number, issue]) => [Number(number), issue])),
  };
  gitea.repositories.set(2, repository);
  const clock = manualClock();
  const service = await startService({ gitea, clock, workers: true });
  for (const number of repository.issues.keys()) {
    await service.send(issueEvent(number, Date.parse(updatedAt)));
    await service.idle();
    clock.advance(1_000);
  }
  return { ...service, gitea, clock, issues: repository.issues };
}

test.each([
  ['closed', { open: false }, 'done'],
  ['unassigned', { assignees: [] }, 'released'],
  ['made to wait', { body: 'Blocked by #2' }, 'blocked'],
])(
  'an issue that was %s without a webhook is not handed out, but the next one is',
  async (_what, change, state) => {
    const service = await startQuiet({ 1: ready, 2: ready });
    service.issues.set(1, { ...ready, ...change, updatedAt: '2026-11-23T11:00:00Z' });
    expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#2' } });
    await service.idle();
    expect(await service.plan('acme/orbit#1')).toMatchObject({ state });
  },
);

test('an issue whose blocker was reopened without a webhook is not handed out', async () => {
  const service = await startQuiet({
    1: { ...ready, open: false },
    2: { ...ready, body: 'Blocked by #1' },
  });
  expect(await service.plan('acme/orbit#2')).toMatchObject({ state: 'ready' });
  service.issues.set(1, { ...ready, updatedAt: '2026-11-23T11:00:00Z' });
  expect(await claim(service, 'worker-1')).toMatchObject({
    claim: null,
    waiting: { just_taken: 1 },
  });
  await service.idle();
  expect(await service.plan('acme/orbit#2')).toMatchObject({ state: 'blocked' });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#1' } });
});

test('a comment does not keep an issue back, and a changed issue is skipped until its refresh', async () => {
  const service = await startQuiet({ 1: ready, 2: ready });
  service.issues.set(1, { ...ready, open: false, updatedAt: '2026-11-23T11:00:00Z' });
  service.issues.set(2, { ...ready, updatedAt: '2026-11-23T11:00:00Z' });
  const asked = service.gitea.requests.length;
  const answers = await Promise.all(['worker-1', 'worker-2'].map((name) => claim(service, name)));
  const issues = answers.map(({ claim: held }) => held?.issue);
  expect(issues.filter((issue) => issue !== undefined)).toEqual(['acme/orbit#2']);
  expect(service.gitea.requests.length).toBeGreaterThan(asked);
});

test('while Gitea does not answer, a claim is refused with 503 and the reason', async () => {
  const service = await startQuiet({ 1: ready });
  service.gitea.breakWith(failing(502));
  const { status, json } = await post(service, { worker: 'worker-1', path: '/claims' });
  expect(status).toBe(503);
  expect(JSON.stringify(json)).toContain('does not answer');
  expect(service.logs).toContainEqual(
    including({ level: 'warn', code: 'gitea_unavailable', msg: 'requests are answered 503' }),
  );
  service.gitea.breakWith(undefined);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#1' } });
});

/** Holds Gitea's answers back until it is let go. */
function stall(gitea: Awaited<ReturnType<typeof startQuiet>>['gitea']) {
  const held: ServerResponse[] = [];
  gitea.breakWith((response) => held.push(response));
  return {
    asked: () => vi.waitFor(() => expect(held.length).toBeGreaterThan(0)),
    /** Answers with a status that is asked about once more. */
    letGo: () => {
      gitea.breakWith(undefined);
      for (const response of held) failing(503)(response);
    },
  };
}

test('a service that stops while Gitea is asked hands out nothing, and says so', async () => {
  const service = await startQuiet({ 1: ready });
  const stalled = stall(service.gitea);
  const answer = claim(service, 'worker-1');
  await stalled.asked();
  await service.close();
  expect(await answer).toMatchObject({ status: 200, claim: null });
});

test('a retry that comes while Gitea is asked for the first call gets the same claim', async () => {
  const service = await startQuiet({ 1: ready });
  const stalled = stall(service.gitea);
  const headers = { 'idempotency-key': 'same' };
  const first = claim(service, 'worker-1', { headers });
  await stalled.asked();
  const retry = claim(service, 'worker-1', { headers });
  await new Promise((resolve) => setTimeout(resolve, 100));
  stalled.letGo();
  const { claim: held } = await first;
  expect(held?.issue).toBe('acme/orbit#1');
  expect((await retry).claim).toEqual(held);
});
