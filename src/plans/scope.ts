import { sql, type RawBuilder } from 'kysely';

import { placeOf, textsOf } from '../db/portable.ts';

/** Repositories that a caller may see, in lower case, as `owner/name` or `owner/*`. Undefined: all. */
export type Scope = readonly string[] | undefined;

/** True when a repository is in the scope; its case does not matter, as on Gitea. */
export function isInScope(scope: Scope, repository: string): boolean {
  if (scope === undefined) return true;
  const name = repository.toLowerCase();
  return scope.includes(name) || scope.includes(`${name.split('/', 1)[0] ?? ''}/*`);
}

/** Condition for issues of these agents, and for those that have none yet. Undefined: all. */
export function ofAgents(agents: readonly string[] | undefined): RawBuilder<boolean> {
  if (agents === undefined) return sql<boolean>`true`;
  return sql<boolean>`(issues.agent is null
    or issues.agent in ${textsOf(agents)})`;
}

/** Condition for rows whose repository bears a name of the scope now. */
export function inScope(idColumn: string, scope: Scope): RawBuilder<boolean> {
  if (scope === undefined) return sql<boolean>`true`;
  return sql<boolean>`${sql.ref(idColumn)} in (select scoped.id from repositories as scoped
    where scoped.lower_name in ${textsOf(scope)}
      or substr(scoped.lower_name, 1, ${placeOf(sql.ref('scoped.lower_name'), sql.lit('/'))}) || '*'
        in ${textsOf(scope)})`;
}
