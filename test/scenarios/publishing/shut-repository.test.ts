import { expect, test } from 'vitest';
import { z } from 'zod';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { startService } from '../../support/service.ts';
import { call, claim } from '../../support/workers.ts';
import { stageGitea } from '../reconciling/stage.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';

const at = Date.parse('2026-11-23T10:00:00Z');
const ref = 'acme/orbit#1';

/** A service that publishes, and an issue of the bot that is ready. */
async function stage() {
  const { gitea, clock, open, serve } = await stageGitea();
  const repository = gitea.repositories.get(2);
  if (repository === undefined) throw new Error('no repository');
  const service = await serve({ workers: true, env: { PUBLISH: 'comment,labels' } });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  open(1, 'acme/orbit', { body: 'Total estimated: 20k' });
  const settle = async () => {
    await gitea.settled();
    await service.idle();
  };
  await settle();
  /** What a person sees on Gitea: the first words of the comment, and the label. */
  const shown = () => [
    gitea.commentsOf(ref)[0]?.body.match(/\*\*(.+?)\.\*\*/)?.[1],
    gitea.labelsOf(ref)[0],
  ];
  return { gitea, clock, repository, service, settle, shown };
}

test('an archived repository hands nothing out, and goes on by itself when it is unarchived', async () => {
  const { service, repository, shown, clock } = await stage();
  expect(shown()).toEqual(['Ready', 'coordinator/ready']);
  repository.archived = true;
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await service.idle();
  expect(await service.plan(ref)).toMatchObject({
    state: 'blocked',
    reason: { code: 'repository_archived' },
  });
  expect(shown()).toEqual(['Ready', 'coordinator/ready']);
  repository.archived = false;
  clock.advance(5_000);
  await service.reconcile();
  expect(await service.plan(ref)).toMatchObject({ state: 'ready' });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: ref } });
});

test.each([
  ['archived', { archived: true }, 'repository_archived', 'was archived'],
  ['hidden from the bot', { hidden: true }, 'no_access', 'may not be read or written'],
  ['one in which the bot only reads', { bot: 'read' as const }, 'no_access', 'may not be read'],
])(
  'a worker hears that its repository is %s after the first refused write',
  async (_what, change, code, words) => {
    const { service, repository, gitea, settle, clock } = await stage();
    const { claim: held } = await claim(service, 'worker-1');
    await service.idle();
    if (held === null) throw new Error('nothing was handed out');
    Object.assign(repository, change);
    clock.advance(5_000);
    gitea.as('maria').removeLabels(ref, 'coordinator/in_progress');
    gitea
      .as('maria')
      .editIssue(ref, { body: 'Blocked by #1\n\nTotal estimated: 40k\n\nDifficulty: hard' });
    await settle();
    const beat = await call(service, 'worker-1', { held, what: 'heartbeat', body: {} });
    expect(beat).toMatchObject({ status: 409, json: { error: { code: 'withdrawn' } } });
    expect(JSON.stringify(beat.json)).toContain(words);
    expect(await service.plan(ref)).toMatchObject({ state: 'blocked', reason: { code } });
    expect(await claim(service, 'worker-2')).toMatchObject({ claim: null });
  },
);

test('with access again, the issue goes on and its comment and label say so', async () => {
  const { service, repository, settle, shown } = await stage();
  repository.hidden = true;
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await settle();
  expect(await service.plan(ref)).toMatchObject({ reason: { code: 'no_access' } });
  repository.hidden = false;
  await service.reconcile();
  await settle();
  expect(await service.plan(ref)).toMatchObject({ state: 'ready' });
  expect(shown()).toEqual(['Ready', 'coordinator/ready']);
});

test('without a token, deliveries tell that a repository is archived, and that it no longer is', async () => {
  const service = await startService({ workers: true, env: { GITEA_BOT_USERNAME: giteaBot } });
  const tell = async (seconds: number, archived: boolean) => {
    const { repository, ...payload } = issuePayload({
      ...{ number: 1, title: 'One', body: '', open: true, labels: [], assignees: [giteaBot] },
      ...{ repositoryId: 2, repository: 'acme/orbit' },
      updatedAt: new Date(at + seconds * 1_000).toISOString(),
    });
    await service.send(
      signedRequest({
        ...payload,
        repository: { ...z.looseObject({}).parse(repository), archived },
      }),
    );
    await service.idle();
  };
  await tell(0, false);
  const { claim: held } = await claim(service, 'worker-1');
  if (held === null) throw new Error('nothing was handed out');
  await tell(1, true);
  expect(await service.plan(ref)).toMatchObject({ reason: { code: 'repository_archived' } });
  const beat = await call(service, 'worker-1', { held, what: 'heartbeat', body: {} });
  expect(beat).toMatchObject({ status: 409, json: { error: { code: 'withdrawn' } } });
  await tell(2, false);
  expect(await service.plan(ref)).toMatchObject({ state: 'ready' });
});
