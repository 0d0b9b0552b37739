import { isoTime } from '../../../../issue/iso-time.ts';
import { defaultBranch, people } from './state.ts';
import type { Comment, Issue, Pull, Repository, Review, Status } from './state.ts';

/** The answers and payloads of Gitea, with the keys that the service reads. */

/** Gitea's times have whole seconds. */
const time = (ms: number) => isoTime(Math.floor(ms / 1_000) * 1_000);

export function userJson(login: string) {
  return { id: people.findIndex((name) => name === login) + 1, login, username: login };
}

export function repositoryJson({ id, name: full_name }: Repository) {
  const [owner, name] = full_name.split('/');
  return {
    ...{ id, name, full_name, owner: { login: owner, visibility: 'public' } },
    ...{ private: false, internal: false, archived: false, empty: false, has_issues: true },
    default_branch: defaultBranch,
    permissions: { admin: false, push: true, pull: true },
    internal_tracker: { enable_issue_dependencies: true },
  };
}

export function issueJson(repository: Repository, issue: Issue) {
  const { number, title, body, open, assignees, updatedAt, comments } = issue;
  const { id, name, full_name, owner } = repositoryJson(repository);
  return {
    ...{ id: id * 10_000 + number, number, title, body, state: open ? 'open' : 'closed' },
    user: userJson(issue.author),
    assignees: assignees.length === 0 ? null : assignees.map(userJson),
    labels: repository.labels.filter((label) => issue.labels.includes(label.id)),
    ...{ pull_request: null, comments: comments.length, updated_at: time(updatedAt) },
    repository: { id, name, full_name, owner: owner.login },
  };
}

export function pullJson(repository: Repository, pull: Pull) {
  const { number, title, body, open, merged, updatedAt } = pull;
  const branch = (ref: string, sha: string) => ({ label: ref, ref, sha, repo_id: repository.id });
  return {
    ...{
      id: repository.id * 20_000 + number,
      number,
      title,
      body,
      state: open ? 'open' : 'closed',
    },
    ...{ user: userJson(pull.author), draft: false, merged, mergeable: open },
    ...{ labels: [], assignees: null, updated_at: time(updatedAt) },
    base: branch(pull.base, repository.head),
    head: branch(pull.head, repository.branches.get(pull.head) ?? ''),
  };
}

export function commentJson({ id, author, body, updatedAt }: Comment) {
  return {
    id,
    body,
    user: userJson(author),
    created_at: time(updatedAt),
    updated_at: time(updatedAt),
  };
}

export function reviewJson({ id, author, state, body, comments, updatedAt }: Review) {
  return {
    ...{ id, user: userJson(author), state, body, dismissed: false, stale: false },
    ...{ comments_count: comments.length, updated_at: time(updatedAt) },
  };
}

export function reviewCommentsJson({ author, comments, updatedAt }: Review) {
  return comments.map(({ path, line, body }, index) => ({
    ...{ id: index + 1, body, path, position: line, original_position: 0 },
    ...{ user: userJson(author), resolver: null, updated_at: time(updatedAt) },
  }));
}

export function statusJson({ state, context, description, targetUrl }: Status) {
  return { status: state, context, description, target_url: targetUrl };
}
