import { expect, test } from 'vitest';
import { z } from 'zod';

import { failing, giteaBot } from '../../fake-gitea/gitea.ts';
import { stagePublishing } from '../../support/publishing.ts';
import type { Service } from '../../support/service.ts';
import { aroundPublishing } from '../../support/publish-steps.ts';

const minute = 60_000;

async function publishCheck(service: Service) {
  const reply = await fetch(`${service.url}/health`);
  const schema = z.object({ status: z.string(), checks: z.looseObject({ publish: z.unknown() }) });
  const { status, checks } = schema.parse(await reply.json());
  return { status, publish: checks.publish };
}

const isComment = (method: string, path: string) => method === 'POST' && path.endsWith('/comments');

test('killed between a comment and its note, it makes no second one', async () => {
  const stage = await stagePublishing({
    aroundGitea: aroundPublishing((step) => {
      // What a kill leaves: written on Gitea, not recorded here.
      if (step === 'comment-created' && killing) throw new Error('killed');
    }),
  });
  let killing = true;
  const { assigned, gitea, service, start, settle, shown, writes } = stage;
  const ref = await assigned('One');
  expect(shown(ref)).toMatchObject({ comments: 1, labels: [] });
  await service.close();
  killing = false;
  writes();
  await start();
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
  expect(writes().filter((write) => write.includes('comments'))).toEqual([]);
  expect(gitea.commentsOf(ref)).toHaveLength(1);
});

test.each(['closed', 'unassigned'])(
  'killed right after its writes, it still tells when the issue is %s meanwhile',
  async (what) => {
    let killing = true;
    const { assigned, gitea, service, start, settle, shown } = await stagePublishing({
      aroundGitea: aroundPublishing(() => {
        if (killing) throw new Error('killed');
      }),
    });
    const ref = await assigned('One');
    expect(shown(ref).comments).toBe(1);
    await service.close();
    killing = false;
    await start();
    if (what === 'closed') gitea.as('maria').close(ref);
    else gitea.as('maria').unassign(ref, giteaBot);
    await settle();
    expect(shown(ref)).toEqual(
      what === 'closed'
        ? { line: '**Done.** The issue is closed.', labels: ['coordinator/done'], comments: 1 }
        : {
            line: '**Not planned.** The issue is not assigned to the bot.',
            labels: [],
            comments: 1,
          },
    );
  },
);

test('an answer that gets lost makes no second comment', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.loseAnswers(isComment);
  const ref = await assigned('One');
  gitea.loseAnswers();
  clock.advance(minute);
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
});

test('a Gitea that takes no writes holds up nothing but what is written to it', async () => {
  const { assigned, gitea, clock, service, settle, shown } = await stagePublishing();
  gitea.breakWith(failing(502), (method) => method !== 'GET');
  const ref = await assigned('One');
  const other = await assigned('Two');
  expect([await service.plan(ref), await service.plan(other)]).toMatchObject([
    { state: 'ready' },
    { state: 'ready' },
  ]);
  expect(await publishCheck(service)).toMatchObject({
    status: 'degraded',
    publish: { status: 'degraded', pending: 2, failing: 2, lastError: 'gitea_unavailable' },
  });
  gitea.breakWith(undefined);
  clock.advance(minute);
  await settle();
  expect([shown(ref), shown(other)]).toMatchObject([
    { comments: 1, labels: ['coordinator/ready'] },
    { comments: 1, labels: ['coordinator/ready'] },
  ]);
  expect(await publishCheck(service)).toEqual({
    status: 'ok',
    publish: { status: 'ok', pending: 0, paused: 0, failing: 0, lastError: null },
  });
});

test('one issue on which Gitea fails does not keep the others waiting', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.breakWith(failing(500), (_method, path) => /issues\/[1-4]\/labels/.test(path));
  for (const title of ['One', 'Two', 'Three', 'Four']) await assigned(title);
  clock.advance(2 * minute);
  await settle();
  const fine = await assigned('Five');
  for (let waits = 0; waits < 4; waits += 1) {
    clock.advance(2_000);
    await settle();
  }
  expect(shown(fine)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
});

test('a repository whose comments may not be read does not keep the others waiting', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.repositories.set(7, { name: 'acme/closed', issues: new Map() });
  gitea.breakWith(failing(502), (method) => method !== 'GET');
  const fine = await assigned('Fine');
  clock.advance(1);
  gitea.breakWith(failing(403), (_method, path) => /closed\/issues\/\d+\/comments/.test(path));
  for (let index = 0; index < 40; index += 1)
    gitea.as('maria').openIssue('acme/closed', {
      title: `Issue ${index}`,
      body: 'Small.',
      assignees: [giteaBot],
    });
  await settle();
  clock.advance(minute);
  await settle();
  expect(shown(fine)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
});

test('while Gitea does not answer at all, no issue is to blame', async () => {
  const { assigned, gitea, clock, service, settle, shown } = await stagePublishing();
  const ref = await assigned('One');
  gitea.breakWith(failing(502), (method, path) => method !== 'GET' || path.endsWith('/user'));
  gitea.as('maria').removeLabels(ref, 'coordinator/ready');
  await settle();
  expect(await publishCheck(service)).toMatchObject({
    publish: { status: 'degraded', pending: 1, failing: 0, lastError: 'gitea_unavailable' },
  });
  gitea.breakWith(undefined);
  clock.advance(minute);
  await settle();
  expect(shown(ref).labels).toEqual(['coordinator/ready']);
});

test('a label whose answer got lost goes when the issue is released meanwhile', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.loseAnswers((method, path) => method === 'POST' && path.endsWith('issues/1/labels'));
  const ref = await assigned('One');
  gitea.as('maria').unassign(ref, giteaBot);
  await settle();
  gitea.loseAnswers();
  clock.advance(minute);
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: [] });
});

test('an archived repository refuses comments: the label stands, and it is tried again later', async () => {
  const { assigned, gitea, clock, service, settle, shown, writes } = await stagePublishing();
  const repository = gitea.repositories.get(2);
  if (repository !== undefined) repository.archived = true;
  const ref = await assigned('One');
  expect(shown(ref)).toEqual({ line: null, labels: ['coordinator/ready'], comments: 0 });
  expect(await publishCheck(service)).toMatchObject({
    publish: { status: 'degraded', pending: 1, failing: 1, lastError: 'gitea_refused_423' },
  });
  writes();
  clock.advance(minute - 1);
  await settle();
  expect(writes()).toEqual([]);
  clock.advance(1);
  await settle();
  expect(writes()).toEqual(['POST /repos/acme/orbit/issues/1/comments 423']);
  clock.advance(minute);
  await settle();
  expect(writes()).toEqual([]);
  if (repository !== undefined) repository.archived = false;
  clock.advance(minute);
  await settle();
  expect(shown(ref).comments).toBe(1);
  expect(await publishCheck(service)).toMatchObject({ publish: { status: 'ok', failing: 0 } });
});

test('a comment of the account before is left, and an own one is made', async () => {
  const { assigned, gitea, service, start, settle } = await stagePublishing();
  const ref = await assigned('One');
  gitea.as('maria').close(ref);
  await settle();
  await service.close();
  gitea.breakWith(failing(403), (method, path) => method === 'PATCH' && path.includes('comments'));
  const env = { GITEA_TOKEN: gitea.tokenOf('second-bot'), GITEA_BOT_USERNAME: giteaBot };
  await start({ env });
  gitea.as('maria').reopen(ref);
  await settle();
  expect(gitea.commentsOf(ref).map(({ author }) => author)).toEqual([giteaBot, 'second-bot']);
});

test('what was refused is tried again at once after a start', async () => {
  const { assigned, gitea, service, start, settle, shown } = await stagePublishing();
  const repository = gitea.repositories.get(2);
  if (repository !== undefined) repository.archived = true;
  const ref = await assigned('One');
  if (repository !== undefined) repository.archived = false;
  await service.close();
  await start();
  await settle();
  expect(shown(ref).comments).toBe(1);
});

test('two programs that undo each other: after 30 repeats in a minute the issue is left alone for an hour', async () => {
  const { assigned, gitea, clock, service, settle, shown } = await stagePublishing();
  const ref = await assigned('One');
  const maria = gitea.as('maria');
  for (let round = 0; round < 40; round += 1) {
    maria.removeLabels(ref, 'coordinator/ready');
    await settle();
  }
  expect(
    gitea.writes.filter(({ by, path }) => by === giteaBot && path.includes('issues/1/')),
  ).toHaveLength(32);
  expect(shown(ref).labels).toEqual([]);
  expect(await publishCheck(service)).toMatchObject({
    publish: { status: 'degraded', paused: 1, pending: 1, lastError: 'too_many_writes' },
  });
  const other = await assigned('Two');
  expect(shown(other).labels).toEqual(['coordinator/ready']);
  clock.advance(60 * minute);
  await settle();
  expect(shown(ref).labels).toEqual(['coordinator/ready']);
  expect(await publishCheck(service)).toMatchObject({ publish: { status: 'ok', paused: 0 } });
});

test('an issue that many things happen to is no storm', async () => {
  const { gitea, settle, shown } = await stagePublishing();
  const maria = gitea.as('maria');
  const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
  for (const number of numbers)
    maria.openIssue('acme/orbit', { title: `Part ${number}`, body: 'Small.' });
  const body = numbers.map((number) => `Blocked by: #${number}`).join('\n');
  maria.openIssue('acme/orbit', { title: 'Whole', body, assignees: [giteaBot] });
  await settle();
  for (const number of numbers) {
    maria.close(`acme/orbit#${number}`);
    await settle();
  }
  expect(shown('acme/orbit#41').labels).toEqual(['coordinator/ready']);
});

test('a dry run tells what it would write, once, and writes nothing', async () => {
  const { assigned, gitea, service, settle, writes } = await stagePublishing({
    dryRun: true,
  });
  const ref = await assigned('One');
  const told = () =>
    service.logs
      .filter(({ msg }) => msg?.startsWith('dry run: nothing'))
      .map(({ action, label, issue }) => [action, label, issue]);
  expect(told()).toEqual([
    ['create a comment', undefined, 1],
    ['create a label', 'coordinator/ready', undefined],
    ['add a label', 'coordinator/ready', 1],
  ]);
  expect(service.logs.find(({ action }) => action === 'create a comment')?.['body']).toMatch(
    /^<!-- mosaic-coordinator -->\n\*\*Ready/,
  );
  await settle();
  gitea.as('maria').comment(ref, 'Hello.');
  await settle();
  expect(told()).toHaveLength(3);
  gitea.as('maria').close(ref);
  await settle();
  expect(told()).toHaveLength(3);
  expect(gitea.commentsOf(ref).map(({ body }) => body)).toEqual(['Hello.']);
  expect(gitea.labelsOf(ref)).toEqual([]);
  expect(writes()).toEqual([]);
});

test.each([
  ['comment', { comments: 1, labels: [] }],
  ['labels', { comments: 0, labels: ['coordinator/ready'] }],
  ['none', { comments: 0, labels: [] }],
])('PUBLISH=%s', async (publish, expected) => {
  const { assigned, shown } = await stagePublishing({ publish });
  expect(shown(await assigned('One'))).toMatchObject(expected);
});

test('issues that are assigned at once share the labels that are created', async () => {
  const { gitea, settle } = await stagePublishing();
  for (let index = 0; index < 12; index += 1)
    gitea.as('maria').openIssue('acme/orbit', {
      title: `Issue ${index}`,
      body: 'Small.',
      assignees: [giteaBot],
    });
  await settle();
  const labels = gitea.repositories.get(2)?.labels ?? [];
  expect(labels.map(({ name, exclusive }) => [name, exclusive])).toEqual([
    ['coordinator/ready', true],
  ]);
  expect(gitea.issueOf('acme/orbit#12').labels).toHaveLength(1);
  expect(gitea.commentsOf('acme/orbit#12')).toHaveLength(1);
});

test('a label deleted from the repository is created anew', async () => {
  const { assigned, gitea, settle, shown } = await stagePublishing();
  await assigned('One');
  const repository = gitea.repositories.get(2);
  repository?.labels?.splice(0);
  const ref = await assigned('Two');
  await settle();
  expect(shown(ref).labels).toEqual(['coordinator/ready']);
});

test('the name of the repository that has passed to another one is not written to', async () => {
  const { assigned, gitea, settle, shown } = await stagePublishing();
  const ref = await assigned('One');
  const other = await assigned('Two');
  const before = gitea.commentsOf(other).length;
  gitea.rename('acme/orbit', 'acme/planet');
  gitea.repositories.set(9, {
    name: 'acme/orbit',
    issues: new Map([[1, { title: 'Alien', labels: [], assignees: [] }]]),
  });
  gitea.renamed.clear();
  gitea.as('maria').editIssue('acme/planet#1', { body: 'Blocked by #2' });
  await settle();
  expect(shown('acme/planet#1').labels).toEqual(['coordinator/blocked']);
  expect(gitea.commentsOf(ref)).toEqual([]);
  expect(gitea.commentsOf('acme/planet#2')).toHaveLength(before);
});

test('a call that Gitea never answers does not keep the service from closing', async () => {
  const { gitea, service } = await stagePublishing();
  const asked = new Promise<void>((resolve) => {
    gitea.breakWith(() => resolve(), isComment);
  });
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: '', assignees: [giteaBot] });
  await asked;
  const began = performance.now();
  await service.close();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(service.logs.filter(({ level }) => level === 'error')).toEqual([]);
});
