import { z } from 'zod';

import { inRepository, made, missing, ok, onIssue, page, repo } from './answers.ts';
import type { Answer, Asked, Call, InRepository, OnIssue, Route } from './answers.ts';
import { codeRoutes } from './code-routes.ts';
import { commentJson, issueJson, repositoryJson, userJson } from './json.ts';
import { botLogin, type Comment, type GiteaState, type Repository } from './state.ts';

const text = z.object({ body: z.string() });
const newLabel = z.object({
  name: z.string(),
  color: z.string().default(''),
  description: z.string().default(''),
  exclusive: z.boolean().default(false),
});
const labelIds = z.object({ labels: z.array(z.int()) });

const issue = `${repo}/issues/(\\d+)`;

/** In this order: `/repos/issues/search` looks like a repository, too. */
const routes: readonly Route[] = [
  ['GET', '/version', () => ok({ version: '1.25.4' })],
  ['GET', '/user', () => ok(userJson(botLogin))],
  ['GET', '/repos/issues/search', search],
  ['GET', '/repositories/(\\d+)', ({ state }, id) => byId(state, Number(id))],
  ['GET', repo, inRepository((_asked, { repository }) => ok(repositoryJson(repository)))],
  ['GET', `${repo}/issues`, inRepository(listIssues)],
  ['GET', issue, onIssue((_asked, found) => ok(issueJson(found.repository, found.issue)))],
  ['GET', `${issue}/(?:dependencies|blocks|timeline)`, onIssue((asked) => page(asked, []))],
  ['GET', `${issue}/comments`, inRepository(listComments)],
  ['POST', `${issue}/comments`, onIssue(addComment)],
  ['GET', `${repo}/issues/comments/(\\d+)`, inRepository(showComment)],
  ['PATCH', `${repo}/issues/comments/(\\d+)`, inRepository(editComment)],
  ['GET', `${issue}/labels`, onIssue((_asked, found) => ok(labelsOf(found)))],
  ['POST', `${issue}/labels`, onIssue(addLabels)],
  ['DELETE', `${issue}/labels/(\\d+)`, onIssue(removeLabel)],
  ['GET', `${repo}/labels`, inRepository((asked, found) => page(asked, found.repository.labels))],
  ['POST', `${repo}/labels`, inRepository(createLabel)],
  ...codeRoutes,
];
const table = routes.map(([method, path, handle]) => ({
  ...{ method, handle },
  pattern: new RegExp(`^${path}$`),
}));

/** Answers a call of the service. What the service does not ask about, this Gitea does not have. */
export function answerCall(state: GiteaState, call: Call): Answer {
  for (const { method, pattern, handle } of table) {
    const match = method === call.method ? pattern.exec(call.path) : null;
    if (match !== null) return handle({ ...call, state }, ...match.slice(1));
  }
  return missing;
}

function byId({ repositories }: GiteaState, id: number): Answer {
  const repository = repositories.find((one) => one.id === id);
  return repository === undefined ? missing : ok(repositoryJson(repository));
}

function rowsOf(repository: Repository, query: URLSearchParams, assignee: string | null) {
  const state = query.get('state') ?? 'open';
  const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
  return [...repository.issues.values()]
    .filter((one) => state === 'all' || one.open === (state === 'open'))
    .filter((one) => assignee === null || one.assignees.includes(assignee))
    .filter((one) => one.updatedAt >= since)
    .map((one) => ({ at: one.updatedAt, json: issueJson(repository, one) }));
}

function search(asked: Asked): Answer {
  const { query, state } = asked;
  if (query.get('type') === 'pulls') return page(asked, []);
  const assignee = query.get('assigned') === 'true' ? botLogin : null;
  const rows = state.repositories.flatMap((one) => rowsOf(one, query, assignee));
  return page(asked, newestFirst(rows));
}

function newestFirst(rows: ReturnType<typeof rowsOf>) {
  return rows.sort((a, b) => b.at - a.at).map(({ json }) => json);
}

function listIssues(asked: Asked, { repository }: { readonly repository: Repository }): Answer {
  const { query } = asked;
  return page(asked, newestFirst(rowsOf(repository, query, query.get('assigned_by'))));
}

function listComments({ query }: Asked, { repository, rest: [number] }: InRepository): Answer {
  const entry = repository.issues.get(Number(number)) ?? repository.pulls.get(Number(number));
  const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
  if (entry === undefined) return missing;
  return ok(entry.comments.filter(({ updatedAt }) => updatedAt >= since).map(commentJson));
}

function addComment({ state, body }: Asked, { issue: on }: OnIssue): Answer {
  const comment = {
    ...{ id: state.nextId(), author: botLogin },
    ...{ body: text.parse(body).body, updatedAt: state.now() },
  };
  on.comments.push(comment);
  return made(commentJson(comment));
}

function findComment({ repository, rest: [id] }: InRepository): Comment | undefined {
  const all = [...repository.issues.values()].flatMap(({ comments }) => comments);
  return all.find((comment) => comment.id === Number(id));
}

function showComment(_asked: Asked, found: InRepository): Answer {
  const comment = findComment(found);
  return comment === undefined ? missing : ok(commentJson(comment));
}

function editComment({ state, body }: Asked, found: InRepository): Answer {
  const comment = findComment(found);
  if (comment === undefined) return missing;
  Object.assign(comment, { body: text.parse(body).body, updatedAt: state.now() });
  return ok(commentJson(comment));
}

function labelsOf({ repository, issue: on }: OnIssue) {
  return repository.labels.filter(({ id }) => on.labels.includes(id));
}

function addLabels({ body }: Asked, found: OnIssue): Answer {
  found.issue.labels = [...new Set([...found.issue.labels, ...labelIds.parse(body).labels])];
  return ok(labelsOf(found));
}

function removeLabel(_asked: Asked, { issue: on, rest: [id] }: OnIssue): Answer {
  on.labels = on.labels.filter((label) => label !== Number(id));
  return { status: 204 };
}

function createLabel({ state, body }: Asked, { repository }: InRepository): Answer {
  const label = { id: state.nextId(), ...newLabel.parse(body) };
  repository.labels.push(label);
  return made(label);
}
