import { recordedObject } from '../recorded.ts';
import { labelsOf } from './label-rows.ts';
import { commentsOf, getIssue, getRepository, permissionOf, userId, type World } from './state.ts';
import type { GiteaComment, GiteaLabel, IssuePlace } from './types.ts';

export function userJson(world: World, login: string) {
  const id = userId(world, login);
  const email = `${login}@noreply.acme.test`;
  const own = { id, login, username: login, full_name: '', email, is_admin: login === 'root1' };
  return { ...recordedObject('user'), ...own };
}

export function labelJson(label: GiteaLabel) {
  return { ...label, is_archived: false, url: '' };
}

export function repositoryJson(world: World, id: number, doer: string) {
  const repository = getRepository(world, id);
  const { name, hasIssues = true, archived = false } = repository;
  const permission = permissionOf(world, doer, id);
  return {
    ...recordedObject('repo'),
    id,
    name: name.split('/')[1],
    full_name: name,
    has_issues: hasIssues,
    default_branch: 'main',
    empty: repository.head === undefined,
    archived,
    private: repository.private === true,
    internal_tracker: { enable_issue_dependencies: repository.dependenciesOff !== true },
    permissions: {
      admin: permission === 'admin',
      push: permission === 'admin' || permission === 'write',
      pull: permission !== 'none',
    },
  };
}

export function issueJson(world: World, place: IssuePlace) {
  const issue = getIssue(world, place);
  const { repositoryId, number } = place;
  const { name: fullName } = getRepository(world, repositoryId);
  const [owner, name] = fullName.split('/');
  const base = recordedObject(issue.isPull === true ? 'issue-pull' : 'issue');
  const assignees = issue.assignees?.map((login) => userJson(world, login));
  return {
    ...base,
    id: repositoryId * 10_000 + number,
    number,
    title: issue.title ?? base['title'],
    body: issue.body ?? base['body'],
    state: issue.open === undefined ? base['state'] : issue.open ? 'open' : 'closed',
    assignee: assignees === undefined ? base['assignee'] : (assignees[0] ?? null),
    assignees:
      assignees === undefined ? base['assignees'] : assignees.length === 0 ? null : assignees,
    labels: labelsOf(world, place).map(labelJson),
    ...(issue.isPull === true
      ? {
          pull_request: {
            merged: issue.merged ?? issue.open === false,
            draft: false,
            html_url: '',
          },
        }
      : {}),
    comments: commentsOf(world, place).length,
    updated_at: issue.updatedAt ?? base['updated_at'],
    repository: { id: repositoryId, name, owner, full_name: fullName },
  };
}

export function commentJson(
  world: World,
  { id, author, body, createdAt, updatedAt }: GiteaComment,
) {
  const empty = { html_url: '', pull_request_url: '', issue_url: '', assets: [] };
  const original = { original_author: '', original_author_id: 0 };
  const times = { created_at: createdAt, updated_at: updatedAt };
  return { id, ...empty, ...original, user: userJson(world, author), body, ...times };
}
