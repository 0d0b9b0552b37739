import { sql, type RawBuilder } from 'kysely';

import type { IssueKey } from '../issue/ref.ts';

/*
 * Lists of any length are one parameter, JSON, so that a statement is prepared once however long they are.
 * For PostgreSQL only the function has another name, `json_array_elements`.
 */

/** `(a, b) in (...)` for issues. */
export function among(
  idColumn: string,
  numberColumn: string,
  issues: readonly IssueKey[],
): RawBuilder<boolean> {
  const pairs = JSON.stringify(issues.map(({ repositoryId, number }) => [repositoryId, number]));
  return sql<boolean>`(${sql.ref(idColumn)}, ${sql.ref(numberColumn)}) in
    (select cast(value ->> 0 as bigint), cast(value ->> 1 as bigint) from json_each(${pairs}))`;
}

/** `a in (...)` for texts. */
export function oneOf(column: string, texts: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(texts)}))`;
}
