import { getIssue, getRepository, touch, type World } from './state.ts';
import { GiteaRefusal, isSame, type IssuePlace } from './types.ts';

/** `issue` is blocked by `on`; no webhook. */
export function addDependency(world: World, issue: IssuePlace, on: IssuePlace): void {
  requireDependencies(world, issue);
  getIssue(world, on);
  if (hasDependency(world, issue, on)) throw new GiteaRefusal(500, '');
  if (!isSame(issue, on) && hasDependency(world, on, issue)) throw new GiteaRefusal(500, '');
  world.dependencies.push({ issue, on });
  touch(world, issue);
  touch(world, on);
}

export function removeDependency(world: World, issue: IssuePlace, on: IssuePlace): void {
  requireDependencies(world, issue);
  const index = world.dependencies.findIndex(
    (entry) => isSame(entry.issue, issue) && isSame(entry.on, on),
  );
  if (index === -1) throw new GiteaRefusal(500, '');
  world.dependencies.splice(index, 1);
  touch(world, issue);
  touch(world, on);
}

/** Issues that block this one. */
export function dependenciesOf({ dependencies }: World, place: IssuePlace): IssuePlace[] {
  return dependencies.filter(({ issue }) => isSame(issue, place)).map(({ on }) => on);
}

/** Issues that this one blocks. */
export function blocksOf({ dependencies }: World, place: IssuePlace): IssuePlace[] {
  return dependencies.filter(({ on }) => isSame(on, place)).map(({ issue }) => issue);
}

/** Refuses when dependencies are switched off in the repository. */
export function requireDependencies(world: World, { repositoryId }: IssuePlace): void {
  if (getRepository(world, repositoryId).dependenciesOff === true)
    throw new GiteaRefusal(404, 'not found');
}

/** Takes a deleted issue out of all dependencies. */
export function forgetDependencies({ dependencies }: World, place: IssuePlace): void {
  const left = dependencies.filter(({ issue, on }) => !isSame(issue, place) && !isSame(on, place));
  dependencies.splice(0, dependencies.length, ...left);
}

function hasDependency({ dependencies }: World, issue: IssuePlace, on: IssuePlace): boolean {
  return dependencies.some((entry) => isSame(entry.issue, issue) && isSame(entry.on, on));
}
