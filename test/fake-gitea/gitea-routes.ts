import { z } from 'zod';

import { fineEvents, type GiteaHook } from './gitea-webhooks.ts';
import { byName, giteaBot, GiteaRefusal, type Place, type World } from './gitea-world.ts';

export interface Token {
  readonly login: string;
  readonly scopes: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: no body. */
  readonly body?: unknown;
}

export interface Asked {
  readonly method: string;
  /** Below the API's root, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly token: Token;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Categories, all of which the token needs. */
  readonly scope: string | undefined;
  readonly answer: (asked: Asked, parts: readonly string[]) => Answer;
}

const repo = '/repos/([^/]+/[^/]+)';
const issue = `${repo}/issues/(\\d+)`;

const newIssueSchema = z.object({
  title: z.string().min(1),
  body: z.string().default(''),
  assignees: z.array(z.string()).default([]),
  labels: z.array(z.int()).default([]),
});
const issueChangeSchema = z.object({
  title: z.string().optional(),
  body: z.string().optional(),
  state: z.string().optional(),
  assignees: z.array(z.string()).optional(),
});
const commentSchema = z.object({ body: z.string().default('') });
const labelIdsSchema = z.object({ labels: z.array(z.int()) });
const newLabelSchema = z.object({
  name: z.string().min(1),
  color: z.string(),
  description: z.string().default(''),
  exclusive: z.boolean().default(false),
});
const dependencySchema = z.object({ owner: z.string(), repo: z.string(), index: z.int() });
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

/** The REST API over a world, as Gitea 1.25.4 answers; `search`es cap at 50 rows. */
export function createRoutes(world: World, options: { readonly mostRows: number }) {
  const routes: Route[] = [
    on('GET', '/version', undefined, () => ok({ version: '1.25.4' })),
    on('GET', '/user', 'user', ({ token }) => ok(world.userJson(token.login))),
    on('GET', '/user/repos', 'user repository', (asked) =>
      page(asked, readable(asked).map(repositoryOf(asked)), true),
    ),
    on('GET', '/user/orgs', 'user organization', () => ok([])),
    on('GET', '/notifications/new', 'notification', () => ok({ new: 0 })),
    on('GET', '/admin/cron', 'admin', () => refused(403, 'user should be the site admin')),
    on('GET', '/repositories/(\\d+)', 'repository', (asked, [id]) => {
      requireAccess(asked, Number(id), 'read');
      return ok(repositoryOf(asked)(Number(id)));
    }),
    on('GET', '/repos/issues/search', 'issue', searchIssues),
    on('GET', repo, 'repository', (asked, [name]) => ok(repositoryOf(asked)(find(asked, name)))),
    on('POST', `${repo}/issues`, 'issue', (asked, [name]) => {
      const repositoryId = find(asked, name);
      const made = parse(newIssueSchema, asked.body, '[Title]: Required');
      const number = world.as(asked.token.login).openIssue(repositoryId, made);
      return { status: 201, body: world.issueJson({ repositoryId, number }) };
    }),
    on('GET', issue, 'issue', (asked, parts) => ok(world.issueJson(findIssue(asked, parts)))),
    on('PATCH', issue, 'issue', patchIssue),
    on('DELETE', issue, 'issue', (asked, parts) => {
      world.as(asked.token.login).deleteIssue(findIssue(asked, parts));
      return { status: 204 };
    }),
    on('GET', `${issue}/comments`, 'issue', (asked, parts) => {
      const all = world.commentsOf(findOr500(asked, parts)).map(world.commentJson);
      return { ...ok(all), headers: { 'x-total-count': String(all.length) } };
    }),
    on('POST', `${issue}/comments`, 'issue', (asked, parts) => {
      const { body } = parse(commentSchema, asked.body, '[Body]: Required');
      if (body === '') throw new GiteaRefusal(422, '[Body]: Required');
      const place = findOr500(asked, parts);
      return {
        status: 201,
        body: world.commentJson(world.as(asked.token.login).comment(place, body)),
      };
    }),
    on('GET', `${repo}/issues/comments/(\\d+)`, 'issue', (asked, parts) =>
      ok(world.commentJson(findComment(asked, parts))),
    ),
    on('PATCH', `${repo}/issues/comments/(\\d+)`, 'issue', (asked, parts) => {
      const before = findComment(asked, parts);
      const { login } = asked.token;
      if (before.author !== login) requireAccess(asked, before.repositoryId, 'write', '');
      const { body } = parse(commentSchema, asked.body, '[Body]: Required');
      const after = world.commentJson(world.as(login).editComment(before.id, body));
      // The same text again is answered without an author.
      return ok(body === before.body ? { ...after, user: null } : after);
    }),
    on('DELETE', `${repo}/issues/comments/(\\d+)`, 'issue', (asked, parts) => {
      world.as(asked.token.login).deleteComment(findComment(asked, parts).id);
      return { status: 204 };
    }),
    on('GET', `${issue}/labels`, 'issue', (asked, parts) =>
      ok(world.labelsOf(findIssue(asked, parts)).map(world.labelJson)),
    ),
    on('POST', `${issue}/labels`, 'issue', changeLabels('addLabels')),
    on('PUT', `${issue}/labels`, 'issue', changeLabels('replaceLabels')),
    on('DELETE', `${issue}/labels`, 'issue', (asked, parts) => {
      world.as(asked.token.login).clearLabels(findIssue(asked, parts, 'write'));
      return { status: 204 };
    }),
    on('DELETE', `${issue}/labels/([^/]+)`, 'issue', (asked, parts) => {
      const place = findIssue(asked, parts);
      requireAccess(asked, place.repositoryId, 'write', '');
      world.as(asked.token.login).removeLabel(place, Number(parts[2]) || 0);
      return { status: 204 };
    }),
    on('GET', `${repo}/labels`, 'issue', (asked, [name]) =>
      page(
        asked,
        world.labelsOfRepository(find(asked, name)).toSorted(byName).map(world.labelJson),
        true,
      ),
    ),
    on('POST', `${repo}/labels`, 'issue', (asked, [name]) => {
      const repositoryId = find(asked, name);
      const message = 'user should have a permission to write to a repo';
      requireAccess(asked, repositoryId, 'write', message);
      const label = parse(newLabelSchema, asked.body, '[Name]: Required');
      return { status: 201, body: world.labelJson(world.createLabel(repositoryId, label)) };
    }),
    on('GET', `${issue}/dependencies`, 'issue', (asked, parts) => {
      const place = findIssue(asked, parts);
      world.requireDependencies(place);
      return page(asked, world.dependenciesOf(place).map(linked(asked, place)), false);
    }),
    on('GET', `${issue}/blocks`, 'issue', (asked, parts) => {
      const place = findIssue(asked, parts);
      world.requireDependencies(place);
      const seen = world.blocksOf(place).filter((other) => mayRead(asked, other.repositoryId));
      return page(asked, seen.map(world.issueJson), false);
    }),
    on('POST', `${issue}/dependencies`, 'issue', changeDependency('addDependency')),
    on('DELETE', `${issue}/dependencies`, 'issue', changeDependency('removeDependency')),
    ...hookRoutes(`${repo}/hooks`, 'repository', (asked, name) => {
      const repositoryId = find(asked, name);
      if (world.permissionOf(asked.token.login, repositoryId) !== 'admin')
        throw new GiteaRefusal(
          403,
          'user should be an owner or a collaborator with admin write of a repository',
        );
      return { repositoryId };
    }),
    ...hookRoutes('/orgs/([^/]+)/hooks', 'organization', ({ token }, organization) => {
      if (token.login === giteaBot) throw new GiteaRefusal(403, 'Must be an organization owner');
      return { organization };
    }),
  ];

  function answer(asked: Asked): Answer {
    for (const route of routes) {
      const match = route.path.exec(asked.path);
      if (match === null || route.method !== asked.method) continue;
      const missing = missingScope(route.scope, asked);
      if (missing !== undefined) return refused(403, missing);
      try {
        return movedAnswer(asked, match[1]) ?? route.answer(asked, match.slice(1));
      } catch (error) {
        if (!(error instanceof GiteaRefusal)) throw error;
        return error.status === 404 ? notFound : refused(error.status, error.message);
      }
    }
    return { status: 404, headers: { 'content-type': 'text/plain' } };
  }

  /** Old names lead on; nothing is done under them. */
  function movedAnswer(
    { path, query, token }: Asked,
    name: string | undefined,
  ): Answer | undefined {
    if (name === undefined || !path.startsWith('/repos/')) return undefined;
    if (idOf(name) !== undefined) return undefined;
    const id = world.renamed.get(name.toLowerCase()) ?? 0;
    if (!world.repositories.has(id) || world.permissionOf(token.login, id) === 'none')
      return undefined;
    const location = path.replace(name, world.getRepository(id).name);
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    return { status: 301, headers: { location: `/api/v1${location}${search}` } };
  }

  function idOf(name: string): number | undefined {
    return [...world.repositories].find(
      ([, repository]) => repository.name.toLowerCase() === name.toLowerCase(),
    )?.[0];
  }

  function mayRead({ token }: Asked, repositoryId: number): boolean {
    return world.permissionOf(token.login, repositoryId) !== 'none';
  }

  function readable(asked: Asked): number[] {
    return [...world.repositories.keys()].filter((id) => mayRead(asked, id));
  }

  function repositoryOf({ token }: Asked) {
    return (id: number) => world.repositoryJson(id, token.login);
  }

  function requireAccess(
    asked: Asked,
    id: number,
    least: 'read' | 'write',
    message = 'write permission is required',
  ): void {
    const permission = world.permissionOf(asked.token.login, id);
    if (permission === 'none') throw new GiteaRefusal(404, 'not found');
    if (least === 'write' && permission === 'read') throw new GiteaRefusal(403, message);
  }

  function find(asked: Asked, name = ''): number {
    const id = idOf(name);
    if (id === undefined) throw new GiteaRefusal(404, 'not found');
    requireAccess(asked, id, 'read');
    return id;
  }

  function findIssue(
    asked: Asked,
    [name, number]: readonly string[],
    least: 'read' | 'write' = 'read',
  ): Place {
    const repositoryId = find(asked, name);
    const place = { repositoryId, number: Number(number) };
    world.getIssue(place);
    if (world.getRepository(repositoryId).hasIssues === false)
      throw new GiteaRefusal(404, 'not found');
    requireAccess(asked, repositoryId, least);
    return place;
  }

  /** Comments on what is not there: 500, without a word. */
  function findOr500(asked: Asked, [name, number]: readonly string[]): Place {
    const repositoryId = find(asked, name);
    const place = { repositoryId, number: Number(number) };
    if (!world.getRepository(repositoryId).issues.has(place.number))
      throw new GiteaRefusal(500, '');
    return findIssue(asked, [name ?? '', number ?? '']);
  }

  function findComment(asked: Asked, [name, id]: readonly string[]) {
    const repositoryId = find(asked, name);
    const comment = world.comments.get(Number(id));
    if (comment?.repositoryId !== repositoryId) throw new GiteaRefusal(404, 'not found');
    return comment;
  }

  function patchIssue(asked: Asked, parts: readonly string[]): Answer {
    const place = findIssue(asked, parts);
    requireAccess(asked, place.repositoryId, 'write', '');
    const { title, body, state, assignees } = parse(issueChangeSchema, asked.body, '[]: invalid');
    const doer = world.as(asked.token.login);
    if (state !== undefined && state !== 'open' && state !== 'closed')
      throw new GiteaRefusal(412, `unknown state: ${state}`);
    doer.editIssue(place, {
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { body }),
    });
    if (assignees !== undefined) doer.setAssignees(place, assignees);
    if (state !== undefined) doer.setOpen(place, state === 'open');
    return { status: 201, body: world.issueJson(place) };
  }

  function changeLabels(how: 'addLabels' | 'replaceLabels') {
    return (asked: Asked, parts: readonly string[]): Answer => {
      const place = findIssue(asked, parts, 'write');
      const { labels } = parse(labelIdsSchema, asked.body, '[]: invalid');
      return ok(world.as(asked.token.login)[how](place, labels).map(world.labelJson));
    };
  }

  function changeDependency(how: 'addDependency' | 'removeDependency') {
    return (asked: Asked, parts: readonly string[]): Answer => {
      const place = findIssue(asked, parts);
      const { owner, repo: name, index } = parse(dependencySchema, asked.body, 'IsErrRepoNotExist');
      const other = findIssue(asked, [`${owner}/${name}`, String(index)]);
      if (world.permissionOf(asked.token.login, place.repositoryId) === 'read')
        throw new GiteaRefusal(404, 'not found');
      world.as(asked.token.login)[how](place, other);
      return { status: 201, body: world.issueJson(place) };
    };
  }

  /** A blocker the caller may not read is a row of zeros. */
  function linked(asked: Asked, { repositoryId }: Place) {
    return (other: Place) => {
      const json = world.issueJson(other);
      if (mayRead(asked, other.repositoryId)) return json;
      const isReader = world.permissionOf(asked.token.login, repositoryId) === 'read';
      const shown = isReader ? { title: 'HIDDEN', state: 'open' } : { title: '', state: '' };
      const nulls = { user: null, labels: null, assignees: null, repository: null };
      return { ...json, ...shown, ...nulls, id: 0, number: 0, body: '' };
    };
  }

  function searchIssues(asked: Asked): Answer {
    const { query, token } = asked;
    const since = query.get('since');
    const state = query.get('state') ?? 'open';
    const type = query.get('type');
    const found = readable(asked).flatMap((repositoryId) => {
      // Those of repositories with issues switched off, too, though a GET of one is a 404.
      const { issues } = world.getRepository(repositoryId);
      return [...issues].flatMap(([number, { isPull = false, assignees }]) => {
        const json = world.issueJson({ repositoryId, number });
        const isMeant =
          (type === null || (type === 'pulls') === isPull) &&
          (state === 'all' || json.state === state) &&
          (since === null || Date.parse(String(json.updated_at)) >= Date.parse(since)) &&
          (query.get('assigned') !== 'true' || isAssigned(assignees, token.login));
        return isMeant ? [json] : [];
      });
    });
    found.sort((a, b) => b.id - a.id);
    return page(asked, found, true);
  }

  function page({ query }: Asked, rows: readonly unknown[], total: boolean): Answer {
    const asked = Number(query.get('limit') ?? 30);
    const limit = Math.min(asked, options.mostRows);
    const start = (Math.max(1, Number(query.get('page') ?? 1)) - 1) * limit;
    const headers = total ? { 'x-total-count': String(rows.length) } : {};
    return { ...ok(rows.slice(start, start + limit)), headers };
  }

  function hookRoutes(
    base: string,
    scope: string,
    ownerOf: (asked: Asked, name: string) => GiteaHook['owner'],
  ): Route[] {
    const { webhooks } = world;
    const findHook = (asked: Asked, [name = '', id]: readonly string[]): GiteaHook => {
      const owner = JSON.stringify(ownerOf(asked, name));
      const hook = webhooks.hooks.get(Number(id));
      if (hook === undefined || JSON.stringify(hook.owner) !== owner)
        throw new GiteaRefusal(404, 'not found');
      return hook;
    };
    return [
      on('GET', base, scope, (asked, [name = '']) => {
        const owner = JSON.stringify(ownerOf(asked, name));
        const all = [...webhooks.hooks.values()];
        const own = all.filter((hook) => JSON.stringify(hook.owner) === owner);
        return page(asked, own.map(hookJson), true);
      }),
      on('POST', base, scope, (asked, [name = '']) => {
        const owner = ownerOf(asked, name);
        const { config, events, active, type, ...more } = parse(
          hookSchema,
          asked.body,
          'Invalid url',
        );
        if (!/^https?:\/\//.test(config.url)) throw new GiteaRefusal(422, 'Invalid url');
        const { url, content_type: contentType, secret } = config;
        const wanted = { owner, type, active, events: fineEvents(events) };
        const hook = webhooks.add({ ...wanted, ...extrasOf(more), url, contentType, secret });
        return { status: 201, body: hookJson(hook) };
      }),
      on('GET', `${base}/(\\d+)`, scope, (asked, parts) => ok(hookJson(findHook(asked, parts)))),
      on('PATCH', `${base}/(\\d+)`, scope, (asked, parts) => {
        const hook = findHook(asked, parts);
        const { events, active, config, ...more } = parse(hookSchema, asked.body, 'Invalid url');
        const { url, content_type: contentType } = config;
        const { id, owner, secret, type } = hook;
        // What is not named is taken away, the secret and the type aside.
        const kept = { id, owner, secret, type, ...extrasOf(more) };
        const changed = { ...kept, active, events: fineEvents(events), url, contentType };
        webhooks.hooks.set(hook.id, changed);
        return ok(hookJson(changed));
      }),
      on('DELETE', `${base}/(\\d+)`, scope, (asked, parts) => {
        webhooks.hooks.delete(findHook(asked, parts).id);
        return { status: 204 };
      }),
      on('POST', `${base}/(\\d+)/tests`, scope, (asked, parts) => {
        const { owner, id } = findHook(asked, parts);
        if (!('repositoryId' in owner)) return { status: 404 };
        // A push: a hook without it gets nothing, and the answer is the same.
        const kind = { event: 'push', type: 'push', action: '' };
        const payload = {
          ref: 'refs/heads/main',
          commits: [],
          repository: world.repositoryJson(owner.repositoryId, asked.token.login),
          sender: world.userJson(asked.token.login),
        };
        webhooks.send(owner.repositoryId, kind, payload, id);
        return { status: 204 };
      }),
    ];
  }

  return { answer };
}

function on(
  method: string,
  path: string,
  scope: string | undefined,
  answer: Route['answer'],
): Route {
  return { method, path: new RegExp(`^${path}$`), scope, answer };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function refused(status: number, message: string): Answer {
  if (status === 403 && message === '') return { status };
  return { status, body: { message, url: 'http://127.0.0.1:3000/api/swagger' } };
}

const notFound: Answer = {
  status: 404,
  body: { errors: null, message: 'not found', url: 'http://127.0.0.1:3000/api/swagger' },
};

function missingScope(
  categories: string | undefined,
  { method, token: { scopes } }: Asked,
): string | undefined {
  if (categories === undefined || scopes.includes('all')) return undefined;
  const level = method === 'GET' ? 'read' : 'write';
  const needed = categories.split(' ').map((category) => `${level}:${category}`);
  const has = (scope: string) =>
    scopes.includes(scope) || scopes.includes(scope.replace('read:', 'write:'));
  if (needed.every(has)) return undefined;
  return `token does not have at least one of required scope(s), required=[${needed.join(' ')}], token scope=${scopes.join(',')}`;
}

function parse<T>(schema: z.ZodType<T>, body: unknown, problem: string): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new GiteaRefusal(422, problem);
}

function isAssigned(assignees: readonly string[] | undefined, login: string): boolean {
  // Not named, they are those of the recorded issue, the bot among them.
  return assignees?.some((other) => other.toLowerCase() === login.toLowerCase()) ?? true;
}

type HookBody = z.infer<typeof hookSchema>;

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
