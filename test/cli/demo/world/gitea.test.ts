import { expect, onTestFinished, test } from 'vitest';

import { createGitea } from '../../../../src/gitea/client.ts';
import { startDemoGitea } from '../../../../src/cli/demo/world/gitea/server.ts';

const now = () => Date.parse('2026-11-30T12:00:00Z');
const signal = AbortSignal.timeout(30_000);

async function start() {
  const gitea = await startDemoGitea(['acme/harbor'], now);
  onTestFinished(gitea.close);
  const [repository] = gitea.state.repositories;
  if (repository === undefined) throw new Error('there is no repository');
  repository.issues.set(1, {
    ...{ number: 1, author: 'maria', title: 'One', body: 'Text', open: true, updatedAt: now() },
    ...{ assignees: ['coordinator-bot'], labels: [], comments: [] },
  });
  repository.branches.set('agent/issue-1', 'a'.repeat(40));
  repository.commits.set('a'.repeat(40), {
    ...{ files: ['a.ts'], isMerged: false, statuses: new Map() },
  });
  const client = createGitea({ baseUrl: gitea.url, token: gitea.token, now });
  onTestFinished(() => client.close());
  return { gitea, repository, client, address: { repositoryId: 11, repository: 'acme/harbor' } };
}

test('the Gitea of the demo answers what the service asks', async () => {
  const { client, address } = await start();
  expect(await client.getVersion(signal)).toBe('1.25.4');
  const search = { assigned: true, state: 'open', page: 1 } as const;
  expect(await client.searchIssues(search, signal)).toMatchObject({ total: 1 });
  const issue = { ...address, number: 1 };
  const comment = await client.createComment(issue, 'Hello', signal);
  expect(comment).toMatchObject({ kind: 'ok', value: { body: 'Hello' } });
  const id = comment.kind === 'ok' ? comment.value.id : 0;
  expect(await client.getComment(issue, id, signal)).toMatchObject({ kind: 'ok' });
  expect(await client.editComment(issue, id, 'Hi', signal)).toMatchObject({ kind: 'ok' });
  expect(await client.listComments(issue, signal)).toMatchObject({ value: [{ body: 'Hi' }] });
  const wanted = { name: 'coordinator/ready', color: '#00ff00', description: '', exclusive: true };
  const label = await client.createRepositoryLabel(address, wanted, signal);
  const labelId = label.kind === 'ok' ? label.value.id : 0;
  expect(await client.addIssueLabel(issue, labelId, signal)).toMatchObject({ value: [wanted] });
  expect(await client.removeIssueLabel(issue, labelId, signal)).toMatchObject({ kind: 'ok' });
  expect(await client.listIssueLabels(issue, signal)).toMatchObject({ value: [] });
  expect(await client.listDependencies(issue, signal)).toMatchObject({ kind: 'ok' });
  expect(await client.listIssues(address, { state: 'all', page: 1 }, signal)).toMatchObject({
    value: { rows: 1 },
  });
});

test('it knows commits, statuses and pull requests', async () => {
  const { client, address, repository } = await start();
  const commit = 'a'.repeat(40);
  const check = await client.checkCommit(11, commit.slice(0, 8), signal);
  expect(check).toMatchObject({ kind: 'change', commit });
  const status = { state: 'success', context: 'coordinator/test', description: 'ok' } as const;
  const set = { repository: 'acme/harbor', commit };
  await client.setCommitStatus(set, { ...status, targetUrl: undefined }, signal);
  expect(await client.listStatuses(address, commit, signal)).toMatchObject({
    value: [{ context: 'coordinator/test', state: 'success' }],
  });
  const wanted = { head: 'agent/issue-1', base: 'main', title: 'One', body: 'Closes #1' };
  const pull = await client.createPull(address, wanted, signal);
  expect(pull).toMatchObject({ kind: 'ok', value: { number: 2, head: { commit } } });
  expect(await client.listOpenPulls(address, signal)).toMatchObject({ value: [{ number: 2 }] });
  const at = { ...address, pull: 2 };
  expect(await client.closePull(at, 'No.', signal)).toMatchObject({ value: { state: 'closed' } });
  expect(repository.pulls.get(2)?.open).toBe(false);
});

test('strangers get nothing from its API, and people read as text what links lead to', async () => {
  const { gitea, repository } = await start();
  expect((await fetch(`${gitea.url}/api/v1/user`)).status).toBe(401);
  const commit = 'a'.repeat(40);
  const read = async (path: string) => {
    const page = await fetch(gitea.url + path);
    expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    return { status: page.status, text: await page.text() };
  };
  const shows = async (path: string, text: string) => {
    const page = await read(path);
    expect([path, page.status]).toEqual([path, 200]);
    expect(page.text).toContain(text);
  };
  await shows('/', 'acme/harbor');
  await shows('/acme/harbor', 'open issues: 1, open pull requests: 0');
  await shows('/acme/harbor/issues/1', 'acme/harbor#1: One\nopen, opened by maria\n');
  await shows(`/acme/harbor/commit/${commit}`, 'on the branch agent/issue-1');
  await shows(`/acme/harbor/commit/${repository.head}`, 'merged into main');
  await shows(`/acme/harbor/src/commit/${commit}/src%2Fa.ts`, 'src/a.ts at commit aaaa');
  await shows('/acme/weather/issues/4', 'acme/weather is a repository that the bot');
  repository.branches.delete('agent/issue-1');
  repository.commits.get(commit)?.statuses.set('coordinator/test', {
    ...{ state: 'success', context: 'coordinator/test', description: 'Fine.', targetUrl: '' },
  });
  await shows(`/acme/harbor/commit/${commit}`, 'of an earlier push');
  await shows(`/acme/harbor/commit/${commit}`, 'coordinator/test: success, Fine.');
  for (const path of [
    ...['/acme', '/acme/harbor/issues/9', '/acme/harbor/wiki', '/acme/harbor/commit/aaa'],
    ...['/acme/harbor/commit/bbbbbbbb', '/acme/harbor/src/commit/bbbbbbbb/a.ts', '/acme%'],
  ])
    expect([path, (await read(path)).status]).toEqual([path, 404]);
});

test('a pull request is shown with what was said on it', async () => {
  const { gitea, repository } = await start();
  repository.pulls.set(2, {
    ...{ number: 2, author: 'maria', title: 'Pull', body: 'Closes #1', open: false, merged: true },
    ...{ head: 'agent/issue-1', base: 'main', updatedAt: now() },
    comments: [{ id: 5, author: 'tom', body: 'Fine?', updatedAt: now() }],
    reviews: [
      {
        ...{ id: 6, author: 'lena', state: 'APPROVED', body: 'Fine.', comments: [] },
        updatedAt: now(),
      },
    ],
  });
  const text = await (await fetch(`${gitea.url}/acme/harbor/pulls/2`)).text();
  for (const part of ['merged', 'branch agent/issue-1 into main', 'tom', 'lena: APPROVED'])
    expect(text).toContain(part);
});
