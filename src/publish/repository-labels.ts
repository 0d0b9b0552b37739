import type { StatusLabel } from './status-labels.ts';
import type { PublishGitea, RepositoryPlace } from './gitea.ts';
import { granted } from './refused.ts';

/** Repositories whose labels are remembered; then they are asked for again. */
const repositoriesKept = 1_000;

type LabelGitea = Pick<PublishGitea, 'createRepositoryLabel' | 'listRepositoryLabels'>;

/**
 * The ids of our labels in each repository, created where they are missing. Gitea takes the same name
 * twice, so it is looked first, and in one repository one at a time.
 */
export function createRepositoryLabels(gitea: LabelGitea) {
  const known = new Map<number, Map<string, number>>();
  const turns = new Map<number, Promise<unknown>>();

  /** The id of this label; remembered after the first time. Throws `Refused`. */
  function idOf(place: RepositoryPlace, label: StatusLabel, signal: AbortSignal): Promise<number> {
    const turn = (turns.get(place.repositoryId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => findOrCreate(place, label, signal));
    turns.set(place.repositoryId, turn);
    return turn.finally(() => {
      if (turns.get(place.repositoryId) === turn) turns.delete(place.repositoryId);
    });
  }

  async function findOrCreate(
    place: RepositoryPlace,
    label: StatusLabel,
    signal: AbortSignal,
  ): Promise<number> {
    const ids = known.get(place.repositoryId) ?? (await list(place, signal));
    const id = ids.get(label.name) ?? (await create(place, label, signal));
    ids.set(label.name, id);
    return id;
  }

  async function list(place: RepositoryPlace, signal: AbortSignal): Promise<Map<string, number>> {
    const reply = await gitea.listRepositoryLabels(place, signal);
    const labels = [...granted(reply, 'the labels of the repository')];
    // Of several with one name the exclusive one counts, then the oldest: the last to be set wins.
    labels.sort((a, b) => Number(a.exclusive) - Number(b.exclusive) || b.id - a.id);
    const ids = new Map(labels.map(({ name, id }) => [name, id]));
    if (known.size >= repositoriesKept) known.clear();
    known.set(place.repositoryId, ids);
    return ids;
  }

  async function create(
    place: RepositoryPlace,
    label: StatusLabel,
    signal: AbortSignal,
  ): Promise<number> {
    const reply = await gitea.createRepositoryLabel(place, { ...label, exclusive: true }, signal);
    return granted(reply, 'a new label').id;
  }

  /** Somebody has deleted a label: they are listed again. */
  function forget(place: RepositoryPlace): void {
    known.delete(place.repositoryId);
  }

  return { idOf, forget };
}
