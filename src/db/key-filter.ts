import { sql, type RawBuilder } from 'kysely';

import { rowsOf, textsOf } from './portable.ts';

/*
 * A list of any length is one parameter, JSON, so that a statement is prepared once for all lengths.
 */

/** The columns that identify an issue. */
interface Key {
  readonly repositoryId: number;
  readonly number: number;
}

/** The rows of one issue, in a table with the columns `repository_id` and `number`. */
export function ofIssue({ repositoryId, number }: Key): RawBuilder<boolean> {
  return sql<boolean>`(repository_id = ${repositoryId} and number = ${number})`;
}

/** `(a, b) in (...)` for issues. */
export function keyIn(
  idColumn: string,
  numberColumn: string,
  issues: readonly Key[],
): RawBuilder<boolean> {
  const pairs = JSON.stringify(issues.map(({ repositoryId, number }) => [repositoryId, number]));
  return sql<boolean>`(${sql.ref(idColumn)}, ${sql.ref(numberColumn)}) in
    (select cast(value ->> 0 as bigint), cast(value ->> 1 as bigint) from ${rowsOf(pairs)})`;
}

/** `a in (...)` for texts. */
export function oneOf(column: string, texts: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in ${textsOf(texts)}`;
}
