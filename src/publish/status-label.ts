import type { IssueAddress, RepositoryAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaLabel } from '../gitea/schemas.ts';
import { ownLabelScope } from '../issue/own-marks.ts';
import { states, type State } from '../issue/state.ts';
import { createSerial } from '../lib/serial.ts';
import { granted, Refused } from './refused.ts';
import type { Spend } from './write-budget.ts';

/** A status label as it is created in a repository. */
export interface LabelDefinition {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly description: string;
}

/** A released issue is not the bot's and has no label. */
const definitions: Record<
  Exclude<State, 'released'>,
  readonly [color: string, description: string]
> = {
  received: ['#bfd4f2', 'Assigned to the coordinator, not read yet'],
  ready: ['#0e8a16', 'Nothing is in the way: an agent can start'],
  blocked: ['#b60205', 'Waits for something else'],
  oversized: ['#d93f0b', 'No agent can take it: split it'],
  needs_human: ['#fbca04', 'A person has to look at it'],
  in_progress: ['#1d76db', 'An agent works on it'],
  in_review: ['#0052cc', 'Gates passed: waits for the review of a person'],
  done: ['#5319e7', 'Closed'],
};

/** The label of a state; undefined for a state without one. */
export function statusLabel(state: State): LabelDefinition | undefined {
  if (state === 'released') return undefined;
  const [color, description] = definitions[state];
  return { name: `${ownLabelScope}${state}`, color, description };
}

/** All labels, for creating them in advance. */
export const statusLabels: readonly LabelDefinition[] = states.flatMap(
  (state) => statusLabel(state) ?? [],
);

export type StatusLabelGitea = Pick<
  Gitea,
  | 'addIssueLabel'
  | 'createRepositoryLabel'
  | 'listIssueLabels'
  | 'listRepositoryLabels'
  | 'removeIssueLabel'
>;

type LabelName = Pick<GiteaLabel, 'id' | 'name'>;

/**
 * Keeps at most one label of our scope on an issue: the wanted one, or none. Does not send a label that is
 * there already, since Gitea would send a webhook for it. Throws `Refused`.
 */
export function createStatusLabel(gitea: StatusLabelGitea, spend: Spend) {
  const labels = createRepositoryLabels(gitea);

  async function put(
    address: IssueAddress,
    wanted: LabelDefinition | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const present = granted(await gitea.listIssueLabels(address, signal), 'the issue').filter(
      isOwn,
    );
    const own = wanted === undefined ? present : await withLabel(address, wanted, present, signal);
    const kept = own.find(({ name }) => name === wanted?.name);
    for (const label of own) {
      if (label === kept) continue;
      spend(address, `without ${label.name}`);
      const reply = await gitea.removeIssueLabel(address, label.id, signal);
      // 422: the label was deleted in the meantime, so the issue does not have it either.
      if (reply.kind === 'refused' && reply.status !== 422)
        granted(reply, 'the removal of a label');
    }
  }

  async function withLabel(
    address: IssueAddress,
    wanted: LabelDefinition,
    present: readonly LabelName[],
    signal: AbortSignal,
  ): Promise<readonly LabelName[]> {
    if (present.some(({ name }) => name === wanted.name)) return present;
    // Gitea silently ignores an id that it no longer knows: list the labels again and retry once.
    for (const isLast of [false, true]) {
      const id = await labels.idOf(address, wanted, signal);
      spend(address, `with ${wanted.name}`);
      const after = granted(await gitea.addIssueLabel(address, id, signal), 'a label').filter(
        isOwn,
      );
      if (after.some(({ name }) => name === wanted.name)) return after;
      labels.forget(address);
      if (isLast) break;
    }
    throw new Refused('label_not_added', `Gitea did not add the label ${wanted.name}.`);
  }

  return put;
}

function isOwn({ name }: LabelName): boolean {
  return name.startsWith(ownLabelScope);
}

/** Maximum of repositories whose labels are cached; then the cache is cleared. */
const maxRepositories = 1_000;

/**
 * Finds the ids of our labels in each repository, and creates missing labels. Gitea accepts the same name
 * twice, so the labels are listed first, and one repository is handled by one call at a time.
 */
function createRepositoryLabels(gitea: StatusLabelGitea) {
  const cached = new Map<number, Map<string, number>>();
  const serially = createSerial();

  /** The id of a label, cached. Throws `Refused`. */
  function idOf(
    repository: RepositoryAddress,
    label: LabelDefinition,
    signal: AbortSignal,
  ): Promise<number> {
    return serially(String(repository.repositoryId), async () => {
      const ids = cached.get(repository.repositoryId) ?? (await list(repository, signal));
      const known = ids.get(label.name);
      if (known !== undefined) return known;
      const wanted = { ...label, exclusive: true };
      const reply = await gitea.createRepositoryLabel(repository, wanted, signal);
      const { id } = granted(reply, 'a new label');
      ids.set(label.name, id);
      return id;
    });
  }

  async function list(
    repository: RepositoryAddress,
    signal: AbortSignal,
  ): Promise<Map<string, number>> {
    const reply = await gitea.listRepositoryLabels(repository, signal);
    const labels = [...granted(reply, 'the labels of the repository')];
    // Of several labels with one name, the exclusive one counts, then the oldest: the last `set` wins.
    labels.sort((a, b) => Number(a.exclusive) - Number(b.exclusive) || b.id - a.id);
    const ids = new Map(labels.map(({ name, id }) => [name, id]));
    if (cached.size >= maxRepositories) cached.clear();
    cached.set(repository.repositoryId, ids);
    return ids;
  }

  /** Drops the cache of a repository, after somebody deleted a label. */
  function forget(repository: RepositoryAddress): void {
    cached.delete(repository.repositoryId);
  }

  return { idOf, forget };
}
