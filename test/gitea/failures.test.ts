import { expect, onTestFinished, test } from 'vitest';

import { createGitea, type Gitea } from '../../src/gitea/client.ts';
import {
  failureOf,
  floods,
  giteaClient,
  recorded,
  redirects,
  sends,
  serve,
  stalls,
} from '../fake-gitea/scripted-answers.ts';
import {
  failing,
  giteaBot,
  giteaToken,
  startGitea,
  type GiteaOutage,
} from '../fake-gitea/gitea.ts';

const never = new AbortController().signal;
const place = { repositoryId: 2, repository: 'acme/orbit', number: 21 };
const label = { name: 'a', color: '#ffffff', description: '', exclusive: false };
const hook = { active: true, events: ['issues_only'], url: 'http://h.test/', contentType: 'json' };

type Call = (gitea: Gitea) => Promise<unknown>;

const calls: readonly (readonly [name: string, isRepeated: boolean, call: Call])[] = [
  ['GET issue', true, (gitea) => gitea.getIssue(place, never)],
  ['GET comments', true, (gitea) => gitea.listComments(place, never)],
  ['GET dependencies', true, (gitea) => gitea.listDependencies(place, never)],
  ['GET search', true, (gitea) => gitea.searchIssues(firstPage, never)],
  ['POST comment', false, (gitea) => gitea.createComment(place, 'x', never)],
  ['PATCH comment', false, (gitea) => gitea.editComment(place, 1, 'x', never)],
  ['POST issue label', false, (gitea) => gitea.addIssueLabel(place, 1, never)],
  ['DELETE issue label', true, (gitea) => gitea.removeIssueLabel(place, 1, never)],
  ['POST label', false, (gitea) => gitea.createRepositoryLabel(place, label, never)],
  ['PATCH hook', false, (gitea) => gitea.editHook({ organization: 'acme' }, 1, hook, never)],
];
const firstPage = { assigned: true, state: 'open', page: 1 } as const;

interface Outage {
  readonly name: string;
  readonly answer: GiteaOutage;
  readonly code: string;
  /** Whether it may pass at once. */
  readonly passes: boolean;
}

const outages: readonly Outage[] = [
  { name: 'no answer', answer: () => undefined, code: 'gitea_timeout', passes: false },
  { name: 'a body that stalls', answer: stalls, code: 'gitea_timeout', passes: false },
  { name: 'a 503 that stalls', answer: stallingWith(503), code: 'gitea_unavailable', passes: true },
  { name: 'a 401 that stalls', answer: stallingWith(401), code: 'gitea_auth', passes: false },
  { name: 'a 502 of 17 MiB', answer: floodingWith(502), code: 'gitea_unavailable', passes: true },
  { name: 'a reset', answer: (it) => it.destroy(), code: 'gitea_unreachable', passes: true },
  { name: '408', answer: failing(408), code: 'gitea_unavailable', passes: true },
  { name: '429', answer: failing(429), code: 'gitea_unavailable', passes: true },
  { name: '502', answer: failing(502), code: 'gitea_unavailable', passes: true },
  { name: '401', answer: failing(401), code: 'gitea_auth', passes: false },
  { name: '405', answer: failing(405), code: 'gitea_unexpected', passes: false },
  {
    name: 'a page of a proxy',
    answer: sends('<html>Welcome</html>', 'text/html'),
    code: 'gitea_unexpected',
    passes: false,
  },
  {
    name: 'a 404 of a proxy',
    answer: sends('<html>Not here</html>', 'text/html', 404),
    code: 'gitea_unexpected',
    passes: false,
  },
  { name: 'half of a JSON', answer: sends('[{"id":1'), code: 'gitea_unexpected', passes: false },
  { name: 'more than 16 MiB', answer: floods, code: 'gitea_oversized', passes: false },
  {
    name: 'a redirect to elsewhere',
    answer: redirects('https://elsewhere.test/login'),
    code: 'gitea_unexpected',
    passes: false,
  },
];

test.each(outages)(
  '$name fails every call; only what may be made twice is',
  async ({ answer, code, passes }) => {
    await Promise.all(
      calls.map(async ([name, isRepeated, call]) => {
        const server = await serve(answer);
        const gitea = giteaClient(server.url, code === 'gitea_timeout' ? 300 : 5_000);
        const failure = await failureOf(call(gitea));
        expect([name, failure.code]).toEqual([name, code]);
        expect([name, server.requests.length]).toEqual([name, passes && isRepeated ? 2 : 1]);
        expect(gitea.status().lastError).toBe(code);
        expect(`${failure.message}${failure.stack ?? ''}`).not.toContain('the-token');
      }),
    );
  },
);

test('a comment whose answer gets lost is made once, and the caller is told to look', async () => {
  const { fake, gitea } = await stage();
  fake.loseAnswers((method) => method === 'POST');
  const failure = await failureOf(gitea.createComment(place, 'One.', never));
  expect(failure.code).toBe('gitea_unreachable');
  expect(await gitea.listComments(place, never)).toMatchObject({ value: [{ body: 'One.' }] });
  expect(fake.writes).toHaveLength(1);
});

test('an hour of Retry-After is not waited for', async () => {
  const server = await serve(failing(429, { 'retry-after': '3600' }), recorded('comments'));
  const startedAt = performance.now();
  expect(await giteaClient(server.url).listComments(place, never)).toMatchObject({ kind: 'ok' });
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

test('a connection that Gitea closed while it idled costs a read nothing', async () => {
  const { fake, gitea } = await stage();
  await gitea.getIssue(place, never);
  await fake.stop();
  await fake.restart();
  expect(await gitea.getIssue(place, never)).toMatchObject({ kind: 'ok' });
});

test('what Gitea says comes as one line of bounded length', async () => {
  const message = `no\r\n\u0000\u001b[31mred\u2028\u202e${'x'.repeat(2_000)}`;
  const server = await serve(sends(JSON.stringify({ message }), 'application/json', 422));
  const reply = await giteaClient(server.url).createComment(place, 'x', never);
  expect(reply).toEqual({
    kind: 'refused',
    status: 422,
    message: `no [31mred ${'x'.repeat(288)}…`,
  });
});

test('many calls at once share ten connections', async () => {
  const { fake, gitea } = await stage();
  await Promise.all(Array.from({ length: 40 }, () => gitea.getIssue(place, never)));
  expect(fake.mostAtOnce()).toBeLessThanOrEqual(10);
  expect(fake.mostAtOnce()).toBeGreaterThan(1);
});

test('after the close there is no call any more', async () => {
  const { fake, gitea } = await stage();
  await gitea.getIssue(place, never);
  const before = fake.requests.length;
  await gitea.close();
  expect((await failureOf(gitea.getIssue(place, never))).code).toBe('gitea_unreachable');
  expect(fake.requests).toHaveLength(before);
});

test('how far Gitea’s clock is off is told to about a second', async () => {
  const now = () => Date.now() + 3_600_000;
  const fake = await startGitea({ now });
  const gitea = clientOf(fake.url);
  expect(gitea.status().clockSkewMs).toBeNull();
  await gitea.getVersion(never);
  expect(Math.abs((gitea.status().clockSkewMs ?? 0) - 3_600_000)).toBeLessThan(1_500);
});

test('a server that knows no API is a wrong GITEA_URL, and tells no scopes', async () => {
  const server = await serve(sends('{"message":"not found"}', 'application/json', 404));
  const gitea = giteaClient(server.url);
  for (const call of [
    () => gitea.getUser(never),
    () => gitea.getVersion(never),
    () => gitea.listRepositories(1, never),
    () => gitea.searchIssues(firstPage, never),
  ])
    expect((await failureOf(call())).code).toBe('gitea_unexpected');
  expect(await gitea.getTokenScopes(never)).toBeUndefined();
});

test('a user who must change the password is told as that by every question', async () => {
  const gitea = giteaClient((await serve(recorded('must-change-password'))).url);
  expect((await failureOf(gitea.getTokenScopes(never))).message).toContain('change your password');
  expect((await failureOf(gitea.getUser(never))).message).toContain('change your password');
});

test('pages are read to the end, also of a server that gives fewer rows, and up to a bound', async () => {
  const fake = await startGitea({ maxRows: 20 });
  const issues = new Map([[21, { assignees: [], labels: [] }]]);
  const labels = Array.from({ length: 45 }, (_, index) => ({ ...label, id: index + 1 }));
  fake.repositories.set(2, { name: 'acme/orbit', issues, labels });
  const gitea = clientOf(fake.url);
  const all = await gitea.listRepositoryLabels(place, never);
  expect(all).toMatchObject({ kind: 'ok', value: { length: 45 } });
  // As a server does that takes no notice of `page`.
  const row = { id: 1, name: 'x', color: 'ffffff' };
  const endless = await serve(sends(JSON.stringify(Array.from({ length: 50 }, () => row))));
  const reply = await giteaClient(endless.url).listRepositoryLabels(place, never);
  expect(reply).toMatchObject({ kind: 'ok', value: [{ id: 1 }] });
  expect(endless.requests).toHaveLength(20);
});

test.each([
  '../orbit',
  'acme/..',
  'acme',
  'acme/orbit/x',
  'acme/or%2fbit',
  'a b/c',
  'acme\n/x',
  '',
])('no write goes to the name %o', async (repository) => {
  const { fake, gitea } = await stage();
  const odd = { ...place, repository };
  expect(await gitea.createComment(odd, 'x', never)).toEqual({ kind: 'missing' });
  expect(await gitea.addIssueLabel(odd, 1, never)).toEqual({ kind: 'missing' });
  expect(await gitea.listHooks({ organization: repository.replace('acme', '.') }, never)).toEqual({
    kind: 'missing',
  });
  expect(fake.requests).toHaveLength(0);
});

function stallingWith(status: number): GiteaOutage {
  return (response) => {
    response.writeHead(status);
    response.write('x');
  };
}

function floodingWith(status: number): GiteaOutage {
  return sends('x'.repeat(17 * 1024 * 1024), 'text/html', status);
}

async function stage() {
  const fake = await startGitea();
  const issue = { title: 'T', body: '', assignees: [giteaBot], labels: [], open: true };
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map([[21, issue]]) });
  return { fake, gitea: clientOf(fake.url) };
}

function clientOf(baseUrl: string) {
  const gitea = createGitea({ baseUrl, token: giteaToken, now: Date.now });
  onTestFinished(() => gitea.close());
  return gitea;
}
