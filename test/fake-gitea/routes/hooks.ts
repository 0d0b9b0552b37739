import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { repositoryJson, userJson } from '../world/json.ts';
import { permissionOf } from '../world/state.ts';
import { giteaBot, GiteaRefusal } from '../world/types.ts';
import { fineEvents, type GiteaHook } from '../webhooks.ts';
import { requireRepository } from './access.ts';
import { ok, on, page, parse, repositoryPath, type Asked, type Route } from './route.ts';

const hookSchema = z.object({
  type: z.string().default('gitea'),
  active: z.boolean().default(false),
  events: z.array(z.string()).default(['push']),
  config: z.object({
    url: z.string(),
    content_type: z.enum(['json', 'form']),
    secret: z.string().default(''),
  }),
  branch_filter: z.string().default(''),
  authorization_header: z.string().default(''),
});
type HookBody = z.infer<typeof hookSchema>;

/** Hooks of a repository and of an organisation. */
export const hookRoutes: readonly Route[] = [
  ...routesBelow(`${repositoryPath}/hooks`, 'repository', (asked, name) => {
    const repositoryId = requireRepository(asked, name);
    if (permissionOf(asked.world, asked.token.login, repositoryId) !== 'admin')
      throw new GiteaRefusal(
        403,
        'user should be an owner or a collaborator with admin write of a repository',
      );
    return { repositoryId };
  }),
  ...routesBelow('/orgs/([^/]+)/hooks', 'organization', ({ token }, organization) => {
    if (token.login === giteaBot) throw new GiteaRefusal(403, 'Must be an organization owner');
    return { organization };
  }),
];

function routesBelow(
  base: string,
  scope: string,
  ownerOf: (asked: Asked, name: string) => GiteaHook['owner'],
): Route[] {
  function findHook(asked: Asked, [name = '', id]: readonly string[]): GiteaHook {
    const owner = ownerOf(asked, name);
    const hook = asked.world.webhooks.hooks.get(Number(id));
    if (hook === undefined || !isDeepStrictEqual(hook.owner, owner))
      throw new GiteaRefusal(404, 'not found');
    return hook;
  }
  return [
    on('GET', base, scope, (asked, [name = '']) => {
      const owner = ownerOf(asked, name);
      const all = [...asked.world.webhooks.hooks.values()];
      const own = all.filter((hook) => isDeepStrictEqual(hook.owner, owner));
      return page(asked, own.map(hookJson), { counted: true });
    }),
    on('POST', base, scope, (asked, [name = '']) => {
      const owner = ownerOf(asked, name);
      const body = parse(hookSchema, asked.body, 'Invalid url');
      const { url, content_type: contentType, secret } = body.config;
      if (!/^https?:\/\//.test(url)) throw new GiteaRefusal(422, 'Invalid url');
      const { type, active } = body;
      const wanted = { owner, type, active, events: fineEvents(body.events) };
      const config = { url, contentType, secret };
      const hook = asked.world.webhooks.add({ ...wanted, ...extrasOf(body), ...config });
      return { status: 201, body: hookJson(hook) };
    }),
    on('GET', `${base}/(\\d+)`, scope, (asked, parts) => ok(hookJson(findHook(asked, parts)))),
    on('PATCH', `${base}/(\\d+)`, scope, (asked, parts) => {
      const { id, owner, secret, type } = findHook(asked, parts);
      const body = parse(hookSchema, asked.body, 'Invalid url');
      const { url, content_type: contentType } = body.config;
      // Absent fields are removed, except the secret and the type.
      const kept = { id, owner, secret, type, ...extrasOf(body) };
      const { active, events } = body;
      const changed = { ...kept, active, events: fineEvents(events), url, contentType };
      asked.world.webhooks.hooks.set(id, changed);
      return ok(hookJson(changed));
    }),
    on('DELETE', `${base}/(\\d+)`, scope, (asked, parts) => {
      asked.world.webhooks.hooks.delete(findHook(asked, parts).id);
      return { status: 204 };
    }),
    on('POST', `${base}/(\\d+)/tests`, scope, (asked, parts) => {
      const { owner, id } = findHook(asked, parts);
      if (!('repositoryId' in owner)) return { status: 404 };
      const { world, token } = asked;
      // A push: a hook without it gets nothing, and the answer is the same.
      const kind = { event: 'push', type: 'push', action: '' };
      const payload = {
        ref: 'refs/heads/main',
        commits: [],
        repository: repositoryJson(world, owner.repositoryId, token.login),
        sender: userJson(world, token.login),
      };
      world.webhooks.send(owner.repositoryId, kind, payload, id);
      return { status: 204 };
    }),
  ];
}

function extrasOf(body: Pick<HookBody, 'branch_filter' | 'authorization_header'>) {
  const { branch_filter: branchFilter, authorization_header: authorizationHeader } = body;
  return {
    ...(branchFilter === '' ? {} : { branchFilter }),
    ...(authorizationHeader === '' ? {} : { authorizationHeader }),
  };
}

function hookJson({ id, type, active, events, url, contentType, ...extras }: GiteaHook) {
  const { branchFilter = '', authorizationHeader = '' } = extras;
  const config = { content_type: contentType, url };
  const more = { branch_filter: branchFilter, authorization_header: authorizationHeader };
  return { id, type, config, events, ...more, active };
}
