import { expect, test } from 'vitest';

import { giteaClient as client } from '../fake-gitea/scripted-answers.ts';
import { giteaBot, startGitea } from '../fake-gitea/gitea.ts';
import { createGitea } from '../../src/gitea/client.ts';

const never = new AbortController().signal;
const commit = '1'.repeat(40);
const status = {
  state: 'failure',
  context: 'coordinator/test',
  description: '1 of 2 tests failed.',
  targetUrl: 'https://ci.example.test/7',
} as const;

async function stage(scopes: readonly string[] = ['write:repository']) {
  const gitea = await startGitea();
  const repository = { name: 'acme/orbit', issues: new Map(), commits: new Map([[commit, {}]]) };
  gitea.repositories.set(2, repository);
  const token = gitea.tokenOf(giteaBot, scopes);
  const calls = createGitea({ baseUrl: gitea.url, token, now: Date.now });
  return { gitea, calls, address: { repository: 'acme/orbit', commit } };
}

test('a status is set with its state, context, text and link', async () => {
  const { gitea, calls, address } = await stage();
  expect(await calls.hasCommit(address, never)).toBe(true);
  expect(await calls.setCommitStatus(address, status, never)).toMatchObject({ kind: 'ok' });
  const { targetUrl, ...rest } = status;
  const stored = gitea.repositories.get(2)?.statuses?.get(commit);
  expect(stored).toEqual([{ ...rest, target_url: targetUrl }]);
});

test('a commit that is not there is told before, and is a 500 after', async () => {
  const { calls } = await stage();
  const address = { repository: 'acme/orbit', commit: '2'.repeat(40) };
  expect(await calls.hasCommit(address, never)).toBe(false);
  await expect(calls.setCommitStatus(address, status, never)).rejects.toThrow('status 500');
});

test('a renamed repository is followed', async () => {
  const { gitea, calls, address } = await stage();
  gitea.rename('acme/orbit', 'acme/sun');
  expect(await calls.setCommitStatus(address, status, never)).toMatchObject({ kind: 'ok' });
  expect(gitea.repositories.get(2)?.statuses?.get(commit)).toHaveLength(1);
});

test('a token without the scope, or a user who may only read, is refused with the reason', async () => {
  const { calls, address } = await stage(['read:repository']);
  const refused = await calls.setCommitStatus(address, status, never);
  expect(refused).toMatchObject({ kind: 'refused', status: 403 });
  expect(refused).toHaveProperty('message', expect.stringContaining('write:repository'));
  const reader = await stage();
  reader.gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map(), bot: 'read' });
  const second = await reader.calls.setCommitStatus(address, status, never);
  expect(second).toMatchObject({ kind: 'refused', status: 403 });
});

test('a repository of an unusable name is missing, and reaches no URL', async () => {
  const missing = { repository: '../../admin', commit };
  const calls = client('http://127.0.0.1:9');
  expect(await calls.hasCommit(missing, never)).toBe(false);
  expect(await calls.setCommitStatus(missing, status, never)).toEqual({ kind: 'missing' });
});
