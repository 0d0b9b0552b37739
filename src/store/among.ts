import { sql, type RawBuilder } from 'kysely';

import type { IssueKey } from '../issue/ref.ts';

/** Issues named in one query. */
const chunk = 2_000;

/** `(a, b) in (values ...)`: the form of a row-value list that SQLite and PostgreSQL share. */
export function among(
  idColumn: string,
  numberColumn: string,
  issues: readonly IssueKey[],
): RawBuilder<boolean> {
  const rows = issues.map(({ repositoryId, number }) => sql`(${repositoryId}, ${number})`);
  return sql<boolean>`(${sql.ref(idColumn)}, ${sql.ref(numberColumn)}) in (values ${sql.join(rows)})`;
}

/** Asks for any number of issues, a bounded number at a time; the results in order. */
export async function inChunks<T>(
  issues: readonly IssueKey[],
  query: (some: readonly IssueKey[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const results: (readonly T[])[] = [];
  for (let start = 0; start < issues.length; start += chunk)
    results.push(await query(issues.slice(start, start + chunk)));
  return results.flat();
}
