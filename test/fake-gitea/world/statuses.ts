import { repositoryJson, userJson } from './json.ts';
import { getRepository, timestamp, type World } from './state.ts';
import type { GiteaStatus } from './types.ts';

/** Adds a status to a commit; returns its number within the commit. */
export function setStatus(
  world: World,
  doer: string,
  repositoryId: number,
  sha: string,
  status: GiteaStatus,
): number {
  const repository = getRepository(world, repositoryId);
  repository.statuses ??= new Map();
  const all = [...(repository.statuses.get(sha) ?? []), status];
  repository.statuses.set(sha, all);
  const at = timestamp(world);
  const kind = { event: 'status', type: 'status', action: '' };
  world.webhooks.send(repositoryId, kind, {
    ...{ ...status, id: all.length, sha, created_at: at, updated_at: at, commit: { id: sha } },
    repository: repositoryJson(world, repositoryId, doer),
    sender: userJson(world, doer),
  });
  return all.length;
}

/** Of the API, where the state has another name. */
export function statusJson({ state, ...status }: GiteaStatus) {
  return { status: state, ...status };
}
