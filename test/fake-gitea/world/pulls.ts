import { addComment } from './comments.ts';
import { issueJson, repositoryJson, userJson } from './json.ts';
import { getIssue, getRepository, nextId, timestamp, touch, type World } from './state.ts';
import { setOpen } from './issues.ts';
import { GiteaRefusal, type GiteaPull, type GiteaReview, type IssuePlace } from './types.ts';

/** A branch may be open once: the second pull request is refused. */
export function openPull(
  world: World,
  doer: string,
  repositoryId: number,
  { head, base, title, body }: Record<'head' | 'base' | 'title' | 'body', string>,
): IssuePlace {
  const repository = getRepository(world, repositoryId);
  const commit = repository.branches?.get(head);
  if (commit === undefined) throw new GiteaRefusal(404, 'not found');
  repository.pulls ??= new Map();
  for (const [number, pull] of repository.pulls)
    if (pull.head === head && pull.base === base && isOpen(world, { repositoryId, number }))
      throw new GiteaRefusal(409, `pull request already exists for these targets [id: ${number}]`);
  const number = Math.max(0, ...repository.issues.keys()) + 1;
  const place = { repositoryId, number };
  const updatedAt = timestamp(world);
  const issue = { title, body, open: true, isPull: true, merged: false, assignees: [], labels: [] };
  repository.issues.set(number, { ...issue, updatedAt });
  repository.pulls.set(number, { author: doer, head, base, commit, mergeable: true, reviews: [] });
  tellPull(world, doer, place, 'opened');
  return place;
}

export function editPull(world: World, doer: string, place: IssuePlace, body: string): void {
  getPull(world, place);
  touch(world, place, { body });
  tellPull(world, doer, place, 'edited');
}

/** Gitea sees no reference in code. */
function withoutCode(body: string): string {
  return body.replaceAll(/^(`{3,})[\s\S]*?^\1`*$/gm, '').replaceAll(/`[^`]*`/g, '');
}

/** A merge closes the issues that the description says it closes, and tells of the pull request first. */
export function mergePull(world: World, doer: string, place: IssuePlace): void {
  const pull = getPull(world, place);
  const repository = getRepository(world, place.repositoryId);
  touch(world, place, { open: false, merged: true });
  repository.head = pull.commit;
  tellPull(world, doer, place, 'closed');
  for (const [, number] of withoutCode(getIssue(world, place).body ?? '').matchAll(
    /\bcloses #(\d+)/gi,
  ))
    setOpen(world, doer, { repositoryId: place.repositoryId, number: Number(number) }, false);
}

export function setPullOpen(world: World, doer: string, place: IssuePlace, open: boolean): void {
  getPull(world, place);
  touch(world, place, { open });
  tellPull(world, doer, place, open ? 'reopened' : 'closed');
}

/** A review, with the event that Gitea names after its kind. */
export function reviewPull(
  world: World,
  doer: string,
  place: IssuePlace,
  review: Pick<GiteaReview, 'state' | 'body'> & Partial<Pick<GiteaReview, 'comments'>>,
): void {
  const updatedAt = timestamp(world);
  const made = { id: nextId(world), author: doer, comments: [], ...review, updatedAt };
  getPull(world, place).reviews.push(made);
  touch(world, place);
  const names = {
    APPROVED: ['pull_request_approved', 'pull_request_review_approved'],
    REQUEST_CHANGES: ['pull_request_rejected', 'pull_request_review_rejected'],
    COMMENT: ['pull_request_comment', 'pull_request_review_comment'],
  } as const;
  const [event, type] = names[review.state];
  tell(world, doer, place, { event, type, action: 'reviewed' });
}

/** New commits on a branch, and on the open pull request of it. */
export function pushTo(
  world: World,
  doer: string,
  repositoryId: number,
  branch: string,
  commit: string,
): void {
  const repository = getRepository(world, repositoryId);
  repository.branches?.set(branch, commit);
  const kind = { event: 'push', type: 'push', action: '' };
  world.webhooks.send(repositoryId, kind, {
    ref: `refs/heads/${branch}`,
    after: commit,
    repository: repositoryJson(world, repositoryId, doer),
    sender: userJson(world, doer),
  });
  for (const [number, pull] of repository.pulls ?? []) {
    const place = { repositoryId, number };
    if (pull.head !== branch || !isOpen(world, place)) continue;
    pull.commit = commit;
    touch(world, place);
    const sync = { event: 'pull_request', type: 'pull_request_sync', action: 'synchronized' };
    tell(world, doer, place, sync);
  }
}

export function commentOnPull(world: World, doer: string, place: IssuePlace, body: string): void {
  getPull(world, place);
  addComment(world, doer, place, body);
}

export function getPull(world: World, { repositoryId, number }: IssuePlace): GiteaPull {
  const pull = getRepository(world, repositoryId).pulls?.get(number);
  if (pull === undefined) throw new GiteaRefusal(404, 'not found');
  return pull;
}

export function isOpen(world: World, place: IssuePlace): boolean {
  return getIssue(world, place).open === true;
}

export function pullJson(world: World, place: IssuePlace) {
  const pull = getPull(world, place);
  const { title, body, state, updated_at } = issueJson(world, place);
  const { repositoryId, number } = place;
  const { head } = getRepository(world, repositoryId);
  const branch = (ref: string, sha: string) => ({ label: ref, ref, sha, repo_id: repositoryId });
  return {
    ...{ id: 20_000 + number, number, user: userJson(world, pull.author), title, body, state },
    ...{ labels: [], assignees: null, draft: false, is_locked: false, html_url: '' },
    ...{ mergeable: pull.mergeable, merged: getIssue(world, place).merged === true },
    base: branch(pull.base, head ?? ''),
    head: branch(pull.head, pull.commit),
    updated_at,
  };
}

export function reviewJson(world: World, review: GiteaReview) {
  const { id, author, state, body, updatedAt, comments } = review;
  return {
    ...{ id, user: userJson(world, author), team: null, state, body, stale: false },
    ...{ official: false, dismissed: false, comments_count: comments.length },
    ...{ submitted_at: updatedAt, updated_at: updatedAt },
  };
}

export function reviewCommentsJson(world: World, { author, comments, updatedAt }: GiteaReview) {
  return comments.map(({ path, line, body }, index) => ({
    ...{ id: index + 1, body, user: userJson(world, author), resolver: null, path },
    ...{ position: line, original_position: 0, created_at: updatedAt, updated_at: updatedAt },
  }));
}

function tellPull(world: World, doer: string, place: IssuePlace, action: string): void {
  tell(world, doer, place, { event: 'pull_request', type: 'pull_request', action });
}

function tell(
  world: World,
  doer: string,
  place: IssuePlace,
  kind: { readonly event: string; readonly type: string; readonly action: string },
): void {
  world.webhooks.send(place.repositoryId, kind, {
    ...{ action: kind.action, number: place.number, pull_request: pullJson(world, place) },
    repository: repositoryJson(world, place.repositoryId, doer),
    sender: userJson(world, doer),
  });
}
