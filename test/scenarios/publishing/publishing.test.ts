import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { stagePublishing } from '../../support/publishing.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test('an issue that is assigned gets one comment and one label, written once', async () => {
  const { assigned, shown, writes, settle, gitea } = await stagePublishing();
  const ref = await assigned('Persist the queue', 'Total estimated: 46,800 tokens');
  expect(shown(ref)).toEqual({
    line: matching(/^\*\*Ready\.\*\* Nothing is in the way: `\w+` starts when it is free\.$/),
    labels: ['coordinator/ready'],
    comments: 1,
  });
  expect(writes()).toEqual([
    'POST /repos/acme/orbit/issues/1/comments 201',
    'POST /repos/acme/orbit/labels 201',
    'POST /repos/acme/orbit/issues/1/labels 200',
  ]);
  gitea.as('maria').comment(ref, 'Thank you.');
  gitea.as('maria').addLabels(ref, 'urgent');
  await settle();
  expect(writes()).toEqual([]);
});

test('an unknown blocker is refreshed before the comment names it', async () => {
  const { assigned, shown, writes, gitea } = await stagePublishing();
  gitea.mute(true);
  gitea.as('maria').openIssue('acme/orbit', { title: 'Never told of' });
  gitea.mute(false);
  const ref = await assigned('Waits', 'Blocked by: #1\n');
  expect(shown(ref).line).toBe('**Blocked.** Waits for acme/orbit&#35;1, which is open.');
  expect(writes()).toEqual([
    'POST /repos/acme/orbit/issues/2/comments 201',
    'POST /repos/acme/orbit/labels 201',
    'POST /repos/acme/orbit/issues/2/labels 200',
  ]);
});

test('an edit that changes nothing people see writes nothing', async () => {
  const { assigned, writes, settle, gitea } = await stagePublishing();
  const ref = await assigned('Persist the queue', 'Total estimated: 46,800 tokens');
  writes();
  gitea.as('maria').editIssue(ref, { title: 'Persist the whole queue' });
  await settle();
  expect(writes()).toEqual([]);
});

test('the comment follows the issue: edited, blocked, freed, closed, reopened, released', async () => {
  const { assigned, shown, writes, settle, gitea } = await stagePublishing();
  const blocker = await assigned('First');
  const ref = await assigned('Second', 'Total estimated: 46,800 tokens');
  const maria = gitea.as('maria');
  const seen = async (act: () => void) => {
    writes();
    act();
    await settle();
    return { ...shown(ref), writes: writes().length };
  };
  expect(
    await seen(() =>
      maria.editIssue(ref, { body: `Blocked by #1\nTotal estimated: 50,000 tokens` }),
    ),
  ).toMatchObject({ line: '**Blocked.** Waits for acme/orbit&#35;1, which is open.', comments: 1 });
  expect(gitea.commentsOf(ref)[0]?.body).toContain('50,000 tokens');
  expect(shown(ref).labels).toEqual(['coordinator/blocked']);
  expect(await seen(() => maria.close(blocker))).toMatchObject({
    line: matching(/^\*\*Ready/),
    labels: ['coordinator/ready'],
  });
  expect(gitea.commentsOf(ref)[0]?.body).toContain('Waited for acme/orbit&#35;1, which is closed.');
  expect(shown(blocker)).toMatchObject({
    labels: ['coordinator/done'],
    line: matching(/^\*\*Done\.\*\* The issue is closed\. Written by/),
  });
  expect(await seen(() => maria.close(ref))).toMatchObject({
    labels: ['coordinator/done'],
    writes: 2,
  });
  expect(await seen(() => maria.reopen(ref))).toMatchObject({
    labels: ['coordinator/ready'],
    writes: 2,
  });
  expect(await seen(() => maria.unassign(ref, giteaBot))).toMatchObject({
    labels: [],
    line: matching(/^\*\*Not planned\.\*\* The issue is not assigned to the bot\. Assign it to/),
    writes: 2,
  });
  expect(await seen(() => maria.close(ref))).toMatchObject({
    labels: [],
    line: matching(/^\*\*Done\.\*\* The issue is closed\. Written by/),
  });
  expect(await seen(() => maria.reopen(ref))).toMatchObject({ labels: [] });
  expect(await seen(() => maria.assign(ref, giteaBot))).toMatchObject({
    labels: ['coordinator/ready'],
    comments: 1,
  });
});

test('an issue that declares nothing gets one line', async () => {
  const { assigned, gitea, service } = await stagePublishing();
  const ref = await assigned('Fix a typo', 'In the second sentence of the page about tea.');
  expect(gitea.commentsOf(ref).map(({ body }) => body)).toEqual([
    `<!-- mosaic-coordinator -->\n**Ready.** Nothing is in the way: \`sonnet\` starts when it is free. Written by [Mosaic Coordinator](${service.config.giteaUrl}/${giteaBot}).\n`,
  ]);
});

test('the comment of an earlier version is edited in place', async () => {
  const { settle, gitea } = await stagePublishing();
  gitea.mute(true);
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: '' });
  const ref = 'acme/orbit#1';
  const old = gitea
    .as(giteaBot)
    .comment(
      ref,
      '<!-- mosaic-coordinator -->\n**Ready.** Nothing is in the way: `opus` can start.\n\n_How to change this:_ Edit the issue to have it planned again.\n',
    );
  gitea.mute(false);
  gitea.as('maria').assign(ref, giteaBot);
  await settle();
  expect(gitea.commentsOf(ref)).toEqual([
    expect.objectContaining({ id: old, body: matching(/`sonnet` starts when it is free/) }),
  ]);
});

test("issues that are not the bot's get nothing, and closing one before it was seen neither", async () => {
  const { settle, shown, gitea, writes } = await stagePublishing();
  gitea.as('maria').openIssue('acme/orbit', { title: 'Of nobody', body: '' });
  gitea.as('maria').openIssue('acme/orbit', { title: 'Closed', body: '', open: false });
  gitea.as('maria').close('acme/orbit#1');
  await settle();
  expect([shown('acme/orbit#1'), shown('acme/orbit#2')]).toEqual([
    { line: null, labels: [], comments: 0 },
    { line: null, labels: [], comments: 0 },
  ]);
  expect(writes()).toEqual([]);
});

test('a comment that a person deletes is made anew once, and again after a new assignment', async () => {
  const { assigned, settle, shown, gitea, writes } = await stagePublishing();
  const ref = await assigned('Persist');
  await assigned('Other');
  const maria = gitea.as('maria');
  const remove = async () => {
    for (const { id } of gitea.commentsOf(ref)) maria.deleteComment(id);
    await settle();
    return shown(ref).comments;
  };
  expect(await remove()).toBe(1);
  expect(await remove()).toBe(0);
  writes();
  maria.editIssue(ref, { body: 'Blocked by #2' });
  await settle();
  expect(shown(ref)).toEqual({ line: null, labels: ['coordinator/blocked'], comments: 0 });
  maria.unassign(ref, giteaBot);
  await settle();
  maria.assign(ref, giteaBot);
  await settle();
  expect(shown(ref).comments).toBe(1);
});

test("a person's change to our comment or label is put right", async () => {
  const { assigned, settle, shown, gitea } = await stagePublishing();
  const ref = await assigned('Persist');
  const maria = gitea.as('maria');
  const [comment] = gitea.commentsOf(ref);
  const before = comment?.body;
  maria.editComment(comment?.id ?? 0, 'Nonsense @tom');
  await settle();
  expect(gitea.commentsOf(ref).map(({ body }) => body)).toEqual([before]);
  maria.removeLabels(ref, 'coordinator/ready');
  await settle();
  expect(shown(ref).labels).toEqual(['coordinator/ready']);
  maria.setLabels(ref, 'coordinator/mine', 'urgent');
  await settle();
  expect(gitea.labelsOf(ref).toSorted()).toEqual(['coordinator/ready', 'urgent']);
});

test('a marker in a comment of somebody else is not ours', async () => {
  const { settle, shown, gitea } = await stagePublishing();
  const maria = gitea.as('maria');
  maria.openIssue('acme/orbit', { title: 'One', body: '' });
  const ref = 'acme/orbit#1';
  maria.comment(ref, '<!-- mosaic-coordinator -->\n**Ready.** I say so.');
  maria.assign(ref, giteaBot);
  await settle();
  expect(gitea.commentsOf(ref)).toHaveLength(2);
  expect(gitea.commentsOf(ref)[0]?.body).toContain('I say so.');
  expect(shown(ref).labels).toEqual(['coordinator/ready']);
});

test('of two comments of ours the oldest is kept up to date', async () => {
  const { settle, gitea, service } = await stagePublishing();
  const bot = gitea.as(giteaBot);
  gitea.mute(true);
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: '' });
  const ref = 'acme/orbit#1';
  const first = bot.comment(ref, '<!-- mosaic-coordinator v0 -->\nOld.');
  const second = bot.comment(ref, '<!-- mosaic-coordinator -->\nAlso old.');
  gitea.mute(false);
  gitea.as('maria').assign(ref, giteaBot);
  await settle();
  const bodies = gitea.commentsOf(ref).map(({ id, body }) => [id, body.split('\n')[1]]);
  expect(bodies).toEqual([
    [first, matching(/^\*\*Ready/)],
    [second, 'Also old.'],
  ]);
  expect(service.logs.filter(({ msg }) => msg?.includes('several comments'))).toHaveLength(1);
});

test('after a rename it goes on under the new name', async () => {
  const { assigned, settle, shown, gitea, writes } = await stagePublishing();
  await assigned('Persist');
  await assigned('Other');
  gitea.rename('acme/orbit', 'acme/planet');
  writes();
  const ref = 'acme/planet#1';
  gitea.as('maria').editIssue(ref, { body: 'Blocked by #2' });
  await settle();
  expect(shown(ref)).toMatchObject({ labels: ['coordinator/blocked'], comments: 1 });
  expect(writes().every((write) => write.includes('acme/planet'))).toBe(true);
});
