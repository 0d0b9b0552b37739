import { expect, test } from 'vitest';

import { answerCall } from '../../../../src/cli/demo/world/gitea/routes.ts';
import { playedGitea } from './played.ts';

const name = 'acme/harbor';

/** A repository with one issue, the commit of an agent, and its pull request. */
async function play() {
  const gitea = playedGitea([name]);
  const { acts, state } = gitea;
  const call = (method: string, path: string, body?: unknown, query = '') =>
    answerCall(state, { method, path, query: new URLSearchParams(query), body });
  await acts.openIssue(name, 'maria', { title: 'One', body: '', labels: ['on hold'] });
  const { commit, base } = await acts.push(`${name}#1`, 'agent/issue-1', ['a.ts']);
  const wanted = { head: 'agent/issue-1', base: 'main', title: 'One', body: 'Closes #1' };
  call('POST', `/repos/${name}/pulls`, wanted);
  return { ...gitea, call, commit, base };
}

test('a merge closes the issue that the pull request names, and moves the branch', async () => {
  const { acts, state, events, commit, base, call } = await play();
  const [repository] = state.repositories;
  expect(base).toBe(repository?.head);
  const ahead = () => call('GET', `/repos/${name}/commits`, undefined, `sha=${commit}`).body;
  expect(ahead()).toMatchObject([{ sha: commit, files: [{ filename: 'a.ts' }] }]);
  await acts.merge(`${name}!2`, 'maria');
  expect(ahead()).toEqual([]);
  expect(repository).toMatchObject({ head: commit });
  expect(acts.issueAt(`${name}#1`).issue.open).toBe(false);
  expect(events().slice(-2)).toEqual(['pull_request closed', 'issues closed']);
});

test('a pull request that names no issue closes none, and need not have a commit', async () => {
  const { acts, state, events } = await play();
  const [repository] = state.repositories;
  const pull = repository?.pulls.get(2);
  Object.assign(pull ?? {}, { body: 'For its own sake' });
  repository?.branches.clear();
  await acts.merge(`${name}!2`, 'maria');
  expect(events().at(-1)).toBe('pull_request closed');
  expect(acts.issueAt(`${name}#1`).issue.open).toBe(true);
});

test('people unassign, label and review', async () => {
  const { acts, state, events } = await play();
  await acts.unassign(`${name}#1`, 'lena');
  await acts.label(`${name}#1`, 'lena', 'on hold', false);
  expect(acts.issueAt(`${name}#1`).issue).toMatchObject({ assignees: [], labels: [] });
  await acts.label(`${name}#1`, 'lena', 'on hold', true);
  expect(acts.issueAt(`${name}#1`).issue.labels).toHaveLength(1);
  await acts.review(`${name}!2`, 'tom', { state: 'APPROVED', body: 'Good.', comments: [] });
  await acts.closePull(`${name}!2`, 'lena');
  await acts.tellNonsense(name);
  expect(events().slice(-5)).toEqual([
    ...['issues label_updated', 'issues label_updated', 'pull_request_approved reviewed'],
    ...['pull_request closed', 'issues opened'],
  ]);
  expect(state.repositories[0]?.pulls.get(2)).toMatchObject({ open: false, merged: false });
});

test('nobody acts on what is not there', async () => {
  const { acts } = await play();
  await expect(acts.close(`${name}#9`, 'lena')).rejects.toThrow('has no issue acme/harbor#9');
  await expect(acts.merge(`${name}!9`, 'lena')).rejects.toThrow('no pull request acme/harbor!9');
  await expect(acts.close('acme/none#1', 'lena')).rejects.toThrow('no repository acme/none');
  await expect(acts.close('nothing', 'lena')).rejects.toThrow('has no repository');
});

const absent = { repo: '/repos/acme/none', issue: '/repos/acme/harbor/issues/9' };
const missing = [
  ['GET', '/nothing'],
  ['GET', absent.repo],
  ['GET', absent.issue],
  ['GET', '/repositories/99'],
  ['GET', `/repos/${name}/pulls/9`],
  ['GET', `/repos/${name}/pulls/2/reviews/77/comments`],
  ['GET', `/repos/${name}/git/commits/bbbb`],
  ['GET', `/repos/${name}/commits`],
  ['GET', `/repos/${name}/branches/gone`],
  ['GET', `/repos/${name}/issues/comments/77`],
  ['GET', `${absent.issue}/comments`],
  ['PATCH', `/repos/${name}/issues/comments/77`],
  ['POST', `/repos/${name}/statuses/bbbb`, { state: 'success', context: 'a' }],
  ['POST', `/repos/${name}/pulls`, { head: 'gone', base: 'main', title: 'T', body: '' }],
] as const;

test.each(missing)('%s %s is not found', async (method, path, body?: object) => {
  const { call } = await play();
  expect(call(method, path, body)).toMatchObject({ status: 404 });
});

test('the service is answered about issues, branches and pull requests', async () => {
  const { acts, call, commit } = await play();
  await acts.review(`${name}!2`, 'tom', {
    ...{ state: 'REQUEST_CHANGES', body: 'Why?' },
    comments: [{ path: 'a.ts', line: 3, body: 'This?' }],
  });
  const answers: readonly (readonly [string, object, string?])[] = [
    ['/repositories/11', { full_name: name }],
    [`/repos/${name}`, { full_name: name }],
    [`/repos/${name}/branches/agent%2Fissue-1`, { commit: { id: commit } }],
    [`/repos/${name}/branches`, [{ name: 'main' }, { name: 'agent/issue-1' }]],
    [`/repos/${name}/commits/bbbb/status`, { sha: '', statuses: [] }],
    [`/repos/${name}/pulls/2`, { number: 2, state: 'open', merged: false }],
    [`/repos/${name}/pulls/2/reviews`, [{ state: 'REQUEST_CHANGES', comments_count: 1 }]],
    [`/repos/${name}/pulls/2/reviews/102/comments`, [{ path: 'a.ts', body: 'This?' }]],
    [`/repos/${name}/issues/2/comments`, []],
    [`/repos/${name}/issues`, [{ number: 1 }], 'state=open'],
    [`/repos/${name}/issues`, [], 'state=closed'],
    [`/repos/${name}/issues`, [{ number: 1 }], 'assigned_by=coordinator-bot'],
    ['/repos/issues/search', [], 'type=pulls'],
    ['/repos/issues/search', [{ number: 1 }], 'state=all&limit=10&page=1'],
    ['/repos/issues/search', [], 'since=2026-01-01T00:00:00Z'],
    [`/repos/${name}/assignees`, [{ login: 'coordinator-bot' }, {}, {}, {}]],
    [`/repos/${name}/labels`, [{ name: 'on hold' }]],
    [`/repos/${name}/issues/1/dependencies`, []],
  ];
  for (const [path, expected, query] of answers) {
    const { status, body } = call('GET', path, undefined, query);
    expect([path, query, status]).toEqual([path, query, 200]);
    expect(body).toMatchObject(expected);
  }
  const patch = { body: 'Other words' };
  expect(call('PATCH', `/repos/${name}/pulls/2`, patch).body).toMatchObject({ state: 'open' });
});
