import { sql, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueFacts } from '../issue/facts.ts';
import type { NamedIssue } from '../issue/reading.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import type { Warning } from '../issue/warnings.ts';
import { readEdgeChange, type EdgeChange } from './edges.ts';
import { findNamedRepositoryId } from './repository-names.ts';

/*
 * A parent ends when its parts end. An edge by which it blocks one of them is a cycle through the parent: it
 * is kept and named, but holds nothing back, whoever declared it. Parents of parents count, too.
 */

/** Stores whose part an issue is; true when that changed. */
export async function replaceParents(
  transaction: Transaction<Schema>,
  issue: IssueFacts,
  partOf: readonly NamedIssue[],
): Promise<boolean> {
  const rows: { id: number | null; number: number; name: string | null }[] = [];
  for (const { repository, number } of partOf) {
    const name = (repository ?? issue.repository).toLowerCase();
    const isOwn = name === issue.repository.toLowerCase();
    const id = isOwn ? issue.repositoryId : await findNamedRepositoryId(transaction, name);
    if (id !== issue.repositoryId || number !== issue.number)
      rows.push({ id: id ?? null, number, name: id === undefined ? name : null });
  }
  const before = await transaction
    .selectFrom('parents')
    .select(['parent_repository_id as id', 'parent_number as number', 'unresolved_name as name'])
    .where(ofIssue(issue))
    .execute();
  const listed = (parents: typeof rows) => parents.map((row) => JSON.stringify(row)).sort();
  if (listed(before).join() === listed(rows).join()) return false;
  await transaction.deleteFrom('parents').where(ofIssue(issue)).execute();
  if (rows.length > 0)
    await transaction
      .insertInto('parents')
      .values(
        rows.map(({ id, number, name }) => ({
          repository_id: issue.repositoryId,
          number: issue.number,
          parent_repository_id: id,
          parent_number: number,
          unresolved_name: name,
        })),
      )
      .execute();
  return true;
}

/** Gives the parents of which only a repository's name was known its id; returns their parts. */
export function resolveParents(
  transaction: Transaction<Schema>,
  repositoryId: number,
  lowerName: string,
): Promise<IssueKey[]> {
  return transaction
    .updateTable('parents')
    .set({ parent_repository_id: repositoryId, unresolved_name: null })
    .where('unresolved_name', '=', lowerName)
    .returning(['repository_id as repositoryId', 'number'])
    .execute();
}

/** Maximum of parts, and of parents of an issue, that are followed. */
const maxFollowed = 1_000;

/** The parts of these issues and the parts of those, and those of the issues themselves that have or had a parent. */
export async function withParts(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<IssueKey[]> {
  if (issues.length === 0) return [];
  const { rows } = await sql<IssueKey>`with recursive below (repository_id, number) as (
    select repository_id, number from parents
    where ${keyIn('parent_repository_id', 'parent_number', issues)}
    union
    select parents.repository_id, parents.number from below cross join parents
    where parents.parent_repository_id = below.repository_id
      and parents.parent_number = below.number)
    select repository_id as "repositoryId", number
      from (select repository_id, number from below limit ${maxFollowed}) as nearest
    union select repository_id, number from parents
      where ${keyIn('repository_id', 'number', issues)}
    union select blocked_repository_id, blocked_number from edges
      where from_parent = 1 and ${keyIn('blocked_repository_id', 'blocked_number', issues)}`.execute(
    transaction,
  );
  return rows;
}

/**
 * Finds out which edges that block these issues come from a parent of theirs; returns those that began or
 * ceased to hold something back.
 */
export async function markParentEdges(
  transaction: Transaction<Schema>,
  blocked: readonly IssueKey[],
): Promise<EdgeChange[]> {
  if (blocked.length === 0) return [];
  const fromParent = sql<number>`case when exists (
    with recursive above (repository_id, number) as (
      select parent_repository_id, parent_number from parents
      where parents.repository_id = edges.blocked_repository_id
        and parents.number = edges.blocked_number and parent_repository_id is not null
      union
      select parents.parent_repository_id, parents.parent_number from above cross join parents
      where parents.repository_id = above.repository_id and parents.number = above.number
        and parents.parent_repository_id is not null)
    select 1 from (select * from above limit ${maxFollowed}) as above where above.repository_id = edges.blocker_repository_id
      and above.number = edges.blocker_number) then 1 else 0 end`;
  const rows = await transaction
    .updateTable('edges')
    .set({ from_parent: sql<number>`1 - from_parent` })
    .where(keyIn('blocked_repository_id', 'blocked_number', blocked))
    .where(sql<boolean>`from_parent <> ${fromParent}`)
    .returningAll()
    .execute();
  return rows.map((row) => readEdgeChange(row, row.from_parent === 0));
}

/** The parents of an issue, theirs included, and the blockers that it was resumed without. */
export async function freeingIssues(
  db: Database,
  issue: IssueKey,
): Promise<{ parents: IssueKey[]; waived: IssueKey[] }> {
  const { rows } = await sql<IssueKey>`with recursive above (repository_id, number) as (
    select parent_repository_id, parent_number from parents
    where ${ofIssue(issue)} and parent_repository_id is not null
    union
    select parents.parent_repository_id, parents.parent_number from above cross join parents
    where parents.repository_id = above.repository_id and parents.number = above.number
      and parents.parent_repository_id is not null)
    select repository_id as "repositoryId", number from above limit ${maxFollowed}`.execute(db);
  const waived = await db
    .selectFrom('edges')
    .select(['blocker_repository_id as repositoryId', 'blocker_number as number'])
    .where('blocked_repository_id', '=', issue.repositoryId)
    .where('blocked_number', '=', issue.number)
    .where('waived', '=', 1)
    .$narrowType<{ repositoryId: number }>()
    .execute();
  return { parents: rows, waived };
}

/** Maximum of parts that one warning names. */
const maxParts = 5;

/** The warnings of parents that block their parts and of those parts, by the key of the issue. */
export async function parentWarnings(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<Map<string, Warning[]>> {
  if (issues.length === 0) return new Map();
  const { rows } = await sql<{
    partId: number;
    part: number;
    partName: string;
    parentId: number;
    parent: number;
    parentName: string;
  }>`select distinct blocked_repository_id as "partId", blocked_number as part,
      of_part.full_name as "partName", blocker_repository_id as "parentId",
      blocker_number as parent, of_parent.full_name as "parentName"
    from edges cross join issues as part cross join issues as parent
      join repositories as of_part on of_part.id = blocked_repository_id
      join repositories as of_parent on of_parent.id = blocker_repository_id
    where from_parent = 1
      and (${keyIn('blocked_repository_id', 'blocked_number', issues)}
        or ${keyIn('blocker_repository_id', 'blocker_number', issues)})
      and part.repository_id = blocked_repository_id and part.number = blocked_number
      and part.open = 1 and part.deleted = 0
      and parent.repository_id = blocker_repository_id and parent.number = blocker_number
      and parent.open = 1 and parent.deleted = 0
    order by 1, 2`.execute(transaction);
  const ties = rows.map((row) => ({
    part: keyOf({ repositoryId: row.partId, number: row.part }),
    partRef: formatRef({ repository: row.partName, number: row.part }),
    parent: keyOf({ repositoryId: row.parentId, number: row.parent }),
    parentRef: formatRef({ repository: row.parentName, number: row.parent }),
  }));
  const warnings = ties.map(
    ({ part, partRef, parentRef }) => [part, blocksParts(parentRef, [partRef])] as const,
  );
  const ofParents = [...Map.groupBy(ties, ({ parent }) => parent)].map(
    ([parent, some]) =>
      [
        parent,
        blocksParts(
          some[0]?.parentRef ?? '',
          some.map(({ partRef }) => partRef),
        ),
      ] as const,
  );
  const all = Map.groupBy([...warnings, ...ofParents], ([key]) => key);
  return new Map([...all].map(([key, some]) => [key, some.map(([, warning]) => warning)]));
}

function blocksParts(parent: string, parts: readonly string[]): Warning {
  const more = Math.max(0, parts.length - maxParts);
  return { code: 'parent_blocks_part', params: { parent, parts: parts.slice(0, maxParts), more } };
}

/** The issues with which an issue shares an edge from a parent to its part. */
export async function parentTies(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<IssueKey[]> {
  const { rows } = await sql<IssueKey>`
    select blocker_repository_id as "repositoryId", blocker_number as number from edges
    where from_parent = 1 and blocked_repository_id = ${repositoryId} and blocked_number = ${number}
    union
    select blocked_repository_id, blocked_number from edges
    where from_parent = 1 and blocker_repository_id = ${repositoryId}
      and blocker_number = ${number}`.execute(transaction);
  return rows;
}
