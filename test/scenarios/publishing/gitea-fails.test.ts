import { expect, test } from 'vitest';

import { failing, giteaBot } from '../../fake-gitea/gitea.ts';
import { stagePublishing } from '../../support/publishing.ts';
import { minute, publishCheck, isComment } from './checks.ts';

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

test('while Gitea does not answer at all, no single issue is put off', async () => {
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

test('to an archived repository nothing is written, until it is unarchived', async () => {
  const { assigned, gitea, clock, service, settle, shown, writes } = await stagePublishing();
  const repository = gitea.repositories.get(2);
  if (repository !== undefined) repository.archived = true;
  const ref = await assigned('One');
  expect(shown(ref)).toEqual({ line: null, labels: [], comments: 0 });
  expect(await publishCheck(service)).toMatchObject({ publish: { status: 'ok', failing: 0 } });
  clock.advance(minute);
  await settle();
  expect(writes()).toEqual([]);
  if (repository !== undefined) repository.archived = false;
  await service.reconcile();
  await settle();
  expect(shown(ref)).toMatchObject({ labels: ['coordinator/ready'], comments: 1 });
});

test('a refused publication is retried at once after a start', async () => {
  const { assigned, gitea, service, start, settle, shown } = await stagePublishing();
  const repository = gitea.repositories.get(2);
  if (repository !== undefined) repository.archived = true;
  const ref = await assigned('One');
  if (repository !== undefined) repository.archived = false;
  await service.close();
  const again = await start();
  await again.reconcile();
  await settle();
  expect(shown(ref).comments).toBe(1);
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
