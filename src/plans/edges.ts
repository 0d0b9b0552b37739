import type { Insertable, Selectable, Transaction } from 'kysely';

import type { IssueFacts } from '../issue/facts.ts';
import { endsWithMerge, type Dependency } from '../issue/reading.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { EdgesTable, Schema } from '../db/schema.ts';
import { findNamedRepositoryId } from './repository-names.ts';
import { targetKey, type UnknownTarget } from './unknown-targets.ts';

/** Rows of one insert; 14 columns each. */
const insertChunk = 500;

/** An edge that came or went; an end is undefined while only the name of its repository is known. */
export interface EdgeChange {
  readonly blocked: IssueKey | undefined;
  readonly blocker: IssueKey | undefined;
  readonly came: boolean;
}

/** The edges that an issue declares, and those of their ends that Gitea does not show. */
export interface DeclaredEdges {
  readonly dependencies: readonly Dependency[];
  /** Undefined where Gitea was not asked: what is stored of them stays. */
  readonly unknownTargets: readonly UnknownTarget[] | undefined;
  readonly now: number;
}

/** Puts the edges an issue declares in place of those it declared before; returns what came or went. */
export async function replaceEdges(
  transaction: Transaction<Schema>,
  issue: IssueFacts,
  { dependencies, unknownTargets, now }: DeclaredEdges,
): Promise<EdgeChange[]> {
  const before = await declaredEdges(transaction, issue);
  const byPair = new Map([...before.values()].map((edge) => [pairOf(edge), edge]));
  const problems =
    unknownTargets && new Map(unknownTargets.map((each) => [targetKey(each), each.problem]));
  const rows: NewEdge[] = [];
  const idsByName = new Map<string, number | undefined>();
  for (const dependency of dependencies) {
    const name = dependency.repository?.toLowerCase();
    const own = name === undefined || name === issue.repository.toLowerCase();
    if (!own && dependency.repositoryId === undefined && !idsByName.has(name))
      idsByName.set(name, await findNamedRepositoryId(transaction, name));
    const otherId = dependency.repositoryId ?? (own ? issue.repositoryId : idsByName.get(name));
    const row = edgeRow(issue, dependency, otherId ?? null);
    const known = byPair.get(pairOf(row));
    const ref = {
      repository: dependency.repository ?? issue.repository,
      number: dependency.number,
    };
    const missing = problems === undefined ? known?.missing : problems.get(targetKey(ref));
    rows.push({
      ...row,
      missing: missing ?? null,
      missing_since: missing == null ? null : (known?.missing_since ?? now),
      waived: known?.waived ?? 0,
      from_parent: known?.from_parent ?? 0,
    });
  }
  const after = new Map(rows.map((row) => [edgeId(row), row]));
  const isSame = (row: NewEdge) => before.get(edgeId(row))?.missing === row.missing;
  const unchanged = [...before.keys()].join() === rows.map((row) => edgeId(row)).join();
  if (unchanged && rows.every(isSame)) return [];
  if (before.size > 0)
    await transaction
      .deleteFrom('edges')
      .where('declared_repository_id', '=', issue.repositoryId)
      .where('declared_number', '=', issue.number)
      .execute();
  for (let start = 0; start < rows.length; start += insertChunk) {
    await transaction
      .insertInto('edges')
      .values(rows.slice(start, start + insertChunk))
      .execute();
  }
  const went = [...before].filter(([id]) => !after.has(id));
  const came = [...after].filter(([id]) => !before.has(id));
  return [
    ...went.map(([, edge]) => readEdgeChange(edge, false)),
    ...came.map(([, edge]) => readEdgeChange(edge, true)),
  ];
}

/** The edges an issue declares, by all they say. */
async function declaredEdges(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<Map<string, Selectable<EdgesTable>>> {
  const rows = await transaction
    .selectFrom('edges')
    .selectAll()
    .where('declared_repository_id', '=', issue.repositoryId)
    .where('declared_number', '=', issue.number)
    .orderBy('id')
    .execute();
  return new Map(rows.map((edge) => [edgeId(edge), edge]));
}

type NewEdge = Insertable<EdgesTable> & Pick<Selectable<EdgesTable>, 'missing'>;

/** What stays the same while only the words around it change. */
function pairOf(edge: Insertable<EdgesTable>): string {
  const { blocked_repository_id: blockedId, blocker_repository_id: blockerId } = edge;
  return JSON.stringify([blockedId, edge.blocked_number, blockerId, edge.blocker_number]);
}

function edgeId(edge: Insertable<EdgesTable>): string {
  return JSON.stringify([
    edge.blocked_repository_id,
    edge.blocked_number,
    edge.blocker_repository_id,
    edge.blocker_number,
    edge.unresolved_name,
    edge.source,
    edge.evidence,
    edge.until_merge,
  ]);
}

export interface Pair {
  readonly blocked: IssueKey;
  readonly blocker: IssueKey;
}

/** The pairs of known issues of which one waits for the other now: other words for an edge that was there are none. */
export function newPairs(edges: readonly EdgeChange[]): Pair[] {
  return onlyPairs(edges, true);
}

/** Those of which one no longer waits for the other, as far as these edges say. */
export function lostPairs(edges: readonly EdgeChange[]): Pair[] {
  return onlyPairs(edges, false);
}

function onlyPairs(edges: readonly EdgeChange[], came: boolean): Pair[] {
  const idOf = ({ blocked, blocker }: Pair) => `${keyOf(blocked)} ${keyOf(blocker)}`;
  const pairs = (side: boolean) =>
    edges.flatMap(({ blocked, blocker, came: each }) =>
      blocked && blocker && each === side ? [{ blocked, blocker }] : [],
    );
  const others = new Set(pairs(!came).map(idOf));
  return pairs(came).filter((pair) => !others.has(idOf(pair)));
}

/** An edge as a change of the graph. */
export function readEdgeChange(edge: Insertable<EdgesTable>, came: boolean): EdgeChange {
  return {
    blocked: knownKey(edge.blocked_repository_id, edge.blocked_number),
    blocker: knownKey(edge.blocker_repository_id, edge.blocker_number),
    came,
  };
}

function knownKey(repositoryId: number | null | undefined, number: number): IssueKey | undefined {
  return repositoryId === null || repositoryId === undefined ? undefined : { repositoryId, number };
}

function edgeRow(
  issue: IssueKey,
  dependency: Dependency,
  otherId: number | null,
): Insertable<EdgesTable> {
  const blocks = dependency.direction === 'blocks';
  return {
    declared_repository_id: issue.repositoryId,
    declared_number: issue.number,
    blocked_repository_id: blocks ? otherId : issue.repositoryId,
    blocked_number: blocks ? dependency.number : issue.number,
    blocker_repository_id: blocks ? issue.repositoryId : otherId,
    blocker_number: blocks ? issue.number : dependency.number,
    unresolved_name: otherId === null ? (dependency.repository?.toLowerCase() ?? null) : null,
    source: dependency.source,
    evidence: dependency.evidence,
    until_merge: endsWithMerge(dependency) ? 1 : 0,
  };
}

/** Gives the edges that only had a repository's name its id; returns them as edges that came. */
export async function resolveNames(
  transaction: Transaction<Schema>,
  repositoryId: number,
  lowerName: string,
): Promise<EdgeChange[]> {
  const waiting = await transaction
    .selectFrom('edges')
    .selectAll()
    .where('unresolved_name', '=', lowerName)
    .execute();
  const resolved = waiting.map((edge) => ({
    ...edge,
    blocked_repository_id: edge.blocked_repository_id ?? repositoryId,
    blocker_repository_id: edge.blocker_repository_id ?? repositoryId,
  }));
  for (const { id, blocked_repository_id, blocker_repository_id } of resolved) {
    await transaction
      .updateTable('edges')
      .set({ blocked_repository_id, blocker_repository_id, unresolved_name: null })
      .where('id', '=', id)
      .execute();
  }
  return resolved.map((edge) => readEdgeChange(edge, true));
}

/** The issues that wait in a repository or for one of it: their sentences bear its name. */
export async function waitingAround(
  transaction: Transaction<Schema>,
  repositoryId: number,
): Promise<IssueKey[]> {
  const rows = await transaction
    .selectFrom('edges')
    .select(['blocked_repository_id as id', 'blocked_number as number'])
    .distinct()
    .where((eb) =>
      eb.or([
        eb('blocked_repository_id', '=', repositoryId),
        eb('blocker_repository_id', '=', repositoryId),
      ]),
    )
    .execute();
  return rows.flatMap(({ id, number }) => knownKey(id, number) ?? []);
}
