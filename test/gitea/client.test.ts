import { expect, test } from 'vitest';
import { z } from 'zod';

import {
  failureOf,
  floods,
  giteaClient as client,
  recorded,
  redirects,
  sends,
  serve,
  stalls,
} from '../fake-gitea/scripted-answers.ts';
import { failing, type GiteaOutage } from '../fake-gitea/gitea.ts';
import { recordedAnswer, sendRecorded } from '../fake-gitea/recorded.ts';

const never = new AbortController().signal;
const ref = { repository: 'acme/orbit', number: 5 };

test('reads a recorded issue as the snapshot an event carries', async () => {
  const server = await serve(recorded('issue'));
  const reply = await client(`${server.url}/git`).getIssue(ref, never);
  expect(reply).toMatchObject({
    kind: 'ok',
    value: {
      repositoryId: 2,
      repository: 'acme/orbit',
      number: 5,
      title: '[COORD-005] Persist deliveries before acknowledging',
      open: true,
      bodyCut: false,
      labels: ['enhancement'],
      updatedAt: Date.parse('2026-11-23T09:21:49Z'),
    },
  });
  expect(server.requests).toMatchObject([
    { url: '/git/api/v1/repos/acme/orbit/issues/5', authorization: 'token the-token' },
  ]);
});

test('a pull request is nobody’s to plan', async () => {
  const answer = recordedAnswer('issue-pull');
  const body = { ...z.looseObject({}).parse(answer.body), assignees: [{ login: 'bot' }] };
  const server = await serve((response) => sendRecorded({ ...answer, body }, response));
  const reply = await client(server.url).getIssue(ref, never);
  expect(reply).toMatchObject({ kind: 'ok', value: { number: 9, open: false, assignees: [] } });
});

test('a text of more than 1 MB is read and cut', async () => {
  const answer = recordedAnswer('issue');
  const body = { ...z.looseObject({}).parse(answer.body), body: 'ä'.repeat(1_200_000) };
  const server = await serve((response) => sendRecorded({ ...answer, body }, response));
  const reply = await client(server.url).getIssue(ref, never);
  expect(reply).toMatchObject({ kind: 'ok', value: { bodyCut: true } });
});

test('reads repositories by id and by name, and the user', async () => {
  const server = await serve(recorded('repo'), recorded('repo'), recorded('user'));
  const gitea = client(server.url);
  const repository = {
    kind: 'ok',
    value: {
      id: 2,
      name: 'acme/orbit',
      hasIssues: true,
      visibility: 'private',
      archived: false,
      permissions: { admin: false, push: true, pull: true },
    },
  };
  expect(await gitea.getRepository(2, never)).toMatchObject(repository);
  expect(await gitea.getRepository('acme/orbit', never)).toMatchObject(repository);
  expect(await gitea.getUser(never)).toMatchObject({ id: 6, login: 'coordinator-bot' });
  expect(server.requests.map(({ url }) => url)).toEqual([
    '/api/v1/repositories/2',
    '/api/v1/repos/acme/orbit',
    '/api/v1/user',
  ]);
});

test.each(['issue-missing', 'issue-deleted', 'issue-in-unreadable-repo', 'repo-unreadable'])(
  'the recorded 404 %s is "missing"',
  async (name) => {
    const server = await serve(recorded(name));
    expect(await client(server.url).getIssue(ref, never)).toEqual({ kind: 'missing' });
    expect(await client(server.url).getRepository(7, never)).toEqual({ kind: 'missing' });
    expect(server.requests).toHaveLength(2);
  },
);

test.each(['renamed-get', 'renamed-get-repo'])('%s: the new name, not followed', async (name) => {
  const server = await serve(recorded(name));
  const reply = await client(server.url).getIssue(ref, never);
  expect(reply).toEqual({ kind: 'moved', to: 'acme/newname' });
  expect(server.requests).toHaveLength(1);
});

test('a redirect to another server is not followed: only a name is taken from it', async () => {
  const other = await serve(recorded('issue'));
  const server = await serve(
    redirects(`${other.url}/api/v1/repos/acme/orbit/issues/5`),
    redirects(`${other.url}/login`),
  );
  const gitea = client(server.url);
  expect(await gitea.getIssue(ref, never)).toEqual({ kind: 'moved', to: 'acme/orbit' });
  expect((await failureOf(gitea.getIssue(ref, never))).code).toBe('gitea_unexpected');
  expect(other.requests).toHaveLength(0);
});

test.each(['../orbit', 'acme/..', './x', 'acme', 'acme/orbit/x', 'acme/or%2fbit', 'a b/c', ''])(
  'the name %o reaches no URL',
  async (repository) => {
    const server = await serve(recorded('issue'));
    const gitea = client(server.url);
    expect(await gitea.getIssue({ repository, number: 5 }, never)).toEqual({ kind: 'missing' });
    expect(await gitea.getRepository(repository, never)).toEqual({ kind: 'missing' });
    expect(server.requests).toHaveLength(0);
  },
);

test.each<[string, GiteaOutage, string, number]>([
  ['401', recorded('issue-bad-token'), 'gitea_auth', 1],
  ['a missing scope', recorded('scope-missing-read-issue'), 'gitea_auth', 1],
  ['a password to be changed', recorded('must-change-password'), 'gitea_auth', 1],
  ['500', failing(500), 'gitea_unavailable', 2],
  ['503', failing(503), 'gitea_unavailable', 2],
  ['408', failing(408), 'gitea_unavailable', 2],
  ['429', failing(429), 'gitea_unavailable', 2],
  ['405', failing(405), 'gitea_unexpected', 1],
  ['a closed connection', (response) => response.destroy(), 'gitea_unreachable', 2],
  ['HTML', sends('<html>proxy</html>', 'text/html'), 'gitea_unexpected', 1],
  ['JSON of something else', sends('{"ok":true}'), 'gitea_unexpected', 1],
  ['more than 16 MiB', floods, 'gitea_oversized', 1],
  ['no answer', () => undefined, 'gitea_timeout', 1],
  ['headers and a stalled body', stalls, 'gitea_timeout', 1],
])('%s is to be tried again later', async (_name, answer, code, requests) => {
  const server = await serve(answer);
  const gitea = client(server.url, 1_000);
  const failure = await failureOf(gitea.getIssue(ref, never));
  expect(failure.code).toBe(code);
  expect(server.requests).toHaveLength(requests);
  expect(gitea.status()).toMatchObject({ lastSuccess: null, lastError: code });
  expect(JSON.stringify([failure.message, String(failure.stack)])).not.toContain('the-token');
});

test('nobody listens', async () => {
  const gitea = client('http://127.0.0.1:1');
  expect((await failureOf(gitea.getUser(never))).code).toBe('gitea_unreachable');
});

test('an API that is not there is a wrong GITEA_URL, not a missing user', async () => {
  const server = await serve(recorded('not-found-route'));
  const gitea = client(server.url);
  expect((await failureOf(gitea.getUser(never))).code).toBe('gitea_unexpected');
  expect(gitea.status().lastError).toBe('gitea_unexpected');
});

test('one quick retry helps over a hiccup, and an hour of Retry-After is not waited for', async () => {
  const server = await serve(failing(503, { 'retry-after': '3600' }), recorded('issue'));
  const startedAt = performance.now();
  const gitea = client(server.url);
  expect(await gitea.getIssue(ref, never)).toMatchObject({ kind: 'ok' });
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(gitea.status()).toMatchObject({
    lastSuccess: '2026-11-24T10:00:00.000Z',
    lastError: null,
  });
});

test('the caller’s abort ends a call as that, not as an outage', async () => {
  const server = await serve(() => undefined);
  const gitea = client(server.url);
  const abort = new AbortController();
  const call = gitea.getIssue(ref, abort.signal);
  abort.abort(new Error('closing'));
  await expect(call).rejects.toThrow('closing');
  expect(gitea.status().lastError).toBeNull();
});
