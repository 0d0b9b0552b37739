import { z } from 'zod';

import { deleteIssue, editIssue, openIssue, setAssignees, setOpen } from '../world/issues.ts';
import { issueJson } from '../world/json.ts';
import { getRepository } from '../world/state.ts';
import { GiteaRefusal, sameName } from '../world/types.ts';
import { readableRepositories, requireAccess, requireIssue, requireRepository } from './access.ts';
import {
  issuePath,
  ok,
  on,
  page,
  parse,
  repositoryPath,
  type Answer,
  type Asked,
  type Route,
} from './route.ts';

const newIssueSchema = z.object({
  title: z.string().min(1),
  body: z.string().default(''),
  assignees: z.array(z.string()).default([]),
  labels: z.array(z.int()).default([]),
});
const issueChangeSchema = z.object({
  title: z.string().optional(),
  body: z.string().optional(),
  state: z.string().optional(),
  assignees: z.array(z.string()).optional(),
});

export const issueRoutes: readonly Route[] = [
  on('GET', '/repos/issues/search', 'issue', searchIssues),
  on('GET', `${repositoryPath}/issues`, 'issue', listIssues),
  on('POST', `${repositoryPath}/issues`, 'issue', (asked, [name]) => {
    const repositoryId = requireRepository(asked, name);
    const { world, token, body } = asked;
    const made = parse(newIssueSchema, body, '[Title]: Required');
    const number = openIssue(world, token.login, repositoryId, made);
    return { status: 201, body: issueJson(world, { repositoryId, number }) };
  }),
  on('GET', issuePath, 'issue', (asked, parts) =>
    ok(issueJson(asked.world, requireIssue(asked, parts))),
  ),
  on('PATCH', issuePath, 'issue', patchIssue),
  on('DELETE', issuePath, 'issue', (asked, parts) => {
    deleteIssue(asked.world, asked.token.login, requireIssue(asked, parts));
    return { status: 204 };
  }),
];

function patchIssue(asked: Asked, parts: readonly string[]): Answer {
  const place = requireIssue(asked, parts);
  requireAccess(asked, place.repositoryId, 'write', '');
  const { title, body, state, assignees } = parse(issueChangeSchema, asked.body, '[]: invalid');
  const { world, token } = asked;
  if (state !== undefined && state !== 'open' && state !== 'closed')
    throw new GiteaRefusal(412, `unknown state: ${state}`);
  editIssue(world, token.login, place, {
    ...(title === undefined ? {} : { title }),
    ...(body === undefined ? {} : { body }),
  });
  if (assignees !== undefined) setAssignees(world, token.login, place, assignees);
  if (state !== undefined) setOpen(world, token.login, place, state === 'open');
  return { status: 201, body: issueJson(world, place) };
}

function searchIssues(asked: Asked): Answer {
  const { world, query, token } = asked;
  const since = query.get('since');
  const state = query.get('state') ?? 'open';
  const type = query.get('type');
  const found = readableRepositories(asked).flatMap((repositoryId) => {
    // Those of repositories with issues switched off, too, though a GET of one is a 404.
    const { issues } = getRepository(world, repositoryId);
    return [...issues].flatMap(([number, { isPull = false, assignees }]) => {
      const json = issueJson(world, { repositoryId, number });
      const isMeant =
        (type === null || (type === 'pulls') === isPull) &&
        (state === 'all' || json.state === state) &&
        (since === null || Date.parse(String(json.updated_at)) >= Date.parse(since)) &&
        (query.get('assigned') !== 'true' || isAssigned(assignees, token.login));
      return isMeant ? [json] : [];
    });
  });
  found.sort((a, b) => b.id - a.id);
  return page(asked, found, { counted: true });
}

function listIssues(asked: Asked, [name]: readonly string[]): Answer {
  const { world, query } = asked;
  const repositoryId = requireRepository(asked, name);
  const { issues, hasIssues } = getRepository(world, repositoryId);
  const assignee = query.get('assigned_by');
  const type = query.get('type');
  const state = query.get('state') ?? 'open';
  const people = [...issues.values()].flatMap(({ assignees }) => assignees ?? []);
  if (hasIssues === false && type === 'issues') throw new GiteaRefusal(404, 'not found');
  if (assignee !== null && !people.some((login) => sameName(login, assignee)))
    throw new GiteaRefusal(404, 'user does not exist');
  const meant = [...issues].filter(
    ([, { isPull = false, open = true, assignees }]) =>
      (type === null || (type === 'pulls') === isPull) &&
      (state === 'all' || open === (state === 'open')) &&
      (assignee === null || isAssigned(assignees, assignee)),
  );
  const numbers = meant.map(([number]) => number).sort((a, b) => b - a);
  const { body, ...answer } = page(asked, numbers, { counted: true });
  const shown = z.array(z.number()).parse(body);
  return { ...answer, body: shown.map((number) => issueJson(world, { repositoryId, number })) };
}

function isAssigned(assignees: readonly string[] | undefined, login: string): boolean {
  // Not named, they are those of the recorded issue, the bot among them.
  return assignees?.some((other) => sameName(other, login)) ?? true;
}
