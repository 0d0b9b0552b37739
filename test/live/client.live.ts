import { expect, onTestFinished } from 'vitest';

import { createGitea } from '../../src/gitea/client.ts';
import { callGitea } from './support/call-gitea.ts';
import { liveTest } from './support/live-test.ts';
import { bot } from './support/world.ts';

const ok = (value: unknown) => ({ kind: 'ok', value });
const missing = { kind: 'missing' };
const label = {
  name: 'coordinator/ready',
  color: '0e8a16',
  description: 'Nothing is in the way',
  exclusive: true,
};

liveTest('each call of the client is answered as it reads the answers', async (world) => {
  const { maria, root } = world;
  const signal = AbortSignal.timeout(60_000);
  const gitea = clientOf(world.gitea.url, world.gitea.tokens.bot);
  const number = await maria.open({ title: 'One', body: 'Text\r\n', assignees: [bot] });
  const blocker = await maria.open({ title: 'Two' });

  expect(await gitea.getVersion(signal)).toMatch(/./);
  const user = await gitea.getUser(signal);
  expect(user.login).toBe(bot);
  // Forgejo tells no scopes; those that are needed are found by trying on both.
  const scopes = ['read:repository', 'read:user', 'write:issue'];
  const told = await gitea.getTokenScopes(signal);
  expect(told?.toSorted()).toEqual(world.gitea.isForgejo ? undefined : scopes);
  expect(await gitea.findRefusedScopes(signal)).toEqual([]);
  const reading = clientOf(world.gitea.url, await world.gitea.tokenOf('tom', ['read:issue']));
  expect((await reading.findRefusedScopes(signal)).toSorted()).toEqual(scopes);
  const found = await gitea.getRepository('acme/orbit', signal);
  if (found.kind !== 'ok') throw new Error('The repository is not there.');
  expect(found.value).toMatchObject({
    visibility: 'private',
    permissions: { push: true, admin: false },
  });
  const { repositories } = await gitea.listRepositories(1, signal);
  expect(repositories.map(({ name }) => name)).toEqual(['acme/orbit']);

  const place = { repositoryId: found.value.id, repository: 'acme/orbit', number };
  const gone = { ...place, number: 999 };
  expect(await gitea.getIssue(place, signal)).toMatchObject(
    ok({ title: 'One', open: true, assignees: [bot] }),
  );
  expect(await gitea.getIssue(gone, signal)).toEqual(missing);

  await maria.addBlocker(number, blocker);
  expect(await gitea.listDependencies(place, signal)).toMatchObject(
    ok({ issues: [{ number: blocker, open: true }], hidden: 0 }),
  );
  expect(await gitea.listBlocks({ ...place, number: blocker }, signal)).toMatchObject(
    ok({ issues: [{ number }], hidden: 0 }),
  );
  expect(await gitea.listDependencies(gone, signal)).toEqual(missing);

  const assigned = { assigned: true, state: 'open', page: 1 } as const;
  expect((await gitea.searchIssues(assigned, signal)).issues).toMatchObject([{ number }]);
  expect(await gitea.searchIssues({ ...assigned, page: 2 }, signal)).toMatchObject({ count: 0 });
  const later = Date.now() + 60_000;
  const all = { assigned: false, state: 'all', page: 1 } as const;
  expect((await gitea.searchIssues(all, signal)).count).toBe(2);
  expect((await gitea.searchIssues({ ...all, since: later }, signal)).count).toBe(0);

  expect(await gitea.listComments(place, signal)).toEqual(ok([]));
  expect(await gitea.listComments(gone, signal)).toEqual(missing);
  const made = await gitea.createComment(place, 'first\r\n', signal);
  if (made.kind !== 'ok') throw new Error('No comment was made.');
  const { id } = made.value;
  expect(made.value).toEqual({ id, authorId: user.id, body: 'first\r\n' });
  expect(await gitea.createComment(gone, 'first', signal)).toEqual(missing);
  expect(await gitea.createComment(place, '', signal)).toMatchObject({ kind: 'refused' });
  expect(await gitea.editComment(place, id, 'second', signal)).toMatchObject(
    ok({ id, body: 'second' }),
  );
  expect(await gitea.getComment(place, id, signal)).toMatchObject(ok({ id, body: 'second' }));
  await maria.deleteComment(id);
  expect(await gitea.getComment(place, id, signal)).toEqual(missing);
  expect(await gitea.editComment(place, id, 'third', signal)).toEqual(missing);

  const created = await gitea.createRepositoryLabel(place, { ...label, color: '#0e8a16' }, signal);
  if (created.kind !== 'ok') throw new Error('No label was made.');
  expect(created.value).toMatchObject(label);
  expect(await gitea.listRepositoryLabels(place, signal)).toEqual(ok([created.value]));
  expect(await gitea.addIssueLabel(place, created.value.id, signal)).toEqual(ok([created.value]));
  expect(await gitea.listIssueLabels(place, signal)).toEqual(ok([created.value]));
  expect(await gitea.removeIssueLabel(place, created.value.id, signal)).toEqual(ok(undefined));
  expect(await gitea.removeIssueLabel(place, created.value.id, signal)).toEqual(ok(undefined));

  await world.rename('other-name');
  expect(await gitea.getIssue(place, signal)).toEqual({ kind: 'moved', to: 'acme/other-name' });
  expect(await gitea.locate(place, signal)).toEqual(
    ok({ ...place, repository: 'acme/other-name' }),
  );
  expect(await gitea.createComment(place, 'under the old name', signal)).toMatchObject({
    kind: 'ok',
  });
  expect(await gitea.addIssueLabel(place, created.value.id, signal)).toMatchObject({ kind: 'ok' });
  expect((await maria.comments(number)).map(({ body }) => body)).toEqual(['under the old name']);
  // The old name passes to another repository, which must not be taken for the one of the place.
  await callGitea(root, 'POST', '/orgs/acme/repos', { name: 'orbit', private: true });
  await callGitea(root, 'PUT', `/repos/acme/orbit/collaborators/${bot}`, { permission: 'write' });
  expect(await gitea.locate(place, signal)).toEqual(
    ok({ ...place, repository: 'acme/other-name' }),
  );
  const { lastError, clockSkewMs } = gitea.status();
  expect(lastError).toBeNull();
  expect(Math.abs(clockSkewMs ?? Infinity)).toBeLessThan(2_000);
});

liveTest('the calls about hooks, with the token of somebody who may', async (world) => {
  const signal = AbortSignal.timeout(60_000);
  const bots = clientOf(world.gitea.url, world.gitea.tokens.bot);
  const roots = clientOf(world.gitea.url, world.gitea.tokens.root);
  const hook = {
    active: true,
    events: ['issues_only', 'issue_assign'],
    url: `${world.url}/webhook/gitea`,
    contentType: 'json',
  };
  const fresh = { ...hook, type: 'gitea', secret: 'a-secret-of-16-bytes' };
  for (const owner of [{ repository: 'acme/orbit' }, { organization: 'acme' }]) {
    expect(await bots.createHook(owner, fresh, signal)).toMatchObject({ kind: 'refused' });
    const made = await roots.createHook(owner, fresh, signal);
    if (made.kind !== 'ok') throw new Error('No hook was made.');
    const { id } = made.value;
    expect(made.value).toMatchObject({ active: true, url: hook.url, contentType: 'json' });
    const edited = await roots.editHook(owner, id, { ...hook, active: false }, signal);
    expect(edited).toMatchObject(ok({ id, active: false }));
    expect(await roots.listHooks(owner, signal)).toMatchObject(ok([{ id, url: hook.url }]));
  }
});

function clientOf(baseUrl: string, token: string) {
  const gitea = createGitea({ baseUrl, token, now: Date.now });
  onTestFinished(() => gitea.close());
  return gitea;
}
