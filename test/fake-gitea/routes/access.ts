import { getIssue, getRepository, permissionOf } from '../world/state.ts';
import { GiteaRefusal, sameName, type GiteaComment, type IssuePlace } from '../world/types.ts';
import type { World } from '../world/state.ts';
import type { Asked } from './route.ts';

export function findRepositoryId({ repositories }: World, name: string): number | undefined {
  return [...repositories].find(([, repository]) => sameName(repository.name, name))?.[0];
}

export function mayRead({ world, token }: Asked, repositoryId: number): boolean {
  return permissionOf(world, token.login, repositoryId) !== 'none';
}

/** Ids of the repositories that the caller may read. */
export function readableRepositories(asked: Asked): number[] {
  return [...asked.world.repositories.keys()].filter((id) => mayRead(asked, id));
}

export function requireAccess(
  { world, token }: Asked,
  id: number,
  least: 'read' | 'write',
  message = 'write permission is required',
): void {
  const permission = permissionOf(world, token.login, id);
  if (permission === 'none') throw new GiteaRefusal(404, 'not found');
  if (least === 'write' && permission === 'read') throw new GiteaRefusal(403, message);
}

/** Id of a repository that the caller may read. */
export function requireRepository(asked: Asked, name = ''): number {
  const id = findRepositoryId(asked.world, name);
  if (id === undefined) throw new GiteaRefusal(404, 'not found');
  requireAccess(asked, id, 'read');
  return id;
}

export function requireIssue(
  asked: Asked,
  [name, number]: readonly string[],
  least: 'read' | 'write' = 'read',
): IssuePlace {
  const repositoryId = requireRepository(asked, name);
  const place = { repositoryId, number: Number(number) };
  getIssue(asked.world, place);
  if (getRepository(asked.world, repositoryId).hasIssues === false)
    throw new GiteaRefusal(404, 'not found');
  requireAccess(asked, repositoryId, least);
  return place;
}

/** Comments on what is not there: 500, without a word. */
export function requireCommented(asked: Asked, [name, number]: readonly string[]): IssuePlace {
  const repositoryId = requireRepository(asked, name);
  if (!getRepository(asked.world, repositoryId).issues.has(Number(number)))
    throw new GiteaRefusal(500, '');
  return requireIssue(asked, [name ?? '', number ?? '']);
}

export function requireComment(asked: Asked, [name, id]: readonly string[]): GiteaComment {
  const repositoryId = requireRepository(asked, name);
  const comment = asked.world.comments.get(Number(id));
  if (comment?.repositoryId !== repositoryId) throw new GiteaRefusal(404, 'not found');
  return comment;
}
