import type { Source } from '../issue/source.ts';
import { sources } from '../issue/source.ts';
import type { PlanEdge } from '../issue/plan.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import { blockerState, pullOfBlocker } from './blocker-state.ts';
import { inScope, type Scope } from './scope.ts';

/** One end of an edge with what is known of the issue there. */
export interface EdgeEnd {
  /** Undefined while only the name of its repository is known. */
  readonly key: IssueKey | undefined;
  readonly ref: string;
  readonly state: PlanEdge['state'] | 'deleted';
}

/** "`blocked` waits for `blocker`", with the state of both ends. */
export interface LinkedEdge {
  readonly blocked: EdgeEnd;
  readonly blocker: EdgeEnd;
  readonly source: Source;
  readonly evidence: string;
  /** True when the blocked issue says so itself. */
  readonly declaredByBlocked: boolean;
}

/**
 * The edges that have any of these issues at the given end and count, by the issue that declares them and in the
 * order of its text, whichever was handled first. An issue never waits for itself, under any name.
 */
export async function linkedEdges(
  db: Database,
  issues: readonly IssueKey[],
  end: 'blocked' | 'blocker',
): Promise<LinkedEdge[]> {
  const rows = await selectLinked(db)
    .where(keyIn(`edges.${end}_repository_id`, `edges.${end}_number`, issues))
    .orderBy('edges.declared_repository_id')
    .orderBy('edges.declared_number')
    .orderBy('edges.id')
    .execute();
  return rows.filter((row) => !isLoop(row)).map(linkedEdge);
}

export interface EdgeFilter {
  /** Undefined: all. */
  readonly repositoryId: number | undefined;
  /** Both ends must be in it. */
  readonly scope: Scope;
  readonly limit: number;
}

/** The first edges by the issues they block, of all or with an end in one repository. */
export async function listLinkedEdges(
  db: Database,
  { repositoryId, scope, limit }: EdgeFilter,
): Promise<LinkedEdge[]> {
  let query = selectLinked(db)
    .where(inScope('edges.blocked_repository_id', scope))
    .where(inScope('edges.blocker_repository_id', scope));
  if (repositoryId !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('edges.blocked_repository_id', '=', repositoryId),
        eb('edges.blocker_repository_id', '=', repositoryId),
      ]),
    );
  const rows = await query
    .orderBy('edges.blocked_repository_id')
    .orderBy('edges.blocked_number')
    .orderBy('edges.declared_repository_id')
    .orderBy('edges.declared_number')
    .orderBy('edges.id')
    .limit(limit)
    .execute();
  return rows.filter((row) => !isLoop(row)).map(linkedEdge);
}

function selectLinked(db: Database) {
  return (
    db
      .selectFrom('edges')
      .leftJoin(
        'repositories as blocked_repository',
        'blocked_repository.id',
        'blocked_repository_id',
      )
      .leftJoin(
        'repositories as blocker_repository',
        'blocker_repository.id',
        'blocker_repository_id',
      )
      .leftJoin('issues as blocked', (join) =>
        join
          .onRef('blocked.repository_id', '=', 'blocked_repository_id')
          .onRef('blocked.number', '=', 'blocked_number'),
      )
      .leftJoin('issues as blocker', (join) =>
        join
          .onRef('blocker.repository_id', '=', 'blocker_repository_id')
          .onRef('blocker.number', '=', 'blocker_number'),
      )
      .selectAll('edges')
      .select([
        'blocked_repository.full_name as blocked_name',
        'blocker_repository.full_name as blocker_name',
        'blocked.open as blocked_open',
        'blocked.deleted as blocked_deleted',
        'blocked.merged as blocked_merged',
        'blocker.open as blocker_open',
        'blocker.deleted as blocker_deleted',
        'blocker.merged as blocker_merged',
      ])
      .select(pullOfBlocker)
      // A parent does not block its parts.
      .where('edges.from_parent', '=', 0)
  );
}

type LinkedRow = Awaited<ReturnType<ReturnType<typeof selectLinked>['execute']>>[number];

function isLoop(row: LinkedRow): boolean {
  return (
    row.blocked_repository_id === row.blocker_repository_id &&
    row.blocked_number === row.blocker_number
  );
}

function linkedEdge(row: LinkedRow): LinkedEdge {
  const unresolved = row.unresolved_name ?? '';
  return {
    blocked: edgeEnd({
      id: row.blocked_repository_id,
      number: row.blocked_number,
      name: row.blocked_name ?? unresolved,
      state: blockerState({
        ...unconditional,
        open: row.blocked_open,
        deleted: row.blocked_deleted,
        merged: row.blocked_merged,
      }),
    }),
    blocker: edgeEnd({
      id: row.blocker_repository_id,
      number: row.blocker_number,
      name: row.blocker_name ?? unresolved,
      state: blockerState({
        ...row,
        open: row.blocker_open,
        deleted: row.blocker_deleted,
        merged: row.blocker_merged,
      }),
    }),
    source: sources.find((source) => source === row.source) ?? 'default',
    evidence: row.evidence,
    declaredByBlocked:
      row.declared_repository_id === row.blocked_repository_id &&
      row.declared_number === row.blocked_number,
  };
}

interface RawEnd {
  readonly id: number | null;
  readonly number: number;
  readonly name: string;
  readonly state: EdgeEnd['state'];
}

/** Nothing waits for the end of an edge that is blocked. */
const unconditional = { until_merge: 0, waived: 0, pull_state: null, pull_check_at: null };

function edgeEnd({ id, number, name, state }: RawEnd): EdgeEnd {
  return {
    key: id === null ? undefined : { repositoryId: id, number },
    ref: formatRef({ repository: name, number }),
    state,
  };
}

/** One edge per pair of issues: what is set on Gitea first, then what a text says, the blocked issue's own first. */
export function distinctEdges(edges: readonly LinkedEdge[]): LinkedEdge[] {
  const distinct = new Map<string, LinkedEdge>();
  for (const edge of edges) {
    const pair = `${endId(edge.blocked)} ${endId(edge.blocker)}`;
    const known = distinct.get(pair);
    if (known === undefined || weightOf(edge) > weightOf(known)) distinct.set(pair, edge);
  }
  return [...distinct.values()];
}

function weightOf({ source, declaredByBlocked }: LinkedEdge): number {
  const rank = source === 'gitea' ? 4 : source === 'model' ? 0 : 2;
  return rank + (declaredByBlocked ? 1 : 0);
}

function endId(end: EdgeEnd): string {
  return end.key === undefined ? end.ref : keyOf(end.key);
}
