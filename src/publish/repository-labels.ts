import type { LabelDefinition } from './label-definitions.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import { createSerial } from '../lib/serial.ts';
import { granted } from './refused.ts';

/** Maximum of repositories whose labels are cached; then the cache is cleared. */
const maxRepositories = 1_000;

export type RepositoryLabelGitea = Pick<Gitea, 'createRepositoryLabel' | 'listRepositoryLabels'>;

/**
 * Finds the ids of our labels in each repository, and creates missing labels. Gitea accepts the same name
 * twice, so the labels are listed first, and one repository is handled by one call at a time.
 */
export function createRepositoryLabels(gitea: RepositoryLabelGitea) {
  const cached = new Map<number, Map<string, number>>();
  const serially = createSerial();

  /** The id of a label, cached. Throws `Refused`. */
  function idOf(
    repository: RepositoryAddress,
    label: LabelDefinition,
    signal: AbortSignal,
  ): Promise<number> {
    return serially(String(repository.repositoryId), () => findOrCreate(repository, label, signal));
  }

  async function findOrCreate(
    repository: RepositoryAddress,
    label: LabelDefinition,
    signal: AbortSignal,
  ): Promise<number> {
    const ids = cached.get(repository.repositoryId) ?? (await list(repository, signal));
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
    // Of several labels with one name, the exclusive one counts, then the oldest: the last `set` wins.
    labels.sort((a, b) => Number(a.exclusive) - Number(b.exclusive) || b.id - a.id);
    const ids = new Map(labels.map(({ name, id }) => [name, id]));
    if (cached.size >= maxRepositories) cached.clear();
    cached.set(repository.repositoryId, ids);
    return ids;
  }

  async function create(
    repository: RepositoryAddress,
    label: LabelDefinition,
    signal: AbortSignal,
  ): Promise<number> {
    const reply = await gitea.createRepositoryLabel(
      repository,
      { ...label, exclusive: true },
      signal,
    );
    return granted(reply, 'a new label').id;
  }

  /** Drops the cache of a repository, after somebody deleted a label. */
  function forget(repository: RepositoryAddress): void {
    cached.delete(repository.repositoryId);
  }

  return { idOf, forget };
}
