import { sql } from 'kysely';

import { findRepositoryId } from './repository-names.ts';
import { findCycles } from './cycles/find-cycles.ts';
import type { Source } from '../issue/source.ts';
import { formatRef, keyOf, parseRef, type IssueKey } from '../issue/ref.ts';
import { keyIn } from '../db/key-filter.ts';
import { jsonField } from '../db/portable.ts';
import type { Database } from '../db/database.ts';
import { distinctEdges, listLinkedEdges, type EdgeFilter } from './linked-edges.ts';
import { inScope, type Scope } from './scope.ts';
import { edgesWithin } from './open-graph.ts';

/** The graph of dependencies. An issue that only an edge names has the state `unknown`. */
export interface DependencyGraph<Node extends GraphNode = GraphNode> {
  readonly nodes: readonly Node[];
  readonly edges: readonly {
    readonly issue: string;
    readonly blockedBy: string;
    readonly source: Source;
    readonly evidence: string;
  }[];
  /** One for each tangle, in order: every issue waits for the next, the last for the first. */
  readonly cycles: readonly (readonly string[])[];
  /** True when the graph was cut at the limit. */
  readonly cut: boolean;
}

interface GraphNode {
  readonly ref: string;
  readonly state: string;
}

/** A node with what a picture shows of it. */
interface DescribedNode extends GraphNode {
  /** Undefined for an issue that is not stored. */
  readonly title: string | undefined;
  /** Likely size; null: not estimated. */
  readonly tokens: number | null;
}

interface GraphOptions {
  readonly repository?: string | undefined;
  /** Repositories that the caller may see: an edge that leads out of them is not shown. */
  readonly scope?: Scope;
  /** Agents whose issues it may see, with what they wait for; undefined: all. */
  readonly agents?: readonly string[] | undefined;
  /** Maximum of edges, of issues in cycles, and of the bot's open issues. */
  readonly limit: number;
}

/** The same with titles and sizes, which the API does not repeat here. */
export type DescribedGraph = DependencyGraph<DescribedNode>;

/** The graph as the API gives it. */
export async function readGraph(db: Database, options: GraphOptions): Promise<DependencyGraph> {
  const { nodes, ...graph } = await readDescribedGraph(db, options);
  return { nodes: nodes.map(({ ref, state }) => ({ ref, state })), ...graph };
}

/**
 * The graph of all or of one repository: the edges with an end in it, their issues, the bot's other open
 * issues, and the cycles that lead through it. Edges to deleted issues do not count and are not shown.
 */
export async function readDescribedGraph(
  db: Database,
  options: GraphOptions,
): Promise<DescribedGraph> {
  const { repository, limit, scope, agents } = options;
  const id = repository === undefined ? undefined : await findRepositoryId(db, repository);
  if (repository !== undefined && id === undefined)
    return { nodes: [], edges: [], cycles: [], cut: false };
  const linked = await listLinkedEdges(db, { repositoryId: id, scope, limit: limit + 1 });
  const all = distinctEdges(linked.slice(0, limit)).filter(
    ({ blocked, blocker }) => blocked.state !== 'deleted' && blocker.state !== 'deleted',
  );
  const members = await cycleMembers(db, { repositoryId: id, scope, limit: limit + 1 });
  const open = await openIssuesOfBot(db, { repositoryId: id, scope, limit: limit + 1 });
  const shown = new Map<string, IssueKey>();
  const allEnds = all.flatMap(({ blocked, blocker }) => [blocked, blocker]);
  const keys = [...allEnds.flatMap(({ key }) => key ?? []), ...open.slice(0, limit)];
  for (const key of [...keys, ...members.slice(0, limit)]) shown.set(keyOf(key), key);
  const known = await loadNodes(db, [...shown.values()]);
  const isOwn = (key: string) => {
    const agent = known.get(key)?.agent ?? null;
    return agents === undefined || agent === null || agents.includes(agent);
  };
  const edges = all.filter(({ blocked }) => blocked.key === undefined || isOwn(keyOf(blocked.key)));
  const found = findCycles(await edgesWithin(db, members.slice(0, limit)));
  const cycles = [...new Set(found.values())].filter((path) => path.some(isOwn));
  const ends = edges.flatMap(({ blocked, blocker }) => [blocked, blocker]);
  const named = new Set([...ends.flatMap(({ key }) => (key ? keyOf(key) : [])), ...cycles.flat()]);
  const nodes = new Map(
    ends.map(({ ref }): [string, DescribedNode] => [
      ref,
      { ref, state: 'unknown', title: undefined, tokens: null },
    ]),
  );
  for (const [key, { ref, state, title, tokens }] of known)
    if (isOwn(key) || named.has(key)) nodes.set(ref, { ref, state, title, tokens });
  return {
    nodes: [...nodes.values()].sort((a, b) => compare(a.ref, b.ref)),
    edges: edges
      .map(({ blocked, blocker, source, evidence }) => ({
        ...{ issue: blocked.ref, blockedBy: blocker.ref, source, evidence },
      }))
      .sort((a, b) => compare(a.issue, b.issue) || compare(a.blockedBy, b.blockedBy)),
    cycles: cycles
      .map((path) => path.map((member) => known.get(member)?.ref ?? member))
      .sort((a, b) => compare(a[0] ?? '', b[0] ?? '')),
    cut: [linked, members, open].some(({ length }) => length > limit),
  };
}

/** The members of all cycles, or of those that lead through a repository. */
function cycleMembers(db: Database, { repositoryId, scope, limit }: EdgeFilter) {
  let query = db
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('cycle_key', 'is not', null)
    .where(inScope('repository_id', scope));
  if (repositoryId !== undefined)
    query = query.where('cycle_key', 'in', (eb) =>
      eb
        .selectFrom('issues as member')
        .select('member.cycle_key')
        .where('member.cycle_key', 'is not', null)
        .where('member.repository_id', '=', repositoryId),
    );
  return query
    .orderBy('cycle_key')
    .orderBy('repository_id')
    .orderBy('number')
    .limit(limit)
    .execute();
}

function openIssuesOfBot(db: Database, { repositoryId, scope, limit }: EdgeFilter) {
  let query = db
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('deleted', '=', 0)
    .where('state', 'not in', ['done', 'released'])
    .where(inScope('repository_id', scope));
  if (repositoryId !== undefined) query = query.where('repository_id', '=', repositoryId);
  return query.orderBy('repository_id').orderBy('number').limit(limit).execute();
}

async function loadNodes(db: Database, issues: readonly IssueKey[]) {
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['repository_id', 'number', 'full_name', 'state', 'agent', 'title'])
    .select(sql<string | number | null>`${jsonField('issues.estimate', 'likely')}`.as('likely'))
    .where('deleted', '=', 0)
    .where(keyIn('repository_id', 'number', issues))
    .execute();
  return new Map(
    rows.map(({ repository_id: repositoryId, number, full_name: repository, likely, ...row }) => [
      keyOf({ repositoryId, number }),
      {
        ...{ ref: formatRef({ repository, number }), state: row.state, agent: row.agent },
        ...{ title: row.title, tokens: likely === null ? null : Number(likely) },
      },
    ]),
  );
}

/** By repository, then by number. */
function compare(a: string, b: string): number {
  const [left, right] = [parseRef(a), parseRef(b)];
  if (left === undefined || right === undefined) return a < b ? -1 : a > b ? 1 : 0;
  if (left.repository !== right.repository) return left.repository < right.repository ? -1 : 1;
  return left.number - right.number;
}
