import type { Dice } from '../dice.ts';
import { commentJson, issueJson, pullJson, repositoryJson, userJson } from './json.ts';
import { botLogin, findRepository, labelNamed, nextNumber } from './state.ts';
import type { GiteaState, Issue, Person, Pull, Repository, Review } from './state.ts';

interface ActsDeps {
  readonly state: GiteaState;
  readonly dice: Dice;
  /** Sends a delivery to the service. */
  readonly deliver: (delivery: Delivery) => Promise<void>;
}

/** What Gitea tells of one event, not signed yet. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly payload: object;
}

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly labels?: readonly string[];
}

export type Acts = ReturnType<typeof createActs>;

/** What people do on Gitea. Each act is told to the service by a webhook, as Gitea does. */
export function createActs({ state, dice, deliver }: ActsDeps) {
  function tell(event: string, payload: object): Promise<void> {
    const id = `${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-a${dice.hex(3)}-${dice.hex(12)}`;
    return deliver({ id, event, payload });
  }

  function tellIssue(action: string, doer: string, { repository, issue }: Place): Promise<void> {
    return tell('issues', {
      ...{ action, number: issue.number, issue: issueJson(repository, issue) },
      ...{ repository: repositoryJson(repository), sender: userJson(doer) },
    });
  }

  function tellPull(event: string, action: string, doer: string, { repository, pull }: PullPlace) {
    return tell(event, {
      ...{ action, number: pull.number, pull_request: pullJson(repository, pull) },
      ...{ repository: repositoryJson(repository), sender: userJson(doer) },
    });
  }

  function touch(entry: Issue | Pull, change: Partial<Issue & Pull>): void {
    Object.assign(entry, change, { updatedAt: state.now() });
  }

  /** Opens an issue that is assigned to the bot, and returns its number. */
  async function openIssue(name: string, by: Person, wanted: NewIssue): Promise<number> {
    const repository = repositoryNamed(name);
    const { title, body, labels = [] } = wanted;
    const issue: Issue = {
      ...{ number: nextNumber(repository), author: by, title, body, open: true },
      ...{ assignees: [botLogin], comments: [], updatedAt: state.now() },
      labels: labels.map((label) => labelNamed(state, repository, label).id),
    };
    repository.issues.set(issue.number, issue);
    await tellIssue('opened', by, { repository, issue });
    await tellIssue('assigned', by, { repository, issue });
    return issue.number;
  }

  async function edit(ref: string, by: Person, body: string): Promise<void> {
    const place = issueAt(ref);
    touch(place.issue, { body });
    await tellIssue('edited', by, place);
  }

  async function unassign(ref: string, by: Person): Promise<void> {
    const place = issueAt(ref);
    touch(place.issue, { assignees: [] });
    await tellIssue('unassigned', by, place);
  }

  async function close(ref: string, by: Person): Promise<void> {
    const place = issueAt(ref);
    touch(place.issue, { open: false });
    await tellIssue('closed', by, place);
  }

  /** Sets or removes a label. */
  async function label(ref: string, by: Person, name: string, isOn: boolean): Promise<void> {
    const place = issueAt(ref);
    const { id } = labelNamed(state, place.repository, name);
    const others = place.issue.labels.filter((one) => one !== id);
    touch(place.issue, { labels: isOn ? [...others, id] : others });
    await tellIssue('label_updated', by, place);
  }

  async function comment(ref: string, by: Person, body: string): Promise<void> {
    const { repository, issue } = issueAt(ref);
    const said = { id: state.nextId(), author: by, body, updatedAt: state.now() };
    issue.comments.push(said);
    touch(issue, {});
    await tell('issue_comment', {
      ...{ action: 'created', issue: issueJson(repository, issue), comment: commentJson(said) },
      ...{ repository: repositoryJson(repository), sender: userJson(by), is_pull: false },
    });
  }

  /** New commits of an agent on a branch; returns the hash of the newest, and that of the branch to merge it into. */
  async function push(ref: string, branch: string, files: readonly string[]) {
    const { repository } = issueAt(ref);
    const commit = dice.hex(40);
    repository.commits.set(commit, { files, isMerged: false, statuses: new Map() });
    repository.branches.set(branch, commit);
    const base = repository.head;
    await tell('push', {
      ...{ ref: `refs/heads/${branch}`, after: commit },
      ...{ repository: repositoryJson(repository), sender: userJson(botLogin) },
    });
    return { commit, base };
  }

  /** Merges a pull request; that closes the issue which its description names, as on Gitea. */
  async function merge(ref: string, by: Person): Promise<void> {
    const place = pullAt(ref);
    const { repository, pull } = place;
    const commit = repository.branches.get(pull.head) ?? '';
    const merged = repository.commits.get(commit);
    if (merged !== undefined) merged.isMerged = true;
    repository.head = commit;
    repository.branches.delete(pull.head);
    touch(pull, { open: false, merged: true });
    await tellPull('pull_request', 'closed', by, place);
    const number = /\bcloses #(\d+)/i.exec(pull.body)?.[1];
    if (number !== undefined) await close(`${repository.name}#${number}`, by);
  }

  async function closePull(ref: string, by: Person): Promise<void> {
    const place = pullAt(ref);
    touch(place.pull, { open: false });
    await tellPull('pull_request', 'closed', by, place);
  }

  async function review(
    ref: string,
    by: Person,
    said: Pick<Review, 'state' | 'body' | 'comments'>,
  ): Promise<void> {
    const place = pullAt(ref);
    const updatedAt = state.now();
    place.pull.reviews.push({ ...said, id: state.nextId(), author: by, updatedAt });
    touch(place.pull, {});
    const isApproval = said.state === 'APPROVED';
    const event = isApproval ? 'pull_request_approved' : 'pull_request_rejected';
    await tellPull(event, 'reviewed', by, place);
  }

  /** A delivery that this version of the service does not understand: it is kept as rejected. */
  async function tellNonsense(name: string): Promise<void> {
    const repository = repositoryJson(repositoryNamed(name));
    await tell('issues', { action: 'opened', issue: { number: dice.hex(6) }, repository });
  }

  function repositoryNamed(name: string): Repository {
    const found = findRepository(state, name);
    if (found === undefined) throw new RangeError(`the demo has no repository ${name}`);
    return found;
  }

  /** `acme/harbor#12` of an issue, `acme/harbor!13` of a pull request. */
  function placeOf(ref: string) {
    const [, name = '', number] = /^(.+)[#!](\d+)$/.exec(ref) ?? [];
    return { repository: repositoryNamed(name), number: Number(number) };
  }

  function issueAt(ref: string): Place {
    const { repository, number } = placeOf(ref);
    const issue = repository.issues.get(number);
    if (issue === undefined) throw new RangeError(`the demo has no issue ${ref}`);
    return { repository, issue };
  }

  function pullAt(ref: string): PullPlace {
    const { repository, number } = placeOf(ref);
    const pull = repository.pulls.get(number);
    if (pull === undefined) throw new RangeError(`the demo has no pull request ${ref}`);
    return { repository, pull };
  }

  return {
    ...{ openIssue, edit, unassign, close, label, comment, push },
    ...{ merge, closePull, review, tellNonsense, issueAt },
  };
}

export interface Place {
  readonly repository: Repository;
  readonly issue: Issue;
}
export interface PullPlace {
  readonly repository: Repository;
  readonly pull: Pull;
}
