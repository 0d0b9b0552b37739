import { expect, test } from 'vitest';

import { createDatabase } from '../../../src/db/database.ts';
import { giteaBot } from '../../fake-gitea/gitea.ts';
import { locationIn } from '../../support/database.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { codeOf } from '../../support/work.ts';
import { commits, failed, startVerifying } from '../../support/verifying.ts';

const hour = 3_600_000;

test('what no verifier takes is for a person after two hours, and goes on from there', async () => {
  const { gitea, service, clock, mine, take, report, complete } = await startVerifying();
  const second = { title: 'Two', body: 'Difficulty: low', assignees: [giteaBot] };
  gitea.as('maria').openIssue('acme/orbit', second);
  await gitea.settled();
  await service.idle();
  const other = await service.held('worker-1');
  await complete(mine, commits.work);
  await complete(other, commits.more);
  clock.advance(2 * hour - 10_000);
  const first = await take();
  if (first === null) throw new Error('no job');
  await report(first);
  // The queue moves on: the other one only waits for its turn.
  clock.advance(20_000);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(await service.stateOf(2)).toBe('in_progress claimed');
  clock.advance(2 * hour);
  await expect
    .poll(() => service.stateOf(2), { timeout: 8_000 })
    .toBe('needs_human verification_error');
  const text = (await service.plan('acme/orbit#2'))?.reason.text;
  expect(text).toContain('4444444 could not be verified (No verifier took it for two hours: start');
  expect(codeOf(await complete(other, commits.more))).toBe('409 withdrawn');
  const asked = await service.api('/issues/acme/orbit/2/verify', { method: 'POST' });
  expect(asked.status).toBe(202);
  const job = await take();
  if (job === null) throw new Error('no job');
  await report(job);
  expect(await service.stateOf(2)).toBe('in_review gates_passed');
});

test('a verifier that hangs and goes on sending heartbeats loses its work after four hours', async () => {
  const directory = temporaryDirectory();
  const { service, clock, mine, judge, take, complete } = await startVerifying({ directory });
  await complete(mine, commits.work);
  const job = await take();
  if (job === null) throw new Error('no job');
  const beat = () => judge(`/${job.verificationId}/heartbeat`, { token: job.token });
  expect((await beat()).status).toBe(200);
  const db = createDatabase(locationIn(directory));
  const started_at = clock.now() - 4 * hour;
  await db.updateTable('verifications').set({ started_at }).execute();
  await db.destroy();
  await expect
    .poll(() => service.logs.map(({ msg }) => msg), { timeout: 8_000 })
    .toContain('a verification ran too long');
  expect(codeOf(await beat())).toBe('409 stale_lease');
  clock.advance(15_000);
  expect(await take()).toMatchObject({ verificationId: job.verificationId, attempt: 2 });
});

test('what was proved with other tools than the last ones is asked anew', async () => {
  const { mine, take, report, complete } = await startVerifying();
  const judgeNext = async (environment: string) => {
    const job = await take();
    if (job === null) throw new Error('no job');
    await report(job, { ...failed, fingerprint: environment, environment });
  };
  const [old, upgraded] = [
    'mosaic-coordinator 0.1.0, git 2.43',
    'mosaic-coordinator 0.1.0, git 2.50',
  ];
  await complete(mine, commits.work);
  await judgeNext(old);
  expect((await complete(mine, commits.work, { handoff: 'again' })).json).toMatchObject({
    verification: { state: 'failed' },
  });
  await complete(mine, commits.more);
  await judgeNext(upgraded);
  expect((await complete(mine, commits.work)).json).toMatchObject({
    verification: { state: 'queued' },
  });
});
