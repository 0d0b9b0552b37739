import { repositoryJson, userJson } from '../world/json.ts';
import { readableRepositories, requireAccess, requireRepository } from './access.ts';
import { ok, on, page, refused, repositoryPath, type Asked, type Route } from './route.ts';

/** Users, repositories, and what the service asks to learn what a token may do. */
export const repositoryRoutes: readonly Route[] = [
  on('GET', '/version', undefined, () => ok({ version: '1.25.4' })),
  on('GET', '/user', 'user', ({ world, token }) => ok(userJson(world, token.login))),
  on('GET', '/user/repos', 'user repository', (asked) =>
    page(asked, readableRepositories(asked).map(repositoryOf(asked)), { counted: true }),
  ),
  on('GET', '/user/orgs', 'user organization', () => ok([])),
  on('GET', '/notifications/new', 'notification', () => ok({ new: 0 })),
  on('GET', '/admin/cron', 'admin', () => refused(403, 'user should be the site admin')),
  on('GET', '/repositories/(\\d+)', 'repository', (asked, [id]) => {
    requireAccess(asked, Number(id), 'read');
    return ok(repositoryOf(asked)(Number(id)));
  }),
  on('GET', repositoryPath, 'repository', (asked, [name]) =>
    ok(repositoryOf(asked)(requireRepository(asked, name))),
  ),
];

function repositoryOf({ world, token }: Asked) {
  return (id: number) => repositoryJson(world, id, token.login);
}
