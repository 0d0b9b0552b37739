import { getRepository, permissionOf } from '../world/state.ts';
import type { World } from '../world/state.ts';
import { GiteaRefusal } from '../world/types.ts';
import { findRepositoryId } from './access.ts';
import { commentRoutes } from './comments.ts';
import { commitRoutes } from './commits.ts';
import { dependencyRoutes } from './dependencies.ts';
import { hookRoutes } from './hooks.ts';
import { issueRoutes } from './issues.ts';
import { labelRoutes } from './labels.ts';
import { pullRoutes } from './pulls.ts';
import { repositoryRoutes } from './repositories.ts';
import { notFound, refused, type Answer, type Asked, type Call } from './route.ts';

/** In this order: `/repos/issues/search` comes before `/repos/<owner>/<name>`. */
const routes = [
  ...issueRoutes,
  ...repositoryRoutes,
  ...commitRoutes,
  ...pullRoutes,
  ...commentRoutes,
  ...labelRoutes,
  ...dependencyRoutes,
  ...hookRoutes,
];

/** Answers a call of the REST API as Gitea 1.25.4 does; undefined: the fake has no such route. */
export function answerCall(asked: Asked): Answer | undefined {
  for (const route of routes) {
    const match = route.path.exec(asked.path);
    if (match === null || route.method !== asked.method) continue;
    const missing = missingScope(route.scope, asked);
    if (missing !== undefined) return refused(403, missing);
    try {
      return movedAnswer(asked.world, asked, match[1]) ?? route.answer(asked, match.slice(1));
    } catch (error) {
      if (!(error instanceof GiteaRefusal)) throw error;
      return error.status === 404 ? notFound : refused(error.status, error.message);
    }
  }
  return undefined;
}

/** Old names lead on; nothing is done under them. */
function movedAnswer(
  world: World,
  { path, query, token }: Call,
  name: string | undefined,
): Answer | undefined {
  if (name === undefined || !path.startsWith('/repos/')) return undefined;
  if (findRepositoryId(world, name) !== undefined) return undefined;
  const id = world.renamed.get(name.toLowerCase()) ?? 0;
  if (!world.repositories.has(id) || permissionOf(world, token.login, id) === 'none')
    return undefined;
  const location = path.replace(name, getRepository(world, id).name);
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return { status: 301, headers: { location: `/api/v1${location}${search}` } };
}

function missingScope(
  categories: string | undefined,
  { method, token: { scopes } }: Call,
): string | undefined {
  if (categories === undefined || scopes.includes('all')) return undefined;
  const level = method === 'GET' ? 'read' : 'write';
  const needed = categories.split(' ').map((category) => `${level}:${category}`);
  const has = (scope: string) =>
    scopes.includes(scope) || scopes.includes(scope.replace('read:', 'write:'));
  if (needed.every(has)) return undefined;
  return `token does not have at least one of required scope(s), required=[${needed.join(' ')}], token scope=${scopes.join(',')}`;
}
