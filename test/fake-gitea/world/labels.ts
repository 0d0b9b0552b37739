import { tellLabels } from './events.ts';
import { labelJson } from './json.ts';
import { labelsOf, labelsOfRepository, sortedByName } from './label-rows.ts';
import { touch, type World } from './state.ts';
import { GiteaRefusal, type GiteaLabel, type IssuePlace } from './types.ts';

/** A webhook is sent even when nothing changes. */
export function addLabels(
  world: World,
  doer: string,
  place: IssuePlace,
  ids: readonly number[],
): GiteaLabel[] {
  const labels = withLabels(world, place, labelsOf(world, place), ids);
  setLabels(world, place, labels);
  tellLabels(world, doer, place, 'label_updated');
  return labels;
}

/** The payload of Gitea 1.25 lies: it lists none. */
export function replaceLabels(
  world: World,
  doer: string,
  place: IssuePlace,
  ids: readonly number[],
): GiteaLabel[] {
  const labels = withLabels(world, place, [], ids);
  setLabels(world, place, labels);
  tellLabels(world, doer, place, 'label_updated', { issue: { labels: [] } });
  return labels;
}

export function removeLabel(world: World, doer: string, place: IssuePlace, id: number): void {
  if (!labelsOfRepository(world, place.repositoryId).some((label) => label.id === id))
    throw new GiteaRefusal(422, `label does not exist [label_id: ${id}]`);
  const left = labelsOf(world, place).filter((label) => label.id !== id);
  setLabels(world, place, left);
  tellLabels(world, doer, place, 'label_updated');
}

/** The payload of Gitea 1.25 lies: it lists those of before. */
export function clearLabels(world: World, doer: string, place: IssuePlace): void {
  const before = labelsOf(world, place).map(labelJson);
  setLabels(world, place, []);
  tellLabels(world, doer, place, 'label_cleared', { issue: { labels: before } });
}

/** Ids of labels that the repository does not have are passed over; a scope keeps its last one. */
function withLabels(
  world: World,
  place: IssuePlace,
  present: readonly GiteaLabel[],
  ids: readonly number[],
): GiteaLabel[] {
  const known = labelsOfRepository(world, place.repositoryId);
  let labels = [...present];
  for (const id of ids) {
    const added = known.find((label) => label.id === id);
    if (added === undefined || labels.includes(added)) continue;
    const scope = scopeOf(added);
    labels = labels.filter((label) => scope === undefined || scopeOf(label) !== scope);
    labels.push(added);
  }
  return sortedByName(labels);
}

function setLabels(world: World, place: IssuePlace, labels: readonly GiteaLabel[]): void {
  const ids = (list: readonly GiteaLabel[]) => list.map(({ id }) => id).join();
  if (ids(labels) !== ids(labelsOf(world, place)))
    touch(world, place, { labels: labels.map(({ id }) => id) });
}

function scopeOf({ name, exclusive }: GiteaLabel): string | undefined {
  const end = name.lastIndexOf('/');
  return exclusive && end > 0 ? name.slice(0, end) : undefined;
}
