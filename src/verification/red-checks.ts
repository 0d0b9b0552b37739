import type { Gitea } from '../gitea/client.ts';
import { ownContextScope } from '../issue/own-marks.ts';
import type { RedCheck } from './feedback.ts';

export type ChecksGitea = Pick<Gitea, 'listStatuses'>;
type Repository = Parameters<Gitea['listStatuses']>[0];

/**
 * The checks of others that failed on a commit. None while one of others is pending, so that what they say comes at
 * once: one that stays pending hides the others.
 */
export async function findRedChecks(
  gitea: ChecksGitea,
  { repository, commit }: { readonly repository: Repository; readonly commit: string },
  signal: AbortSignal,
): Promise<RedCheck[]> {
  const reply = await gitea.listStatuses(repository, commit, signal);
  const all = reply.kind === 'ok' ? reply.value : [];
  const others = all.filter(({ context }) => !context.startsWith(ownContextScope));
  if (others.some(({ state }) => state === 'pending')) return [];
  return others
    .filter(({ state }) => state === 'failure' || state === 'error')
    .map(({ targetUrl: url, ...check }) => ({ ...check, url }));
}
