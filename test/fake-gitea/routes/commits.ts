import { z } from 'zod';

import { getRepository, permissionOf } from '../world/state.ts';
import {
  GiteaRefusal,
  type GiteaCommit,
  type GiteaRepository,
  type GiteaRule,
} from '../world/types.ts';
import { setStatus, statusJson } from '../world/statuses.ts';
import { requireAccess, requireRepository } from './access.ts';
import { ok, on, page, parse, repositoryPath, type Asked, type Route } from './route.ts';

const statusSchema = z.object({
  state: z.string(),
  context: z.string(),
  description: z.string().default(''),
  target_url: z.string().default(''),
});

const changeSchema = z.object({
  enable_status_check: z.boolean(),
  status_check_contexts: z.array(z.string()),
});
const ruleSchema = z.object({
  rule_name: z.string(),
  enable_push: z.boolean().default(false),
  enable_status_check: z.boolean().default(false),
  status_check_contexts: z.array(z.string()).default([]),
});

/** Commits, as far as the service asks about them. */
export const commitRoutes: readonly Route[] = [
  on('GET', `${repositoryPath}/git/commits/([^/]+)`, 'repository', (asked, [name, hash = '']) => {
    const sha = findHash(repositoryOf(asked, name), hash);
    if (sha === undefined) throw new GiteaRefusal(404, 'not found');
    return ok({ sha });
  }),
  on('GET', `${repositoryPath}/commits`, 'repository', (asked, [name]) => {
    const repository = repositoryOf(asked, name);
    if (repository.head === undefined) throw new GiteaRefusal(409, 'Git Repository is empty.');
    const sha = findHash(repository, asked.query.get('sha') ?? repository.head);
    // Gitea's 404 has the body `null` here.
    if (sha === undefined) return { status: 404, body: null };
    const without = asked.query.get('not') === 'refs/heads/main' ? repository.head : undefined;
    const left = new Set(ancestors(repository, without));
    const rows = ancestors(repository, sha).filter((hash) => !left.has(hash));
    const files = (hash: string) => commitOf(repository, hash).files ?? [];
    return page(
      asked,
      rows.map((hash) => ({ sha: hash, files: files(hash).map((filename) => ({ filename })) })),
      { counted: true },
    );
  }),
  on('GET', `${repositoryPath}/branches/([^/]+)`, 'repository', (asked, [name, branch]) => {
    const { head, branches } = repositoryOf(asked, name);
    const id = branch === 'main' ? head : branches?.get(decodeURIComponent(branch ?? ''));
    if (id === undefined) throw new GiteaRefusal(404, 'not found');
    return ok({ name: branch, commit: { id } });
  }),
  // The latest of each context; it has pages like a list.
  on('GET', `${repositoryPath}/commits/([^/]+)/status`, 'repository', (asked, [name, sha = '']) => {
    const repository = repositoryOf(asked, name);
    const all = repository.statuses?.get(sha) ?? [];
    const latest = new Map(all.map((status) => [status.context, status]));
    const { body, ...rest } = page(asked, [...latest.values()].map(statusJson), { counted: true });
    return { ...rest, body: { state: 'pending', sha, statuses: body } };
  }),
  on('GET', `${repositoryPath}/branch_protections`, 'repository', (asked, [name]) => {
    requireAdmin(asked, name);
    return ok(rulesOf(repositoryOf(asked, name)));
  }),
  on('POST', `${repositoryPath}/branch_protections`, 'repository', (asked, [name]) => {
    requireAdmin(asked, name);
    const rules = rulesOf(repositoryOf(asked, name));
    const made = parse(ruleSchema, asked.body, 'both rule_name and branch_name are empty');
    if (rules.some((rule) => rule.rule_name === made.rule_name))
      throw new GiteaRefusal(403, 'Branch protection already exist');
    rules.push(made);
    return { status: 201, body: made };
  }),
  on(
    'PATCH',
    `${repositoryPath}/branch_protections/([^/]+)`,
    'repository',
    (asked, [name, rule]) => {
      requireAdmin(asked, name);
      const rules = rulesOf(repositoryOf(asked, name));
      const at = rules.findIndex((each) => each.rule_name === decodeURIComponent(rule ?? ''));
      const before = rules[at];
      if (before === undefined) throw new GiteaRefusal(404, 'not found');
      const change = parse(changeSchema, asked.body, '');
      const after = { ...before, ...change, rule_name: before.rule_name };
      rules[at] = after;
      return ok(after);
    },
  ),
  on('POST', `${repositoryPath}/statuses/([^/]+)`, 'repository', (asked, [name, sha = '']) => {
    const id = requireRepository(asked, name);
    requireAccess(asked, id, 'write', 'user should have a permission to write to a repo');
    const repository = getRepository(asked.world, id);
    if (repository.commits?.has(sha) !== true) throw new GiteaRefusal(500, '');
    const status = parse(statusSchema, asked.body, '[State]: Required');
    const statusId = setStatus(asked.world, asked.token.login, id, sha, status);
    return { status: 201, body: { id: statusId, ...statusJson(status) } };
  }),
];

function rulesOf(repository: GiteaRepository): GiteaRule[] {
  repository.rules ??= [];
  return repository.rules;
}

function requireAdmin(asked: Asked, name: string | undefined): void {
  const id = requireRepository(asked, name);
  if (permissionOf(asked.world, asked.token.login, id) !== 'admin')
    throw new GiteaRefusal(
      403,
      'user should be an owner or a collaborator with admin write of a repository',
    );
}

function repositoryOf(asked: Asked, name = ''): GiteaRepository {
  return getRepository(asked.world, requireRepository(asked, name));
}

function commitOf({ commits }: GiteaRepository, hash: string): GiteaCommit {
  return commits?.get(hash) ?? {};
}

/** A hash may be shortened, as in Git. */
function findHash({ commits }: GiteaRepository, start: string): string | undefined {
  return [...(commits?.keys() ?? [])].find((hash) => hash.startsWith(start));
}

/** A commit and all before it. */
function ancestors(repository: GiteaRepository, from: string | undefined): string[] {
  const found = new Set<string>();
  const next = from === undefined ? [] : [from];
  for (let hash = next.pop(); hash !== undefined; hash = next.pop()) {
    if (found.has(hash)) continue;
    found.add(hash);
    next.push(...(commitOf(repository, hash).parents ?? []));
  }
  return [...found];
}
