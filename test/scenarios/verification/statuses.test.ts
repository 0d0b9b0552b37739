import { expect, test } from 'vitest';
import { z } from 'zod';

import { failing } from '../../fake-gitea/gitea.ts';
import { commits, failed, startVerifying } from '../../support/verifying.ts';

const publicUrl = 'https://coordinator.example.test';
const forgeSchema = z.object({
  checks: z.object({
    forge: z.object({ status: z.string(), statuses: z.number(), refusal: z.string().nullable() }),
  }),
});

type Staged = Awaited<ReturnType<typeof startVerifying>>;

/** The statuses of the agent's commit, in the order in which they were written. */
function statusesOf({ gitea }: Staged, commit = commits.work): string[] {
  const all = gitea.repositories.get(2)?.statuses?.get(commit) ?? [];
  return all.map(({ context, state }) => `${context.replace('coordinator/', '')} ${state}`);
}

async function forgeOf({ service }: Staged) {
  return forgeSchema.parse(await (await service.health()).json()).checks.forge;
}

async function verify(staged: Staged, more = {}) {
  await staged.complete(staged.mine, commits.work, { branch: 'agent/one' });
  const job = await staged.take();
  if (job === null) throw new Error('no job');
  await staged.report(job, more);
  await staged.service.idle();
  return job;
}

test('statuses are pending first, then each gate, and the verdict last; each once', async () => {
  const env = { PUBLIC_URL: publicUrl, PULL_REQUESTS: 'off' };
  const staged = await startVerifying({ publishes: true, env });
  const { gitea, service, mine, complete, take, report } = staged;
  await complete(mine, commits.work, { branch: 'agent/one' });
  await service.idle();
  expect(statusesOf(staged)).toEqual(['verdict pending']);
  const job = await take();
  if (job === null) throw new Error('no job');
  await report(job, failed);
  await service.idle();
  const ended = ['build success', 'test failure', 'integrity success', 'verdict failure'];
  expect(statusesOf(staged)).toEqual(['verdict pending', ...ended]);
  const last = gitea.repositories.get(2)?.statuses?.get(commits.work)?.at(-1);
  expect(last).toMatchObject({
    description: '1 of 3 gates failed: test.',
    target_url: `${publicUrl}/verifications/${job.verificationId}`,
  });
  // The next commit knows the gates of the one before.
  await complete(mine, commits.more);
  await service.idle();
  expect(statusesOf(staged, commits.more)).toEqual([
    ...['build pending', 'test pending', 'integrity pending', 'verdict pending'],
  ]);
  expect(await forgeOf(staged)).toMatchObject({ status: 'ok', statuses: 0 });
});

test('a crash between a write and its record leaves no status unwritten', async () => {
  let crashes = 1;
  const staged = await startVerifying({
    publishes: true,
    env: { PULL_REQUESTS: 'off' },
    expectAtEnd: { errors: ['statuses and pull requests failed'] },
    aroundGitea: (gitea) => ({
      ...gitea,
      setCommitStatus: async (address, status, signal) => {
        const reply = await gitea.setCommitStatus(address, status, signal);
        if (status.context !== 'coordinator/test' || crashes === 0) return reply;
        crashes -= 1;
        throw new Error('killed here');
      },
    }),
  });
  await verify(staged);
  await expect
    .poll(async () => {
      staged.clock.advance(120_000);
      await staged.service.idle();
      return statusesOf(staged).at(-1);
    })
    .toBe('verdict success');
  // The repeated one is the same.
  expect(statusesOf(staged).slice(-5)).toEqual([
    ...['build success', 'test success', 'test success', 'integrity success', 'verdict success'],
  ]);
});

test('an outage costs time; a refusal is shown with its cure and tried again', async () => {
  const env = { PULL_REQUESTS: 'off' };
  const staged = await startVerifying({ publishes: true, env });
  const { gitea, service, clock } = staged;
  gitea.breakWith(failing(503), (method, path) => method === 'POST' && path.includes('/statuses/'));
  await verify(staged);
  expect(statusesOf(staged)).toEqual([]);
  expect(await forgeOf(staged)).toMatchObject({ status: 'degraded', refusal: null });
  gitea.breakWith(failing(403), (_method, path) => path.includes('/statuses/'));
  clock.advance(120_000);
  await service.idle();
  const refused = await forgeOf(staged);
  expect(refused.status).toBe('degraded');
  expect(refused.refusal).toContain('403');
  gitea.breakWith(undefined);
  clock.advance(3_600_000);
  await service.idle();
  expect(statusesOf(staged).at(-1)).toBe('verdict success');
  expect(await forgeOf(staged)).toMatchObject({ status: 'ok', refusal: null });
});

test('a commit that is gone is refused, and forgotten with the next one', async () => {
  const staged = await startVerifying({ publishes: true, env: { PULL_REQUESTS: 'off' } });
  const { gitea, service, mine, complete } = staged;
  await complete(mine, commits.work);
  gitea.repositories.get(2)?.commits?.delete(commits.work);
  await verify(staged, failed);
  const refused = await forgeOf(staged);
  expect(refused.status).toBe('degraded');
  expect(refused.refusal).toContain('not in acme/orbit any more');
  await complete(mine, commits.more);
  await service.idle();
  expect(statusesOf(staged, commits.more).at(-1)).toBe('verdict pending');
  expect((await forgeOf(staged)).status).toBe('ok');
});
