import { sql, type Transaction } from 'kysely';

import { countWaiting, type GraphEdge } from './graph.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { unblocksCounted } from './queue-order.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';

/*
 * The graph of the open issues: an edge counts in it while both its ends are open. Every query walks inside
 * the database and stops at a limit. Of `cross join` SQLite takes the tables in the order they stand in,
 * from the few issues given to those they lead to; and `open = 1 and deleted = 0` must stand there literally,
 * so that a small index answers it.
 */

/** Where a step leads: to what an issue waits for, or to what waits for it. */
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
      and ${isOpen('issues', step)}`.execute(db);
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
      and ${isOpen('issues', step)})`;
}

const firstLimit = 50;
const limitGrowth = 4;

/**
 * Open issues that contain all that share a circle with this one: either what it waits for, however
 * indirectly, or what waits for it. Of the two the smaller, so that a new issue that waits for a long
 * chain costs no more than one that waits for nothing. None when the issue is in no circle.
 */
export async function circleCandidates(
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
      // A circle comes back to the issue: over one that it leads to in the other direction.
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
      and ${isOpen('waiting', 'blocked')} and ${isOpen('other', 'blocker')}`.execute(db);
  return rows.flatMap(({ id, number, otherId, other }) => {
    const blocked = keyOf({ repositoryId: id, number });
    const blocker = keyOf({ repositoryId: otherId, number: other });
    return blocked !== blocker && within.has(blocker) ? [{ blocked, blocker }] : [];
  });
}

/** Above this many issues at once, reading the whole graph is faster than walking from each. */
const countedByWalking = 500;

/**
 * The issues that now hold up another number of open issues than stored, with that number. Begins with
 * those given and goes on with what they wait for, but not beyond an issue that was at the limit and still
 * is: whatever it waits for holds up at least as many.
 */
export async function recount(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<Counted[]> {
  const changed: Counted[] = [];
  const seen = distinctKeys(issues);
  for (let level = [...seen.values()]; level.length > 0;) {
    const counted =
      level.length > countedByWalking
        ? await countAll(transaction, level)
        : await countEach(transaction, level);
    changed.push(...counted.filter(({ before, now }) => before !== now));
    const onwards = counted.filter(
      ({ before, now }) => before !== unblocksCounted || now !== unblocksCounted,
    );
    const next = distinctKeys(await openNeighbours(transaction, onwards, 'blocker'));
    level = [...next].filter(([id]) => !seen.has(id)).map(([, key]) => key);
    for (const key of level) seen.set(keyOf(key), key);
  }
  return changed;
}

/** How many issues one holds up, as it was stored and as it is. */
interface Counted extends IssueKey {
  readonly before: number | null;
  readonly now: number;
}

async function countEach(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<readonly Counted[]> {
  const start = sql`select counted.repository_id, counted.number`;
  const { rows } = await sql<Counted>`
    select counted.repository_id as "repositoryId", counted.number, counted.unblocks as before,
      case when counted.open = 1 and counted.deleted = 0
        then (${reach(start, 'blocked')} select count(*) - 1
          from (select 1 from reach limit ${unblocksCounted + 1}) as some)
        else 0 end as now
    from issues as counted
    where ${keyIn('counted.repository_id', 'counted.number', issues)}`.execute(transaction);
  return rows;
}

async function countAll(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<Counted[]> {
  const edges = await edgesWithin(transaction, await openIssues(transaction));
  const counts = countWaiting(edges, issues.map(keyOf), unblocksCounted);
  const now = new Map(issues.map((key, index) => [keyOf(key), counts[index] ?? 0]));
  const stored = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number', 'unblocks as before'])
    .where(keyIn('repository_id', 'number', issues))
    .execute();
  return stored.map((row) => ({ ...row, now: now.get(keyOf(row)) ?? 0 }));
}
