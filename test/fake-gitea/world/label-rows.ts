import { getIssue, getRepository, nextId, type World } from './state.ts';
import { GiteaRefusal, type GiteaLabel, type IssuePlace } from './types.ts';

/** Labels of the recorded issue that stands for what a test does not name. */
const recordedLabels = ['enhancement'];

export function labelsOfRepository(world: World, repositoryId: number): GiteaLabel[] {
  const repository = getRepository(world, repositoryId);
  repository.labels ??= [];
  return repository.labels;
}

/** The issue's labels by name; those that tests named come into being. */
export function labelsOf(world: World, place: IssuePlace): GiteaLabel[] {
  const known = labelsOfRepository(world, place.repositoryId);
  const wanted = getIssue(world, place).labels ?? recordedLabels;
  const labels = wanted.flatMap((nameOrId) => {
    const byId = known.find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (byId !== undefined || typeof nameOrId === 'number') return byId ?? [];
    return createLabel(world, place.repositoryId, { name: nameOrId });
  });
  return sortedByName(labels);
}

export function createLabel(
  world: World,
  repositoryId: number,
  { name, color = '#ededed', description = '', exclusive = false }: Partial<GiteaLabel>,
): GiteaLabel {
  if (name === undefined) throw new GiteaRefusal(422, '[Name]: Required');
  if (!/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(color))
    throw new GiteaRefusal(422, `invalid color: ${color}`);
  const label = { id: nextId(world), name, color: color.replace('#', ''), description, exclusive };
  labelsOfRepository(world, repositoryId).push(label);
  return label;
}

/** The order in which Gitea lists labels. */
export function sortedByName(labels: readonly GiteaLabel[]): GiteaLabel[] {
  return labels.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id));
}
