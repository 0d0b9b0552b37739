import { expect, test } from 'vitest';

import { failing, giteaBot } from '../../fake-gitea/gitea.ts';
import { stagePublishing } from '../../support/publishing.ts';
import { minute, publishCheck } from './checks.ts';

test('a comment of the account before stays, and the bot adds its own', async () => {
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

test('two programs that undo each other: after 30 repeats in a minute the issue is left alone for an hour', async () => {
  const { assigned, gitea, clock, service, settle, shown } = await stagePublishing();
  const ref = await assigned('One');
  const maria = gitea.as('maria');
  for (let round = 0; round < 40; round += 1) {
    // Gitea's clock has whole seconds, and equal bytes are a duplicate.
    clock.advance(1_000);
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

test('many changes of one issue are not taken for a storm', async () => {
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

test('nothing is written to a repository that took over the name of a renamed one', async () => {
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
