import { sql, type Transaction } from 'kysely';

import type { GraphEdge } from './find-cycles.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { maxUnblocksCounted } from './queue-order.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';

/*
 * The graph of the open issues: an edge counts while both its ends are open, and unless it comes from a parent. Every query walks inside the
 * database and stops at a limit. SQLite joins the tables of a `cross join` in their written order, here from
 * the few given issues to their neighbours; and only the literal `open = 1 and deleted = 0` lets it use the
 * small index of open issues.
 */

/** Direction of a step: to the issues that block one, or to those that it blocks. */
type Step = 'blocker' | 'blocked';

const from = { blocker: 'blocked', blocked: 'blocker' } as const;

/** The open issues one step away from any of these. */
export async function openNeighbours(
  db: Database,
  issues: readonly IssueKey[],
  step: Step,
): Promise<IssueKey[]> {
  const { rows } = await sql<IssueKey>`
    select distinct issues.repository_id as "repositoryId", issues.number
    from edges cross join issues
    where ${keyIn(`edges.${from[step]}_repository_id`, `edges.${from[step]}_number`, issues)}
      and edges.from_parent = 0 and ${isOpen('issues', step)}`.execute(db);
  return rows;
}

/** Issues as a set. */
export function distinctKeys(issues: readonly IssueKey[]): Map<string, IssueKey> {
  return new Map(issues.map((key) => [keyOf(key), key]));
}

/** An end of an edge is this issue, which is open. */
function isOpen(issue: string, end: Step) {
  const column = (name: string) => sql.ref(`${issue}.${name}`);
  return sql`${column('repository_id')} = ${sql.ref(`edges.${end}_repository_id`)}
    and ${column('number')} = ${sql.ref(`edges.${end}_number`)}
    and ${column('open')} = 1 and ${column('deleted')} = 0`;
}

/** All issues any number of steps away from those in `start`, which belong to it; `start` is SQL. */
function reach(start: ReturnType<typeof sql>, step: Step) {
  return sql`with recursive reach (repository_id, number) as (
    ${start}
    union
    select issues.repository_id, issues.number
    from reach cross join edges cross join issues
    where ${sql.ref(`edges.${from[step]}_repository_id`)} = reach.repository_id
      and ${sql.ref(`edges.${from[step]}_number`)} = reach.number
      and edges.from_parent = 0 and ${isOpen('issues', step)})`;
}

const firstLimit = 50;
const limitGrowth = 4;

/**
 * Open issues among which are all that share a cycle with this one: its direct and indirect blockers, or
 * those that it blocks. The smaller of the two sets, so that a new issue that waits for a long chain costs
 * no more than one without blockers. None when the issue is in no cycle.
 */
export async function cycleCandidates(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<IssueKey[]> {
  const start = sql`select cast(${issue.repositoryId} as bigint), cast(${issue.number} as bigint)`;
  for (let limit = firstLimit; ; limit *= limitGrowth) {
    for (const step of ['blocked', 'blocker'] as const) {
      const { rows } = await sql<IssueKey>`${reach(start, step)}
        select repository_id as "repositoryId", number from reach limit ${limit}`.execute(
        transaction,
      );
      if (rows.length === limit) continue;
      // A cycle returns to the issue, so it contains a neighbour in the other direction, too.
      const reached = distinctKeys(rows);
      const others = await openNeighbours(transaction, [issue], from[step]);
      return others.some((key) => reached.has(keyOf(key))) ? rows : [];
    }
  }
}

/** All open issues. */
export async function openIssues(db: Database): Promise<readonly IssueKey[]> {
  const { rows } = await sql<IssueKey>`
    select repository_id as "repositoryId", number from issues
    where open = 1 and deleted = 0`.execute(db);
  return rows;
}

/** The edges between these issues, as far as both ends are open. */
export async function edgesWithin(db: Database, issues: readonly IssueKey[]): Promise<GraphEdge[]> {
  const within = new Set(issues.map(keyOf));
  const { rows } = await sql<{ id: number; number: number; otherId: number; other: number }>`
    select blocked_repository_id as id, blocked_number as number,
      blocker_repository_id as "otherId", blocker_number as other
    from edges cross join issues as waiting cross join issues as other
    where ${keyIn('blocked_repository_id', 'blocked_number', issues)}
      and edges.from_parent = 0 and ${isOpen('waiting', 'blocked')} and ${isOpen('other', 'blocker')}`.execute(
    db,
  );
  return rows.flatMap(({ id, number, otherId, other }) => {
    const blocked = keyOf({ repositoryId: id, number });
    const blocker = keyOf({ repositoryId: otherId, number: other });
    return blocked !== blocker && within.has(blocker) ? [{ blocked, blocker }] : [];
  });
}

/** Maximum of issues to count by walking from each; above it, reading the whole graph is faster. */
const maxCountedByWalking = 500;

/**
 * Counts how many open issues each of these blocks, and returns those whose stored count is stale. Goes on
 * with their blockers, but not beyond an issue that was and is at the limit: its blockers block at least as
 * many.
 */
export async function recountUnblocked(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<UnblockedCount[]> {
  const changed: UnblockedCount[] = [];
  const seen = distinctKeys(issues);
  for (let level = [...seen.values()]; level.length > 0;) {
    const counted =
      level.length > maxCountedByWalking
        ? await countAll(transaction, level)
        : await countEach(transaction, level);
    changed.push(...counted.filter(({ before, now }) => before !== now));
    const onwards = counted.filter(
      ({ before, now }) => before !== maxUnblocksCounted || now !== maxUnblocksCounted,
    );
    const next = distinctKeys(await openNeighbours(transaction, onwards, 'blocker'));
    level = [...next].filter(([id]) => !seen.has(id)).map(([, key]) => key);
    for (const key of level) seen.set(keyOf(key), key);
  }
  return changed;
}

/** How many issues one blocks: as stored, and as it is now. */
interface UnblockedCount extends IssueKey {
  readonly before: number | null;
  readonly now: number;
}

async function countEach(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<readonly UnblockedCount[]> {
  const start = sql`select counted.repository_id, counted.number`;
  const { rows } = await sql<UnblockedCount>`
    select counted.repository_id as "repositoryId", counted.number, counted.unblocks as before,
      case when counted.open = 1 and counted.deleted = 0
        then (${reach(start, 'blocked')} select count(*) - 1
          from (select 1 from reach limit ${maxUnblocksCounted + 1}) as some)
        else 0 end as now
    from issues as counted
    where ${keyIn('counted.repository_id', 'counted.number', issues)}`.execute(transaction);
  return rows;
}

async function countAll(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<UnblockedCount[]> {
  const edges = await edgesWithin(transaction, await openIssues(transaction));
  const counts = countBlocked(edges, issues.map(keyOf), maxUnblocksCounted);
  const now = new Map(issues.map((key, index) => [keyOf(key), counts[index] ?? 0]));
  const stored = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number', 'unblocks as before'])
    .where(keyIn('repository_id', 'number', issues))
    .execute();
  return stored.map((row) => ({ ...row, now: now.get(keyOf(row)) ?? 0 }));
}

/** Number of nodes that wait for a node, directly or through others, up to the limit. */
export function countBlocked(
  edges: readonly GraphEdge[],
  nodes: readonly string[],
  limit: number,
): number[] {
  const waiting = Map.groupBy(edges, ({ blocker }) => blocker);
  return nodes.map((start) => {
    const seen = new Set([start]);
    for (const node of seen) {
      for (const { blocked } of waiting.get(node) ?? []) {
        seen.add(blocked);
        if (seen.size > limit) return limit;
      }
    }
    return seen.size - 1;
  });
}
