import { recordedObject } from '../support/gitea-recorded.ts';
import { createWebhooks, type EventKind } from './gitea-webhooks.ts';

export const giteaBot = 'coordinator-bot';

export type Permission = 'none' | 'read' | 'write' | 'admin';

/** What Gitea knows of an issue; what is not named stands as in the recorded answer. */
export interface GiteaIssue {
  readonly title?: string;
  readonly body?: string;
  readonly open?: boolean;
  readonly assignees?: readonly string[];
  /** Names of labels, which the repository gets when it has none of that name, or ids. */
  readonly labels?: readonly (string | number)[];
  /** ISO 8601. */
  readonly updatedAt?: string;
  readonly isPull?: boolean;
}

export interface GiteaLabel {
  readonly id: number;
  readonly name: string;
  readonly exclusive: boolean;
  readonly color: string;
  readonly description: string;
}

export interface GiteaRepository {
  name: string;
  /** From the bot; everybody else administers every repository. */
  hidden?: boolean;
  hasIssues?: boolean;
  dependenciesOff?: boolean;
  archived?: boolean;
  /** What the bot may do; write when not named. */
  bot?: Permission;
  labels?: GiteaLabel[];
  readonly issues: Map<number, GiteaIssue>;
}

export interface Place {
  readonly repositoryId: number;
  readonly number: number;
}

export interface GiteaComment extends Place {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Refused as Gitea would; routes turn it into an answer. */
export class GiteaRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const fixedIds: Readonly<Record<string, number>> = {
  root1: 1,
  maria: 2,
  tom: 3,
  nadia: 4,
  [giteaBot]: 6,
};

export type World = ReturnType<typeof createWorld>;

/** The state of a small Gitea and what can be done to it, with the webhooks that each change sends. */
export function createWorld(now: () => number) {
  const repositories = new Map<number, GiteaRepository>();
  /** Old names, in lower case, to ids. */
  const renamed = new Map<string, number>();
  const comments = new Map<number, GiteaComment>();
  const dependencies: { readonly issue: Place; readonly on: Place }[] = [];
  const references = new Set<string>();
  const userIds = new Map(Object.entries(fixedIds));
  const webhooks = createWebhooks((repositoryId) => getRepository(repositoryId).name);
  let lastId = 1_000;

  function nextId(): number {
    lastId += 1;
    return lastId;
  }

  function timestamp(): string {
    return `${new Date(now()).toISOString().slice(0, 19)}Z`;
  }

  function userId(login: string): number {
    const key = login.toLowerCase();
    const id = userIds.get(key) ?? nextId();
    userIds.set(key, id);
    return id;
  }

  function getRepository(id: number): GiteaRepository {
    const repository = repositories.get(id);
    if (repository === undefined) throw new GiteaRefusal(404, 'not found');
    return repository;
  }

  function getIssue({ repositoryId, number }: Place): GiteaIssue {
    const issue = getRepository(repositoryId).issues.get(number);
    if (issue === undefined) throw new GiteaRefusal(404, 'not found');
    return issue;
  }

  function permissionOf(login: string, repositoryId: number): Permission {
    if (login.toLowerCase() !== giteaBot) return 'admin';
    const { hidden, bot } = getRepository(repositoryId);
    return hidden === true ? 'none' : (bot ?? 'write');
  }

  /** Changes an issue and moves its `updated_at`. */
  function touch(place: Place, change: GiteaIssue = {}): void {
    const issue = getIssue(place);
    const { issues } = getRepository(place.repositoryId);
    issues.set(place.number, { ...issue, ...change, updatedAt: timestamp() });
  }

  /** Issues named in a text are linked with where it stands, once, which moves them; no webhook. */
  function refer(source: string, from: Place, text: string): void {
    for (const { repository, number } of mentionsIn(text)) {
      const ids = [...repositories].filter(([, { name }]) => sameName(name, repository ?? ''));
      const repositoryId = repository === undefined ? from.repositoryId : ids[0]?.[0];
      if (repositoryId === undefined) continue;
      const target = { repositoryId, number };
      const key = `${source} ${repositoryId}#${number}`;
      const isThere = getRepository(repositoryId).issues.has(number);
      if (!isThere || isSame(target, from) || references.has(key)) continue;
      references.add(key);
      touch(target);
    }
  }

  function labelsOfRepository(repositoryId: number): GiteaLabel[] {
    const repository = getRepository(repositoryId);
    repository.labels ??= [];
    return repository.labels;
  }

  /** The issue's labels by name; those that tests named come into being. */
  function labelsOf(place: Place): GiteaLabel[] {
    const known = labelsOfRepository(place.repositoryId);
    const wanted = getIssue(place).labels ?? recordedLabels;
    const labels = wanted.flatMap((nameOrId) => {
      const byId = known.find(({ id, name }) => id === nameOrId || name === nameOrId);
      if (byId !== undefined || typeof nameOrId === 'number') return byId ?? [];
      return createLabel(place.repositoryId, { name: nameOrId });
    });
    return labels.sort(byName);
  }

  function createLabel(
    repositoryId: number,
    { name, color = '#ededed', description = '', exclusive = false }: Partial<GiteaLabel>,
  ): GiteaLabel {
    if (name === undefined) throw new GiteaRefusal(422, '[Name]: Required');
    if (!/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(color))
      throw new GiteaRefusal(422, `invalid color: ${color}`);
    const label = { id: nextId(), name, color: color.replace('#', ''), description, exclusive };
    labelsOfRepository(repositoryId).push(label);
    return label;
  }

  /** Ids of labels that the repository does not have are passed over; a scope keeps its last one. */
  function withLabels(place: Place, present: readonly GiteaLabel[], ids: readonly number[]) {
    const known = labelsOfRepository(place.repositoryId);
    let labels = [...present];
    for (const id of ids) {
      const added = known.find((label) => label.id === id);
      if (added === undefined || labels.includes(added)) continue;
      const scope = scopeOf(added);
      labels = labels.filter((label) => scope === undefined || scopeOf(label) !== scope);
      labels.push(added);
    }
    return labels.sort(byName);
  }

  function setLabelIds(place: Place, labels: readonly GiteaLabel[]): void {
    const ids = (list: readonly GiteaLabel[]) => list.map(({ id }) => id).join();
    if (ids(labels) !== ids(labelsOf(place))) touch(place, { labels: labels.map(({ id }) => id) });
  }

  function userJson(login: string) {
    const id = userId(login);
    const email = `${login}@noreply.acme.test`;
    const own = { id, login, username: login, full_name: '', email, is_admin: login === 'root1' };
    return { ...recordedObject('user'), ...own };
  }

  function labelJson(label: GiteaLabel) {
    return { ...label, is_archived: false, url: '' };
  }

  function repositoryJson(id: number, doer: string) {
    const repository = getRepository(id);
    const { name, hasIssues = true, archived = false } = repository;
    const permission = permissionOf(doer, id);
    return {
      ...recordedObject('repo'),
      id,
      name: name.split('/')[1],
      full_name: name,
      has_issues: hasIssues,
      archived,
      internal_tracker: { enable_issue_dependencies: repository.dependenciesOff !== true },
      permissions: {
        admin: permission === 'admin',
        push: permission === 'admin' || permission === 'write',
        pull: permission !== 'none',
      },
    };
  }

  function issueJson(place: Place) {
    const issue = getIssue(place);
    const { repositoryId, number } = place;
    const { name: fullName } = getRepository(repositoryId);
    const [owner, name] = fullName.split('/');
    const base = recordedObject(issue.isPull === true ? 'issue-pull' : 'issue');
    const assignees = issue.assignees?.map(userJson);
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
      labels: labelsOf(place).map(labelJson),
      comments: commentsOf(place).length,
      updated_at: issue.updatedAt ?? base['updated_at'],
      repository: { id: repositoryId, name, owner, full_name: fullName },
    };
  }

  function commentJson({ id, author, body, createdAt, updatedAt }: GiteaComment) {
    const empty = { html_url: '', pull_request_url: '', issue_url: '', assets: [] };
    const original = { original_author: '', original_author_id: 0 };
    const times = { created_at: createdAt, updated_at: updatedAt };
    return { id, ...empty, ...original, user: userJson(author), body, ...times };
  }

  function commentsOf(place: Place): GiteaComment[] {
    return [...comments.values()].filter((comment) => isSame(comment, place));
  }

  /** Sends what happened, as it is at this moment. */
  function tell(
    doer: string,
    place: Place,
    kind: EventKind,
    { issue = {}, ...more }: { issue?: object } & Record<string, unknown> = {},
  ): void {
    const { action } = kind;
    webhooks.send(place.repositoryId, kind, {
      action,
      number: place.number,
      issue: { ...issueJson(place), ...issue },
      repository: repositoryJson(place.repositoryId, doer),
      sender: userJson(doer),
      commit_id: '',
      ...more,
    });
  }

  function tellIssue(doer: string, place: Place, action: string, more = {}): void {
    tell(doer, place, { event: 'issues', type: 'issues', action }, more);
  }

  function tellLabels(doer: string, place: Place, action: string, more = {}): void {
    tell(doer, place, { event: 'issues', type: 'issue_label', action }, more);
  }

  function tellComment(doer: string, place: Place, action: string, more: object): void {
    const kind = { event: 'issue_comment', type: 'issue_comment', action };
    tell(doer, place, kind, { number: undefined, commit_id: undefined, is_pull: false, ...more });
  }

  /** What somebody does, by the pages or the API: the webhooks are the same. */
  function as(doer: string) {
    function openIssue(
      repositoryId: number,
      { assignees = [], labels = [], ...issue }: GiteaIssue,
    ): number {
      const { issues } = getRepository(repositoryId);
      const number = Math.max(0, ...issues.keys()) + 1;
      const place = { repositoryId, number };
      const plain = { body: '', open: true, updatedAt: timestamp() };
      issues.set(number, { ...plain, ...issue, assignees: [], labels: [] });
      addAssignees(place, assignees);
      touch(place, { labels });
      refer(`issue ${repositoryId}#${number}`, place, issue.body ?? '');
      tellIssue(doer, place, 'opened');
      if (labels.length > 0) tellLabels(doer, place, 'label_updated');
      return number;
    }

    function editIssue(place: Place, change: { title?: string; body?: string }): void {
      const { title, body } = issueJson(place);
      if (change.title !== undefined && change.title !== '' && change.title !== title) {
        touch(place, { title: change.title });
        tellIssue(doer, place, 'edited', { changes: { title: { from: title }, ...noLabels } });
      }
      // The same text again is told all the same.
      if (change.body === undefined) return;
      touch(place, { body: change.body });
      refer(`issue ${place.repositoryId}#${place.number}`, place, change.body);
      tellIssue(doer, place, 'edited', { changes: { body: { from: body }, ...noLabels } });
    }

    function setOpen(place: Place, open: boolean): void {
      if ((issueJson(place).state === 'open') === open) return;
      if (!open && dependenciesOf(place).some((on) => issueJson(on).state === 'open'))
        throw new GiteaRefusal(
          412,
          'cannot close this issue or pull request because it still has open dependencies',
        );
      touch(place, { open });
      tellIssue(doer, place, open ? 'reopened' : 'closed');
    }

    function assigneesOf(place: Place): string[] {
      const { assignees } = getIssue(place);
      return [...(assignees ?? recordedAssignees)];
    }

    function addAssignees(place: Place, logins: readonly string[]): void {
      for (const login of logins) {
        const assignees = assigneesOf(place);
        if (assignees.some((other) => sameName(other, login))) continue;
        touch(place, { assignees: [...assignees, login] });
        tell(doer, place, { event: 'issues', type: 'issue_assign', action: 'assigned' });
      }
    }

    function removeAssignees(place: Place, logins: readonly string[]): void {
      for (const login of logins) {
        const assignees = assigneesOf(place);
        const left = assignees.filter((other) => !sameName(other, login));
        if (left.length === assignees.length) continue;
        touch(place, { assignees: left });
        tell(doer, place, { event: 'issues', type: 'issue_assign', action: 'unassigned' });
      }
    }

    function setAssignees(place: Place, logins: readonly string[]): void {
      const gone = assigneesOf(place).filter((login) => !logins.some((to) => sameName(to, login)));
      removeAssignees(place, gone);
      addAssignees(place, logins);
    }

    /** Told even when nothing changes. */
    function addLabels(place: Place, ids: readonly number[]): GiteaLabel[] {
      const labels = withLabels(place, labelsOf(place), ids);
      setLabelIds(place, labels);
      tellLabels(doer, place, 'label_updated');
      return labels;
    }

    /** The payload of Gitea 1.25 lies: it lists none. */
    function replaceLabels(place: Place, ids: readonly number[]): GiteaLabel[] {
      const labels = withLabels(place, [], ids);
      setLabelIds(place, labels);
      tellLabels(doer, place, 'label_updated', { issue: { labels: [] } });
      return labels;
    }

    function removeLabel(place: Place, id: number): void {
      if (!labelsOfRepository(place.repositoryId).some((label) => label.id === id))
        throw new GiteaRefusal(422, `label does not exist [label_id: ${id}]`);
      const left = labelsOf(place).filter((label) => label.id !== id);
      setLabelIds(place, left);
      tellLabels(doer, place, 'label_updated');
    }

    /** The payload of Gitea 1.25 lies: it lists those of before. */
    function clearLabels(place: Place): void {
      const before = labelsOf(place).map(labelJson);
      setLabelIds(place, []);
      tellLabels(doer, place, 'label_cleared', { issue: { labels: before } });
    }

    function comment(place: Place, body: string): GiteaComment {
      getIssue(place);
      if (getRepository(place.repositoryId).archived === true)
        throw new GiteaRefusal(423, `${getRepository(place.repositoryId).name} is archived`);
      if (body === '') throw new GiteaRefusal(422, '[Body]: Required');
      const at = timestamp();
      const id = nextId();
      const made = { ...place, id, author: doer, body, createdAt: at, updatedAt: at };
      comments.set(id, made);
      touch(place);
      refer(`comment ${id}`, place, body);
      tellComment(doer, place, 'created', { comment: commentJson(made) });
      return made;
    }

    function getComment(id: number): GiteaComment {
      const found = comments.get(id);
      if (found === undefined) throw new GiteaRefusal(404, 'not found');
      return found;
    }

    /** Does not move the issue's `updated_at`. */
    function editComment(id: number, body: string): GiteaComment {
      const before = getComment(id);
      const { repositoryId, number } = before;
      if (getRepository(repositoryId).archived === true)
        throw new GiteaRefusal(423, `${getRepository(repositoryId).name} is archived`);
      if (body === '') throw new GiteaRefusal(422, '[Body]: Required');
      if (body === before.body) return before;
      const after = { ...before, body, updatedAt: timestamp() };
      comments.set(id, after);
      const changes = { body: { from: before.body }, ...noLabels };
      const place = { repositoryId, number };
      refer(`comment ${id}`, place, body);
      tellComment(doer, place, 'edited', { comment: commentJson(after), changes });
      return after;
    }

    function deleteComment(id: number): void {
      const gone = getComment(id);
      comments.delete(id);
      const { repositoryId, number } = gone;
      tellComment(doer, { repositoryId, number }, 'deleted', { comment: commentJson(gone) });
    }

    /** `issue` is blocked by `on`; no webhook. */
    function addDependency(issue: Place, on: Place): void {
      requireDependencies(issue);
      getIssue(on);
      if (hasDependency(issue, on)) throw new GiteaRefusal(500, '');
      if (!isSame(issue, on) && hasDependency(on, issue)) throw new GiteaRefusal(500, '');
      dependencies.push({ issue, on });
      touch(issue);
      touch(on);
    }

    function removeDependency(issue: Place, on: Place): void {
      requireDependencies(issue);
      const index = dependencies.findIndex(
        (entry) => isSame(entry.issue, issue) && isSame(entry.on, on),
      );
      if (index === -1) throw new GiteaRefusal(500, '');
      dependencies.splice(index, 1);
      touch(issue);
      touch(on);
    }

    function deleteIssue(place: Place): void {
      tellIssue(doer, place, 'deleted');
      getRepository(place.repositoryId).issues.delete(place.number);
      for (const { id } of commentsOf(place)) comments.delete(id);
      const left = dependencies.filter(
        ({ issue, on }) => !isSame(issue, place) && !isSame(on, place),
      );
      dependencies.splice(0, dependencies.length, ...left);
    }

    return {
      addAssignees,
      addDependency,
      addLabels,
      clearLabels,
      comment,
      deleteComment,
      deleteIssue,
      editComment,
      editIssue,
      getComment,
      openIssue,
      removeAssignees,
      removeDependency,
      removeLabel,
      replaceLabels,
      setAssignees,
      setOpen,
    };
  }

  function requireDependencies({ repositoryId }: Place): void {
    if (getRepository(repositoryId).dependenciesOff === true)
      throw new GiteaRefusal(404, 'not found');
  }

  function hasDependency(issue: Place, on: Place): boolean {
    return dependencies.some((entry) => isSame(entry.issue, issue) && isSame(entry.on, on));
  }

  function dependenciesOf(place: Place): Place[] {
    return dependencies.filter(({ issue }) => isSame(issue, place)).map(({ on }) => on);
  }

  function blocksOf(place: Place): Place[] {
    return dependencies.filter(({ on }) => isSame(on, place)).map(({ issue }) => issue);
  }

  /** The old name leads on, until another repository takes it. */
  function rename(repositoryId: number, name: string): void {
    const repository = getRepository(repositoryId);
    renamed.set(repository.name.toLowerCase(), repositoryId);
    renamed.delete(name.toLowerCase());
    repository.name = name;
  }

  return {
    as,
    blocksOf,
    commentJson,
    comments,
    commentsOf,
    createLabel,
    dependenciesOf,
    getIssue,
    getRepository,
    issueJson,
    labelJson,
    labelsOf,
    labelsOfRepository,
    permissionOf,
    rename,
    renamed,
    repositories,
    repositoryJson,
    requireDependencies,
    userJson,
    webhooks,
  };
}

const noLabels = { added_labels: null, removed_labels: null };
/** Of the recorded issue that stands for what a test does not name. */
const recordedLabels = ['enhancement'];
const recordedAssignees = [giteaBot, 'tom'];

/** As Gitea finds them: not in code or comments, nor where the sign is written as `&#35;` or `\#`. */
function mentionsIn(text: string): { repository: string | undefined; number: number }[] {
  const shown = text.replaceAll(/<!--[\s\S]*?-->|`[^`]*`/g, '');
  const short = shown.matchAll(/(?<![\w&\\/#.-])([\w.-]+\/[\w.-]+)?#(\d+)\b/g);
  const urls = shown.matchAll(/(?:\/|\()([\w.-]+\/[\w.-]+)\/issues\/(\d+)\b/g);
  return [...short, ...urls].map(([, repository, number]) => ({
    repository,
    number: Number(number),
  }));
}

/** As Gitea lists labels. */
export function byName(a: GiteaLabel, b: GiteaLabel): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id;
}

function isSame(a: Place, b: Place): boolean {
  return a.repositoryId === b.repositoryId && a.number === b.number;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function scopeOf({ name, exclusive }: GiteaLabel): string | undefined {
  const end = name.lastIndexOf('/');
  return exclusive && end > 0 ? name.slice(0, end) : undefined;
}
