import { expect, test } from 'vitest';

import { failing, giteaBot, startGitea, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { including } from '../../support/matching.ts';
import { apiToken } from '../../support/service.ts';
import { codeOf, startWork } from '../../support/work.ts';
import { call, tokenOf, type HeldClaim } from '../../support/workers.ts';

const hash = (digit: string) => digit.repeat(40);
const [first, head, work, empty, foreign] = ['1', '2', '3', '4', '5'].map(hash);
const zero = hash('0');

function commits() {
  return new Map([
    [first ?? '', { files: ['README.md'] }],
    [head ?? '', { parents: [first ?? ''], files: ['src/a.ts'] }],
    [work ?? '', { parents: [first ?? ''], files: ['src/b.ts'] }],
    [empty ?? '', { parents: [head ?? ''] }],
  ]);
}

async function startClaimed(env: Record<string, string> = {}) {
  const gitea = await startGitea();
  gitea.repositories.set(2, {
    ...{ name: 'acme/orbit', issues: new Map(), head: head ?? '', commits: commits() },
  });
  gitea.repositories.set(3, {
    ...{ name: 'acme/other', issues: new Map(), head: foreign ?? '' },
    commits: new Map([[foreign ?? '', { files: ['x'] }]]),
  });
  const service = await startWork({ gitea, env });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  const assignees = [giteaBot];
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: 'Difficulty: low', assignees });
  await gitea.settled();
  await service.idle();
  return { gitea, service, mine: await service.held('worker-1') };
}

type Started = Awaited<ReturnType<typeof startClaimed>>;

function complete(
  { service }: Pick<Started, 'service'>,
  held: HeldClaim,
  commit = '',
  key?: string,
) {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return call(service, 'worker-1', { held, what: 'complete', body: { commit }, headers });
}

// Case complete-with-a-commit-that-is-none.
test('a commit that is nowhere, or no change, completes nothing, and the claim goes on', async () => {
  const started = await startClaimed();
  const { service, mine } = started;
  const cases: [string | undefined, string, string][] = [
    [zero, '400 invalid_request', 'is all zeros'],
    ['deadbeef', '422 commit_not_found', 'not found in acme/orbit'],
    [foreign, '422 commit_not_found', 'not found in acme/orbit'],
    [head, '422 commit_no_change', 'no change against the default branch'],
    [first, '422 commit_no_change', 'no change against the default branch'],
    [first?.slice(0, 8), '422 commit_no_change', 'no change against the default branch'],
    [empty, '422 commit_no_change', 'no change against the default branch'],
  ];
  for (const [commit, code, words] of cases) {
    const refused = await complete(started, mine, commit, 'one-key');
    expect([commit, codeOf(refused)]).toEqual([commit, code]);
    expect(JSON.stringify(refused.json)).toContain(words);
    expect(await service.stateOf(1)).toBe('in_progress claimed');
  }
  const done = await complete(started, mine, work?.slice(0, 10).toUpperCase(), 'one-key');
  expect(done).toMatchObject({ status: 200, json: { outcome: 'completed' } });
  expect((await service.plan('acme/orbit#1'))?.reason).toEqual({
    code: 'awaiting_verification',
    text: `worker-1 says that ${work} completes it: verify that and close the issue, or resume it.`,
  });
  // The retry is the same call, and Gitea is not asked again.
  started.gitea.breakWith(failing(500));
  expect(await complete(started, mine, work?.slice(0, 10).toUpperCase(), 'one-key')).toEqual(done);
  expect(await complete(started, mine, work?.slice(0, 10))).toEqual(done);
});

test('a commit that is pushed after the refusal completes the claim', async () => {
  const started = await startClaimed();
  const late = hash('7');
  expect(codeOf(await complete(started, started.mine, late, 'k'))).toBe('422 commit_not_found');
  started.gitea.repositories.get(2)?.commits?.set(late, { parents: [head ?? ''], files: ['c'] });
  expect((await complete(started, started.mine, late, 'k')).status).toBe(200);
});

test('while Gitea does not answer it is 503, and the claim stays', async () => {
  const started = await startClaimed();
  const { gitea, service, mine } = started;
  gitea.breakWith(failing(502));
  expect(codeOf(await complete(started, mine, work))).toBe('503 gitea_unavailable');
  expect(service.logs).toContainEqual(including({ level: 'warn', code: 'gitea_unavailable' }));
  gitea.breakWith(undefined);
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  expect((await complete(started, mine, work)).status).toBe(200);
});

test('a renamed repository is followed by its id', async () => {
  const started = await startClaimed();
  started.gitea.rename('acme/orbit', 'acme/planets');
  expect((await complete(started, started.mine, work)).status).toBe(200);
});

test.each<[string, (gitea: FakeGitea) => void]>([
  [
    'the bot may not read the code',
    (gitea) => gitea.breakWith(failing(403), (_method, path) => /\/(git\/)?commits/.test(path)),
  ],
  ['the bot does not see the repository', (gitea) => gitea.breakWith(failing(404), isRepository)],
])('where %s, the reason says that nobody looked', async (_name, breakIt) => {
  const started = await startClaimed();
  breakIt(started.gitea);
  expect((await complete(started, started.mine, hash('9'))).status).toBe(200);
  expect((await started.service.plan('acme/orbit#1'))?.reason.text).toContain(
    'a commit that nobody has looked for on Gitea',
  );
});

function isRepository(_method: string, path: string): boolean {
  return path.includes('/repositories/');
}

test('without a token nobody looks, and the reason says so', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  expect((await complete({ service }, mine, work)).status).toBe(200);
  expect((await service.plan('acme/orbit#1'))?.reason.text).toContain('that nobody has looked for');
  const zeros = await complete({ service }, mine, zero);
  expect(codeOf(zeros)).toBe('400 invalid_request');
});

test('commits that were seen on Gitea do not count towards the issues that a worker has parked', async () => {
  const started = await startClaimed({
    API_TOKENS: `tests:${apiToken},worker-1:worker:${tokenOf('worker-1')}`,
  });
  const { gitea, service, mine } = started;
  const assignees = [giteaBot];
  for (let count = 1; count <= 20; count += 1)
    gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: 'Difficulty: low', assignees });
  await gitea.settled();
  await service.idle();
  expect((await complete(started, mine, work)).status).toBe(200);
  for (let count = 1; count <= 20; count += 1)
    expect((await complete(started, await service.held('worker-1'), work)).status).toBe(200);
});
