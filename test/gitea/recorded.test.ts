import { expect, test } from 'vitest';

import type { Gitea } from '../../src/gitea/client.ts';
import { failureOf, giteaClient, recorded, serve } from '../fake-gitea/scripted-answers.ts';

/** Each call against what Gitea 1.25.4 answered to it, odd answers included. */

const never = new AbortController().signal;
const place = { repositoryId: 2, repository: 'acme/orbit', number: 21 };
const root = '/api/v1/repos/acme/orbit';
const label = {
  name: 'agent/sonnet',
  color: '#5319e7',
  description: 'picked agent',
  exclusive: true,
};
const owner = { repository: 'acme/orbit' };
const change = {
  active: true,
  events: ['issues_only'],
  url: 'http://h.test/',
  contentType: 'json',
};
const config = { url: 'http://h.test/', content_type: 'json' };
const hook = { ...change, type: 'gitea', secret: 's3cret' };
const comment = { id: 190, authorId: 6, body: '<!-- coordinator -->\nQueued.' };

type Call = (gitea: Gitea) => Promise<unknown>;

interface Case {
  /** The recorded answer's name. */
  readonly answer: string;
  readonly call: Call;
  readonly gives: unknown;
  /** What was asked, where it is not asked in another row. */
  readonly asks?: object;
}

/** Any object with these. */
const like = (parts: object): unknown => expect.objectContaining(parts);
const refused = (status: number, message: string) => ({ kind: 'refused', status, message });
const ok = (value: unknown) => ({ kind: 'ok', value });
const missing = { kind: 'missing' };

const createComment: Call = (gitea) => gitea.createComment(place, 'Hi.', never);
const editComment: Call = (gitea) => gitea.editComment(place, 190, 'Hi.', never);
const addLabel: Call = (gitea) => gitea.addIssueLabel(place, 1, never);
const removeLabel: Call = (gitea) => gitea.removeIssueLabel(place, 1, never);
const createLabel: Call = (gitea) => gitea.createRepositoryLabel(place, label, never);
const listDependencies: Call = (gitea) => gitea.listDependencies(place, never);
const createHook: Call = (gitea) => gitea.createHook(owner, hook, never);

const cases: readonly Case[] = [
  {
    answer: 'comment-create',
    call: createComment,
    gives: ok(comment),
    asks: { method: 'POST', url: `${root}/issues/21/comments`, body: { body: 'Hi.' } },
  },
  { answer: 'comment-create-empty', call: createComment, gives: refused(422, '[Body]: Required') },
  {
    answer: 'locked-comment-reader',
    call: createComment,
    gives: refused(403, 'You cannot comment on a locked issue.'),
  },
  {
    answer: 'archived-comment',
    call: createComment,
    gives: refused(423, 'acme/vault is archived'),
  },
  {
    answer: 'scope-missing-write-issue',
    call: createComment,
    gives: refused(
      403,
      'token does not have at least one of required scope(s), required=[write:issue], token scope=read:issue',
    ),
  },
  {
    answer: 'comment-edit',
    call: editComment,
    gives: ok({ ...comment, body: 'Running.' }),
    asks: { method: 'PATCH', url: `${root}/issues/comments/190`, body: { body: 'Hi.' } },
  },
  { answer: 'comment-edit-missing', call: editComment, gives: missing },
  {
    answer: 'comment-edit-by-reader',
    call: editComment,
    gives: refused(403, 'Gitea gave no reason'),
  },
  {
    answer: 'comment-get',
    call: (gitea) => gitea.getComment(place, 190, never),
    gives: ok({ ...comment, body: 'Running.' }),
    asks: { method: 'GET', url: `${root}/issues/comments/190`, body: undefined },
  },
  {
    answer: 'comments',
    call: (gitea) => gitea.listComments(place, never),
    gives: ok([comment, { id: 191, authorId: 2, body: 'from maria' }]),
    asks: { method: 'GET', url: `${root}/issues/21/comments` },
  },
  { answer: 'comments-empty', call: (gitea) => gitea.listComments(place, never), gives: ok([]) },
  {
    answer: 'labels-issue',
    call: (gitea) => gitea.listIssueLabels(place, never),
    gives: ok([like({ id: 2, name: 'enhancement' })]),
    asks: { method: 'GET', url: `${root}/issues/21/labels` },
  },
  {
    answer: 'labels-exclusive-second',
    call: addLabel,
    gives: ok([1, 2, 6].map((id) => like({ id }))),
    asks: { method: 'POST', url: `${root}/issues/21/labels`, body: { labels: [1] } },
  },
  {
    answer: 'labels-add-unknown-id',
    call: addLabel,
    gives: ok([like({}), like({})]),
  },
  {
    answer: 'labels-add-by-reader',
    call: addLabel,
    gives: refused(403, 'write permission is required'),
  },
  { answer: 'labels-missing-issue', call: addLabel, gives: missing },
  {
    answer: 'label-remove',
    call: removeLabel,
    gives: ok(undefined),
    asks: { method: 'DELETE', url: `${root}/issues/21/labels/1`, body: undefined },
  },
  {
    answer: 'label-remove-unknown',
    call: removeLabel,
    gives: refused(422, 'label does not exist [label_id: 0]'),
  },
  {
    answer: 'labels-repo',
    call: (gitea) => gitea.listRepositoryLabels(place, never),
    gives: ok([1, 2, 3, 5, 6, 4].map((id) => like({ id }))),
    asks: { method: 'GET', url: `${root}/labels?page=1&limit=50` },
  },
  {
    answer: 'label-create',
    call: createLabel,
    gives: ok({ id: 11, ...label, color: '5319e7' }),
    asks: { method: 'POST', url: `${root}/labels`, body: label },
  },
  {
    answer: 'label-create-bad-color',
    call: createLabel,
    gives: refused(422, 'invalid color: #zzz'),
  },
  {
    answer: 'label-create-by-reader',
    call: createLabel,
    gives: refused(403, 'user should have a permission to write to a repo'),
  },
  {
    answer: 'dependencies-two',
    call: listDependencies,
    gives: ok({
      hidden: 0,
      issues: [80, 81].map((number) => like({ repository: 'acme/trials', number, open: true })),
    }),
    asks: { method: 'GET', url: `${root}/issues/21/dependencies?page=1&limit=50` },
  },
  {
    answer: 'dependencies-with-hidden',
    call: listDependencies,
    gives: ok({
      hidden: 1,
      issues: ['acme/orbit', 'acme/sandbox', 'acme/ledger'].map((repository) =>
        like({ repository }),
      ),
    }),
  },
  { answer: 'dependencies-empty', call: listDependencies, gives: ok({ hidden: 0, issues: [] }) },
  { answer: 'dependencies-off', call: listDependencies, gives: missing },
  {
    answer: 'blocks',
    call: (gitea) => gitea.listBlocks(place, never),
    gives: ok({ hidden: 0, issues: [like({ number: 80 })] }),
    asks: { method: 'GET', url: `${root}/issues/21/blocks?page=1&limit=50` },
  },
  {
    answer: 'issues-search-assigned',
    call: (gitea) => {
      const since = Date.parse('2026-11-23T09:21:51.900Z');
      return gitea.searchIssues({ assigned: true, state: 'open', since, page: 3 }, never);
    },
    gives: {
      count: 6,
      limit: 50,
      total: 6,
      issues: [1, 8, 15, 6, 5, 4].map((number) => like({ number })),
    },
    asks: {
      method: 'GET',
      url: '/api/v1/repos/issues/search?type=issues&state=open&limit=50&page=3&assigned=true&since=2026-11-23T09%3A21%3A51Z',
    },
  },
  {
    answer: 'issues-page-beyond',
    call: (gitea) => gitea.searchIssues({ assigned: false, state: 'all', page: 9 }, never),
    gives: { issues: [], count: 0, limit: 50, total: 13 },
    asks: { url: '/api/v1/repos/issues/search?type=issues&state=all&limit=50&page=9' },
  },
  {
    answer: 'hooks-list',
    call: (gitea) => gitea.listHooks(owner, never),
    gives: ok([
      like({ id: 1 }),
      {
        id: 15,
        active: true,
        type: 'gitea',
        events: ['issue_comment', 'issue_label', 'issue_assign', 'issues'],
        url: 'http://127.0.0.1:4555/api-test',
        contentType: 'json',
        branchFilter: '',
        authorizationHeader: '',
      },
    ]),
    asks: { method: 'GET', url: `${root}/hooks?page=1&limit=50` },
  },
  {
    answer: 'hook-create',
    call: createHook,
    gives: ok(like({ id: 15, active: true, contentType: 'json' })),
    asks: {
      method: 'POST',
      url: `${root}/hooks`,
      body: {
        type: 'gitea',
        active: true,
        events: ['issues_only'],
        config: { ...config, secret: 's3cret' },
      },
    },
  },
  { answer: 'hook-create-bad-url', call: createHook, gives: refused(422, 'Invalid url') },
  {
    answer: 'hook-create-not-admin',
    call: createHook,
    gives: refused(
      403,
      'user should be an owner or a collaborator with admin write of a repository',
    ),
  },
  {
    answer: 'hook-patch-secret',
    call: (gitea) => gitea.editHook({ organization: 'acme' }, 15, change, never),
    gives: ok(like({ events: ['push'] })),
    asks: {
      method: 'PATCH',
      url: '/api/v1/orgs/acme/hooks/15',
      body: { active: true, events: ['issues_only'], config },
    },
  },
  {
    answer: 'hook-test-missing',
    call: (gitea) => gitea.testHook(owner, 15, never),
    gives: missing,
    asks: { method: 'POST', url: `${root}/hooks/15/tests` },
  },
  {
    answer: 'version',
    call: (gitea) => gitea.getVersion(never),
    gives: '1.25.4',
    asks: { method: 'GET', url: '/api/v1/version' },
  },
  {
    answer: 'scope-missing-user',
    call: (gitea) => gitea.getTokenScopes(never),
    gives: ['read:issue'],
    asks: { method: 'GET', url: '/api/v1/notifications/new' },
  },
];

test.each(cases)('$answer', async ({ answer, call, gives, asks }) => {
  const server = await serve(recorded(answer));
  const gitea = giteaClient(server.url);
  expect(await call(gitea)).toEqual(gives);
  expect(server.requests).toHaveLength(1);
  if (asks !== undefined) expect(server.requests[0]).toMatchObject(asks);
  // Whatever it said, it answered.
  expect(gitea.status().lastError).toBeNull();
});

test.each<[string, Call]>([
  ['hooks-list-not-admin', (gitea) => gitea.listHooks(owner, never)],
  ['scope-missing-repository', (gitea) => gitea.getRepository('acme/orbit', never)],
])('%s: what cannot be read for want of a right waits for it', async (answer, call) => {
  const gitea = giteaClient((await serve(recorded(answer))).url);
  const failure = await failureOf(call(gitea));
  expect(failure.code).toBe('gitea_auth');
  expect(failure.message).toMatch(/owner or a collaborator|required scope/);
});

test.each<[string, Call]>([
  ['comments-missing-issue', (gitea) => gitea.listComments(place, never)],
  ['comment-create-missing-issue', createComment],
])('the 500 %s is "missing" when there is no such issue, else a failure', async (answer, call) => {
  const gone = await serve(recorded(answer), recorded('issue-missing'));
  expect(await call(giteaClient(gone.url))).toEqual(missing);
  expect(gone.requests.map(({ url }) => url)).toEqual([
    `${root}/issues/21/comments`,
    `${root}/issues/21`,
  ]);
  const there = await serve(recorded(answer), recorded('issue'));
  const gitea = giteaClient(there.url);
  expect((await failureOf(call(gitea))).code).toBe('gitea_unavailable');
  expect(gitea.status().lastError).toBe('gitea_unavailable');
  expect(there.requests).toHaveLength(2);
});

test('a 301 to a write is answered by the name that the id has now, once', async () => {
  const server = await serve(
    recorded('renamed-post-comment'),
    recorded('repo'),
    recorded('comment-create'),
  );
  expect(await createComment(giteaClient(server.url))).toEqual(ok(comment));
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `POST ${root}/issues/21/comments`,
    'GET /api/v1/repositories/2',
    `POST ${root}/issues/21/comments`,
  ]);
  const gone = await serve(recorded('renamed-post-comment'), recorded('repo-unreadable'));
  expect(await createComment(giteaClient(gone.url))).toEqual(missing);
  const circle = await serve(
    recorded('renamed-post-comment'),
    recorded('repo'),
    recorded('renamed-post-comment'),
  );
  expect((await failureOf(createComment(giteaClient(circle.url)))).code).toBe('gitea_unexpected');
  expect(circle.requests).toHaveLength(3);
});
