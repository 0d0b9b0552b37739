import { sql, type Transaction } from 'kysely';

import type { GraphEdge } from './cycles/find-cycles.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { maxUnblocksCounted } from './queue-order.ts';
import { keyIn, keyRows, ofIssue } from '../db/key-filter.ts';
import { crossJoin } from '../db/portable.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';

/*
 * The graph of the open issues: an edge counts while both its ends are open, and unless it comes from a parent. Every query walks inside the
 * database and stops at a limit. The tables are joined in the written order, from the few given issues to their
 * neighbours; and only the literal `open = 1 and deleted = 0` lets the small index of open issues be used.
 */

/** Direction of a step: to the issues that block one, or to those that it blocks. */
export type Step = 'blocker' | 'blocked';

const from = { blocker: 'blocked', blocked: 'blocker' } as const;

/** The open issues one step away from any of these. */
export async function openNeighbours(
  db: Database,
  issues: readonly IssueKey[],
  step: Step,
): Promise<IssueKey[]> {
  const { rows } = await sql<IssueKey>`
    select distinct issues.repository_id as "repositoryId", issues.number
    from (${keyRows(issues)}) as given ${oneStep(db, 'given', step)}`.execute(db);
  return rows;
}

/** Joins the edges of the issues in `near` that count, and the open `issues` at their other ends. */
function oneStep(db: Database, near: 'given' | 'reach' | 'above', step: Step) {
  const end = from[step];
  return sql`${crossJoin(
    db,
    'edges',
    sql`${sql.ref(`edges.${end}_repository_id`)} = ${sql.ref(`${near}.repository_id`)}
      and ${sql.ref(`edges.${end}_number`)} = ${sql.ref(`${near}.number`)} and edges.from_parent = 0`,
  )} ${crossJoin(db, 'issues', isOpen('issues', step))}`;
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

/** All issues any number of steps away from those in `start`, which belong to it; `start` and `condition` are SQL. */
function reach(
  db: Database,
  start: ReturnType<typeof sql>,
  step: Step,
  condition: ReturnType<typeof sql> = sql``,
) {
  return sql`with recursive reach (repository_id, number) as (
    ${start}
    union
    select issues.repository_id, issues.number
    from reach ${oneStep(db, 'reach', step)} ${condition})`;
}

/** An edge between open issues, with what is stored of the issue at its far end. */
export interface OpenEdge extends GraphEdge {
  readonly other: IssueKey;
  readonly otherCycle: string | null;
}

/** The edges from any of these open issues to the open issues one step away; none from an issue to itself. */
export async function openEdges(
  db: Database,
  issues: readonly IssueKey[],
  step: Step,
): Promise<OpenEdge[]> {
  const { rows } = await sql<IssueKey & { id: number; own: number; otherCycle: string | null }>`
    select given.repository_id as id, given.number as own, issues.repository_id as "repositoryId",
      issues.number, issues.cycle_key as "otherCycle"
    from (${keyRows(issues)}) as given ${oneStep(db, 'given', step)}`.execute(db);
  return rows.flatMap(({ id, own, otherCycle, ...other }) => {
    const [here, there] = [keyOf({ repositoryId: id, number: own }), keyOf(other)];
    if (here === there) return [];
    const ends = step === 'blocker' ? [here, there] : [there, here];
    return [{ blocked: ends[0] ?? '', blocker: ends[1] ?? '', other, otherCycle }];
  });
}

const firstLimit = 50;
const limitGrowth = 4;

/**
 * All open issues that an issue reaches in one of the two directions, itself included: all that share a cycle with
 * it are among them. In the direction with fewer, so that a new issue that waits for a long chain costs no more than
 * one without blockers.
 */
export async function reachOf(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<IssueKey[]> {
  for (let limit = firstLimit; ; limit *= limitGrowth)
    for (const step of ['blocked', 'blocker'] as const) {
      const { rows } = await sql<IssueKey>`${reach(transaction, keyRows([issue]), step)}
        select repository_id as "repositoryId", number from reach limit ${limit}`.execute(
        transaction,
      );
      if (rows.length < limit) return rows;
    }
}

/** Maximum of issues on the ways around a tangle. */
const maxAround = 1_000;

/**
 * The open issues that an issue reaches in one direction on ways around the members of a stored tangle, without
 * itself; undefined when they are too many.
 */
export async function reachAround(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  step: Step,
  cycleKey: string,
): Promise<IssueKey[] | undefined> {
  const around = sql`where (issues.cycle_key is null or issues.cycle_key <> ${cycleKey})`;
  const { rows } = await sql<IssueKey>`${reach(transaction, keyRows([issue]), step, around)}
    select repository_id as "repositoryId", number from reach
    where not ${ofIssue(issue)} limit ${maxAround}`.execute(transaction);
  return rows.length < maxAround ? rows : undefined;
}

/** All open issues. */
export async function openIssues(db: Database): Promise<readonly IssueKey[]> {
  const { rows } = await sql<IssueKey>`
    select repository_id as "repositoryId", number from issues
    where open = 1 and deleted = 0`.execute(db);
  return rows;
}

/** The edges between these issues, all of which are open. */
export async function edgesWithin(db: Database, issues: readonly IssueKey[]): Promise<GraphEdge[]> {
  const within = new Set(issues.map(keyOf));
  return (await openEdges(db, issues, 'blocker')).filter(({ blocker }) => within.has(blocker));
}

/** Maximum of issues to count by walking from each; above it, reading the whole graph is faster. */
const maxCountedByWalking = 500;

/**
 * Counts how many open issues each of these blocks, and returns those whose stored count is stale. Goes on
 * with their blockers, but not beyond an issue that was and is at the limit: its blockers block at least as
 * many. So one query follows the blockers below the limit, and another round only those that fell below it.
 * `onlyMore`: nothing was closed and no edge went, so none at the limit is looked at.
 */
export async function recountUnblocked(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  { onlyMore }: { onlyMore: boolean },
): Promise<UnblockedCount[]> {
  const changed: UnblockedCount[] = [];
  const seen = new Set<string>();
  for (let starts = [...distinctKeys(issues).values()]; starts.length > 0;) {
    const above = await belowLimit(transaction, starts);
    const level = above.filter(
      (issue) => !seen.has(keyOf(issue)) && !(onlyMore && issue.unblocks >= maxUnblocksCounted),
    );
    for (const key of level) seen.add(keyOf(key));
    const counted =
      level.length > maxCountedByWalking
        ? await countAll(transaction, level)
        : await countEach(transaction, level);
    changed.push(...counted.filter(({ before, now }) => before !== now));
    const fell = counted.filter(
      ({ before, now }) => before === maxUnblocksCounted && now !== maxUnblocksCounted,
    );
    const beyond = fell.length === 0 ? [] : await openNeighbours(transaction, fell, 'blocker');
    starts = beyond.filter((key) => !seen.has(keyOf(key)));
  }
  return changed;
}

/** These issues and the open ones for which they wait, directly or through others that are stored as blocking few. */
async function belowLimit(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<readonly (IssueKey & { unblocks: number })[]> {
  const { rows } = await sql<
    IssueKey & { unblocks: number }
  >`with recursive above (repository_id, number, unblocks) as (
    select repository_id, number, unblocks from issues where ${keyIn('repository_id', 'number', issues)}
    union
    select issues.repository_id, issues.number, issues.unblocks
    from above ${oneStep(transaction, 'above', 'blocker')}
    where above.unblocks < ${maxUnblocksCounted})
    select repository_id as "repositoryId", number, unblocks from above`.execute(transaction);
  return rows;
}

/** How many issues one blocks: as stored, and as it is now. */
interface UnblockedCount extends IssueKey {
  readonly before: number | null;
  readonly now: number;
}

/** Those that many wait for directly are counted without a walk. */
async function countEach(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<readonly UnblockedCount[]> {
  const start = sql`select counted.repository_id, counted.number`;
  const direct = sql`select count(*) from (
    select distinct issues.repository_id, issues.number
    from (select counted.repository_id, counted.number) as given
      ${oneStep(transaction, 'given', 'blocked')}
    limit ${maxUnblocksCounted + 1}) as waiting`;
  const { rows } = await sql<UnblockedCount>`
    select counted.repository_id as "repositoryId", counted.number, counted.unblocks as before,
      case when counted.open = 0 or counted.deleted = 1 then 0
        when (${direct}) > ${maxUnblocksCounted} then ${maxUnblocksCounted}
        else (${reach(transaction, start, 'blocked')} select count(*) - 1
          from (select 1 from reach limit ${maxUnblocksCounted + 1}) as reached)
        end as now
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
