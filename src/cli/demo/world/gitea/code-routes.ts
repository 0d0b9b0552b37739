import { z } from 'zod';

import { inRepository, made, missing, ok, onPull, page, repo } from './answers.ts';
import type { Answer, Asked, InRepository, OnPull, Route } from './answers.ts';
import { pullJson, reviewCommentsJson, reviewJson, statusJson, userJson } from './json.ts';
import {
  botLogin,
  defaultBranch,
  nextNumber,
  people,
  type Pull,
  type Repository,
} from './state.ts';

const newStatus = z.object({
  state: z.string(),
  context: z.string(),
  description: z.string().default(''),
  target_url: z.string().default(''),
});
const newPull = z.object({
  head: z.string(),
  base: z.string(),
  title: z.string(),
  body: z.string(),
});
const pullChange = z.object({
  body: z.string(),
  state: z.enum(['open', 'closed']).optional(),
});

const pull = `${repo}/pulls/(\\d+)`;

/** Commits, their statuses, branches, and pull requests. */
export const codeRoutes: readonly Route[] = [
  ['GET', `${repo}/git/commits/([0-9a-f]+)`, inRepository(showCommit)],
  ['GET', `${repo}/commits`, inRepository(commitsAhead)],
  ['GET', `${repo}/commits/([0-9a-f]+)/status`, inRepository(showStatuses)],
  ['POST', `${repo}/statuses/([0-9a-f]+)`, inRepository(addStatus)],
  ['GET', `${repo}/branches`, inRepository((asked, found) => page(asked, branches(found)))],
  ['GET', `${repo}/branches/([^/]+)`, inRepository(showBranch)],
  ['GET', `${repo}/assignees`, () => ok(people.map(userJson))],
  ['GET', `${repo}/pulls`, inRepository(listPulls)],
  ['POST', `${repo}/pulls`, inRepository(createPull)],
  ['GET', pull, onPull((_asked, found) => ok(pullJson(found.repository, found.pull)))],
  ['PATCH', pull, onPull(editPull)],
  [
    'GET',
    `${pull}/reviews`,
    onPull((asked, found) => page(asked, found.pull.reviews.map(reviewJson))),
  ],
  ['GET', `${pull}/reviews/(\\d+)/comments`, onPull(reviewComments)],
];

function findCommit({ repository, rest: [start = ''] }: InRepository): string | undefined {
  return [...repository.commits.keys()].find((hash) => hash.startsWith(start));
}

function showCommit(_asked: Asked, found: InRepository): Answer {
  const sha = findCommit(found);
  return sha === undefined ? missing : ok({ sha });
}

/** What a commit has that the default branch has not. */
function commitsAhead(asked: Asked, { repository }: InRepository): Answer {
  const sha = asked.query.get('sha') ?? '';
  const commit = repository.commits.get(sha);
  if (commit === undefined) return { status: 404, body: { message: 'not found' } };
  const files = commit.files.map((filename) => ({ filename }));
  return page(asked, commit.isMerged ? [] : [{ sha, files }]);
}

function showStatuses(asked: Asked, found: InRepository): Answer {
  const sha = findCommit(found) ?? '';
  const statuses = [...(found.repository.commits.get(sha)?.statuses.values() ?? [])];
  const { body, ...rest } = page(asked, statuses.map(statusJson));
  return { ...rest, body: { sha, statuses: body } };
}

function addStatus({ body }: Asked, found: InRepository): Answer {
  const { target_url: targetUrl, ...status } = newStatus.parse(body);
  const commit = found.repository.commits.get(findCommit(found) ?? '');
  if (commit === undefined) return missing;
  commit.statuses.set(status.context, { ...status, targetUrl });
  return made(statusJson({ ...status, targetUrl }));
}

function branches({ repository }: { readonly repository: Repository }) {
  const all = [[defaultBranch, repository.head] as const, ...repository.branches];
  return all.map(([name, id]) => ({ name, commit: { id } }));
}

function showBranch(_asked: Asked, found: InRepository): Answer {
  const name = decodeURIComponent(found.rest[0] ?? '');
  const branch = branches(found).find((one) => one.name === name);
  return branch === undefined ? missing : ok(branch);
}

function listPulls(asked: Asked, { repository }: InRepository): Answer {
  const open = [...repository.pulls.values()].filter((one) => one.open);
  const rows = open.sort((a, b) => b.updatedAt - a.updatedAt);
  return page(
    asked,
    rows.map((one) => pullJson(repository, one)),
  );
}

function createPull({ state, body }: Asked, { repository }: InRepository): Answer {
  const wanted = newPull.parse(body);
  if (!repository.branches.has(wanted.head)) return missing;
  const created: Pull = {
    ...wanted,
    ...{ number: nextNumber(repository), author: botLogin, open: true, merged: false },
    ...{ updatedAt: state.now(), comments: [], reviews: [] },
  };
  repository.pulls.set(created.number, created);
  return made(pullJson(repository, created));
}

function editPull({ state, body }: Asked, { repository, pull: on }: OnPull): Answer {
  const { body: description, state: wanted } = pullChange.parse(body);
  Object.assign(on, { body: description, updatedAt: state.now() });
  if (wanted !== undefined) on.open = wanted === 'open';
  return made(pullJson(repository, on));
}

function reviewComments(_asked: Asked, { pull: on, rest: [id] }: OnPull): Answer {
  const review = on.reviews.find((one) => one.id === Number(id));
  return review === undefined ? missing : ok(reviewCommentsJson(review));
}
