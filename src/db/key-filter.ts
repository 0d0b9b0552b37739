import { sql, type RawBuilder } from 'kysely';

import { rowsOf, textsOf } from './portable.ts';

/*
 * A list of any length is one parameter, JSON, so that a statement is prepared once for all lengths. One issue, the
 * most frequent list, is compared like any key: PostgreSQL takes a list for 100 rows, and reads small tables whole.
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
  const [id, number] = [sql.ref(idColumn), sql.ref(numberColumn)];
  const [first, ...more] = issues;
  return first !== undefined && more.length === 0
    ? sql<boolean>`(${id} = ${first.repositoryId} and ${number} = ${first.number})`
    : sql<boolean>`(${id}, ${number}) in (${keyRows(issues)})`;
}

/** Issues as rows of the columns `repository_id` and `number`. */
export function keyRows(issues: readonly Key[]): RawBuilder<unknown> {
  const [first, ...more] = issues;
  if (first !== undefined && more.length === 0)
    return sql`select cast(${first.repositoryId} as bigint) as repository_id,
      cast(${first.number} as bigint) as number`;
  const pairs = JSON.stringify(issues.map(({ repositoryId, number }) => [repositoryId, number]));
  return sql`select cast(value ->> 0 as bigint) as repository_id, cast(value ->> 1 as bigint) as number
    from ${rowsOf(pairs)}`;
}

/** `a in (...)` for texts. */
export function oneOf(column: string, texts: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in ${textsOf(texts)}`;
}
