import { expect, onTestFinished, test } from 'vitest';

import { createGitea } from '../../src/gitea/client.ts';
import { giteaBot, giteaToken, startGitea, type FakeGitea } from '../fake-gitea/gitea.ts';
import { startService } from '../support/service.ts';

const never = new AbortController().signal;
const place = { repositoryId: 2, repository: 'acme/orbit', number: 5 };

/** The client of the bot, or of somebody else, against the stateful fake. */
async function stage(token?: string) {
  const fake = await startGitea();
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
  fake.repositories.set(3, { name: 'acme/ledger', issues: new Map() });
  const orbit = fake.repositories.get(2)?.issues;
  orbit?.set(5, { title: 'Five', body: '', assignees: [giteaBot], labels: [], open: true });
  orbit?.set(6, { title: 'Six', body: '', assignees: [], labels: [], open: true });
  const gitea = clientOf(fake.url, token ?? giteaToken);
  return { fake, gitea };
}

function clientOf(baseUrl: string, token: string) {
  const gitea = createGitea({ baseUrl, token, now: Date.now });
  onTestFinished(() => gitea.close());
  return gitea;
}

test('a comment is made, found, edited, and gone when somebody deletes it', async () => {
  const { fake, gitea } = await stage();
  const made = await gitea.createComment(place, 'One.', never);
  if (made.kind !== 'ok') throw new Error('not made');
  const { id } = made.value;
  expect(made.value).toEqual({ id, authorId: 6, body: 'One.' });
  expect(await gitea.listComments(place, never)).toEqual({ kind: 'ok', value: [made.value] });
  const edited = { kind: 'ok', value: { id, authorId: 6, body: 'Two.' } };
  expect(await gitea.editComment(place, id, 'Two.', never)).toEqual(edited);
  expect(await gitea.getComment(place, id, never)).toEqual(edited);
  fake.as('maria').deleteComment(id);
  expect(await gitea.getComment(place, id, never)).toEqual({ kind: 'missing' });
  expect(await gitea.editComment(place, id, 'Three.', never)).toEqual({ kind: 'missing' });
  expect(fake.writes.map(({ method, status }) => [method, status])).toEqual([
    ['POST', 201],
    ['PATCH', 200],
    ['PATCH', 404],
  ]);
});

test('a label of an exclusive scope replaces the other, and unknown ids are passed over', async () => {
  const { gitea } = await stage();
  const ids: number[] = [];
  for (const name of ['coordinator/ready', 'coordinator/done']) {
    const label = { name, color: '#0e8a16', description: 'd', exclusive: true };
    const made = await gitea.createRepositoryLabel(place, label, never);
    expect(made).toMatchObject({ kind: 'ok', value: { name, color: '0e8a16', exclusive: true } });
    if (made.kind === 'ok') ids.push(made.value.id);
  }
  const [ready = 0, done = 0] = ids;
  await gitea.addIssueLabel(place, ready, never);
  const both = await gitea.addIssueLabel(place, done, never);
  expect(both).toMatchObject({ kind: 'ok', value: [{ id: done, name: 'coordinator/done' }] });
  expect(await gitea.addIssueLabel(place, 99_999, never)).toEqual(both);
  expect(await gitea.removeIssueLabel(place, done, never)).toEqual({
    kind: 'ok',
    value: undefined,
  });
  expect(await gitea.removeIssueLabel(place, 99_999, never)).toMatchObject({
    kind: 'refused',
    status: 422,
  });
  expect(await gitea.listIssueLabels(place, never)).toEqual({ kind: 'ok', value: [] });
  const known = await gitea.listRepositoryLabels(place, never);
  expect(known).toMatchObject({ kind: 'ok', value: [{ id: done }, { id: ready }] });
});

test('comments on a missing issue are "missing", though Gitea says 500', async () => {
  const { gitea } = await stage();
  const nowhere = { ...place, number: 99 };
  expect(await gitea.listComments(nowhere, never)).toEqual({ kind: 'missing' });
  expect(await gitea.createComment(nowhere, 'One.', never)).toEqual({ kind: 'missing' });
});

test('dependencies are read both ways; those the bot may not see are counted', async () => {
  const { fake, gitea } = await stage();
  fake.repositories.get(3)?.issues.set(1, { title: 'Secret', labels: [], assignees: [] });
  const maria = fake.as('maria');
  maria.addDependency('acme/orbit#5', 'acme/orbit#6');
  maria.addDependency('acme/orbit#5', 'acme/ledger#1');
  const ledger = fake.repositories.get(3);
  if (ledger !== undefined) ledger.hidden = true;
  expect(await gitea.listDependencies(place, never)).toMatchObject({
    kind: 'ok',
    value: { hidden: 1, issues: [{ repositoryId: 2, number: 6, title: 'Six' }] },
  });
  expect(await gitea.listBlocks({ ...place, number: 6 }, never)).toMatchObject({
    kind: 'ok',
    value: { hidden: 0, issues: [{ number: 5 }] },
  });
  const orbit = fake.repositories.get(2);
  if (orbit !== undefined) orbit.dependenciesOff = true;
  expect(await gitea.listDependencies(place, never)).toEqual({ kind: 'missing' });
});

test('under an old name reads and writes reach the repository by its id', async () => {
  const { fake, gitea } = await stage();
  fake.rename('acme/orbit', 'acme/newname');
  expect(await gitea.createComment(place, 'One.', never)).toMatchObject({ kind: 'ok' });
  expect(await gitea.listComments(place, never)).toMatchObject({ value: [{ body: 'One.' }] });
  expect(await gitea.locate(place, never)).toEqual({
    kind: 'ok',
    value: { ...place, repository: 'acme/newname' },
  });
  expect(fake.writes.map(({ status }) => status)).toEqual([301, 201]);
});

test('a name that has passed to another repository is seen through by its id', async () => {
  const { fake, gitea } = await stage();
  fake.rename('acme/orbit', 'acme/newname');
  fake.rename('acme/ledger', 'acme/orbit');
  fake.repositories.get(3)?.issues.set(5, { title: 'Another' });
  expect(await gitea.locate(place, never)).toEqual({
    kind: 'ok',
    value: { ...place, repository: 'acme/newname' },
  });
});

test.each<[string, (fake: FakeGitea) => void]>([
  ['the issue is gone', (fake) => fake.as('maria').deleteIssue('acme/orbit#5')],
  ['the repository is gone', (fake) => void fake.repositories.delete(2)],
  [
    'renamed, and the issue is gone',
    (fake) => {
      fake.rename('acme/orbit', 'acme/newname');
      fake.as('maria').deleteIssue('acme/newname#5');
    },
  ],
  [
    'its name has passed on, and it is hidden',
    (fake) => {
      fake.rename('acme/orbit', 'acme/newname');
      fake.rename('acme/ledger', 'acme/orbit');
      fake.as('maria').openIssue('acme/orbit', { title: 'Another' });
      fake.repositories.set(2, { name: 'acme/newname', hidden: true, issues: new Map() });
    },
  ],
])('nothing is located when %s', async (_name, change) => {
  const { fake, gitea } = await stage();
  change(fake);
  expect(await gitea.locate(place, never)).toEqual({ kind: 'missing' });
  expect(await gitea.createComment({ ...place, repository: 'acme/none' }, 'x', never)).toEqual({
    kind: 'missing',
  });
});

test('what is assigned is found page by page, and what changed by its time', async () => {
  const now = Date.parse('2026-11-24T10:00:00Z');
  const fake = await startGitea({ now: () => now });
  const assignees = [giteaBot];
  const old = { assignees, labels: [], title: 'Old', updatedAt: '2026-11-24T09:00:00Z' };
  const issues = new Map(Array.from({ length: 70 }, (_, index) => [index + 1, old]));
  fake.repositories.set(2, { name: 'acme/orbit', issues });
  const gitea = clientOf(fake.url, giteaToken);
  const search = { assigned: true, state: 'open', page: 2 } as const;
  const second = await gitea.searchIssues(search, never);
  expect(second).toMatchObject({ count: 20, limit: 50, total: 70 });
  fake.as('maria').editIssue('acme/orbit#7', { title: 'New' });
  const changed = await gitea.searchIssues({ ...search, page: 1, since: now }, never);
  expect(changed).toMatchObject({ count: 1, total: 1, issues: [{ number: 7, title: 'New' }] });
});

test('hooks need an administrator; they are made, listed, edited, tested', async () => {
  const { fake, gitea } = await stage();
  const owner = { repository: 'acme/orbit' };
  const change = {
    active: true,
    events: ['issues_only', 'issue_assign'],
    url: 'http://127.0.0.1:1/hook',
    contentType: 'json',
  };
  const hook = { ...change, type: 'gitea', secret: 'hook-secret' };
  await expect(gitea.listHooks(owner, never)).rejects.toThrow(/scope/);
  const maria = clientOf(fake.url, fake.tokenOf('maria'));
  expect(await maria.createHook(owner, hook, never)).toMatchObject({
    kind: 'ok',
    value: { id: 1, active: true, events: ['issues', 'issue_assign'], contentType: 'json' },
  });
  expect(await maria.editHook(owner, 1, { ...change, active: false }, never)).toMatchObject({
    value: { active: false },
  });
  expect(await maria.listHooks(owner, never)).toMatchObject({ value: [{ id: 1, active: false }] });
  expect(await maria.testHook(owner, 1, never)).toEqual({ kind: 'ok', value: undefined });
  const orgs = { organization: 'acme' };
  expect(await maria.createHook(orgs, hook, never)).toMatchObject({ kind: 'ok', value: { id: 2 } });
  expect(await maria.testHook(orgs, 2, never)).toEqual({ kind: 'missing' });
});

test('the token tells its scopes, the server its version, the user its repositories', async () => {
  const { fake, gitea } = await stage();
  expect(await gitea.getTokenScopes(never)).toEqual([
    'write:issue',
    'read:repository',
    'read:user',
  ]);
  expect(await clientOf(fake.url, fake.tokenOf('maria')).getTokenScopes(never)).toEqual(['all']);
  expect(await gitea.getVersion(never)).toBe('1.25.4');
  expect(await gitea.listRepositories(1, never)).toMatchObject({
    count: 2,
    repositories: [{ id: 2, name: 'acme/orbit', permissions: { admin: false, push: true } }, {}],
  });
  expect(Math.abs(gitea.status().clockSkewMs ?? Infinity)).toBeLessThan(2_000);
});

test('changes are told by signed webhooks in their order, by whoever makes them', async () => {
  const { fake, gitea } = await stage();
  // Not as the option `gitea`: here the test itself writes with the bot's token.
  const env = { GITEA_URL: fake.url, GITEA_TOKEN: giteaToken };
  const service = await startService({ env });
  fake.addHook({ url: `${service.url}/webhook/gitea` });
  const maria = fake.as('maria');
  const number = maria.openIssue('acme/orbit', { title: 'New', assignees: [giteaBot] });
  const ref = `acme/orbit#${number}`;
  maria.setLabels(ref, 'a', 'b');
  maria.clearLabels(ref);
  maria.close(ref);
  await gitea.createComment({ ...place, number }, 'Seen.', never);
  await fake.settled();
  await service.idle();
  expect(fake.delivered.map(({ type, action, status }) => `${type} ${action} ${status}`)).toEqual([
    'issue_assign assigned 200',
    'issues opened 200',
    'issue_label label_updated 200',
    'issue_label label_cleared 200',
    'issues closed 200',
    'issue_comment created 200',
  ]);
  expect(fake.delivered.map(({ payload }) => payload['sender'])).toMatchObject([
    ...Array.from({ length: 5 }, () => ({ login: 'maria' })),
    { login: giteaBot },
  ]);
  expect(await service.plan(ref)).toMatchObject({ title: 'New', state: 'done' });
});
