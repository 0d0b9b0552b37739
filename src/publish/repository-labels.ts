import type { StatusLabel } from './label-definitions.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import { granted } from './refused.ts';

/** Repositories whose labels are remembered; then they are asked for again. */
const repositoriesKept = 1_000;

export type RepositoryLabelGitea = Pick<Gitea, 'createRepositoryLabel' | 'listRepositoryLabels'>;

/**
 * The ids of our labels in each repository, created where they are missing. Gitea takes the same name
 * twice, so it is looked first, and in one repository one at a time.
 */
export function createRepositoryLabels(gitea: RepositoryLabelGitea) {
  const known = new Map<number, Map<string, number>>();
  const turns = new Map<number, Promise<unknown>>();

  /** The id of this label; remembered after the first time. Throws `Refused`. */
  function idOf(
    repository: RepositoryAddress,
    label: StatusLabel,
    signal: AbortSignal,
  ): Promise<number> {
    const turn = (turns.get(repository.repositoryId) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => findOrCreate(repository, label, signal));
    turns.set(repository.repositoryId, turn);
    return turn.finally(() => {
      if (turns.get(repository.repositoryId) === turn) turns.delete(repository.repositoryId);
    });
  }

  async function findOrCreate(
    repository: RepositoryAddress,
    label: StatusLabel,
    signal: AbortSignal,
  ): Promise<number> {
    const ids = known.get(repository.repositoryId) ?? (await list(repository, signal));
    const id = ids.get(label.name) ?? (await create(repository, label, signal));
    ids.set(label.name, id);
    return id;
  }

  async function list(
    repository: RepositoryAddress,
    signal: AbortSignal,
  ): Promise<Map<string, number>> {
    const reply = await gitea.listRepositoryLabels(repository, signal);
    const labels = [...granted(reply, 'the labels of the repository')];
    // Of several with one name the exclusive one counts, then the oldest: the last to be set wins.
    labels.sort((a, b) => Number(a.exclusive) - Number(b.exclusive) || b.id - a.id);
    const ids = new Map(labels.map(({ name, id }) => [name, id]));
    if (known.size >= repositoriesKept) known.clear();
    known.set(repository.repositoryId, ids);
    return ids;
  }

  async function create(
    repository: RepositoryAddress,
    label: StatusLabel,
    signal: AbortSignal,
  ): Promise<number> {
    const reply = await gitea.createRepositoryLabel(
      repository,
      { ...label, exclusive: true },
      signal,
    );
    return granted(reply, 'a new label').id;
  }

  /** Somebody has deleted a label: they are listed again. */
  function forget(repository: RepositoryAddress): void {
    known.delete(repository.repositoryId);
  }

  return { idOf, forget };
}
