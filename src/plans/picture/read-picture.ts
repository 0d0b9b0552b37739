import type { Database } from '../../db/database.ts';
import { parseRef } from '../../issue/ref.ts';
import { states, type State } from '../../issue/state.ts';
import { readDescribedGraph, type DescribedGraph } from '../graph-view.ts';
import { inScope, ofAgents, type Scope } from '../scope.ts';
import { bounds } from './bounds.ts';
import { pictureOf, type Picture, type PicturedIssue } from './picture.ts';

interface PictureOptions {
  /** Undefined: all repositories. */
  readonly repository: string | undefined;
  readonly scope?: Scope;
  readonly agents?: readonly string[] | undefined;
  /** True: issues that are done, too. */
  readonly withDone: boolean;
  /** Maximum of issues in the picture. */
  readonly limit: number;
}

/** A picture of stored issues. */
export interface StoredPicture {
  readonly picture: Picture;
  /** Issues of the graph that the picture leaves out because there are too many. */
  readonly cut: number;
  /** True: there are more issues than are looked at. */
  readonly isPartial: boolean;
  /** Likely tokens of all that is not done, whether in the picture or not; null: nobody knows. */
  readonly tokens: number;
  /** Issues without an estimate, which are not in that. */
  readonly unsized: number;
}

/** Reads the graph of one or of all repositories as a picture. Where it is too large, its middle is kept. */
export async function readPicture(db: Database, options: PictureOptions): Promise<StoredPicture> {
  const { repository, limit, withDone, scope, agents } = options;
  const graph = await readDescribedGraph(db, { repository, scope, agents, limit: bounds.read });
  const shown = graph.nodes.filter(({ state }) => withDone || state !== 'done');
  const issues = shown.map((node, index) => issueOf(node, index, repository));
  const edges = graph.edges.map(({ issue, blockedBy }) => ({ blocked: issue, blocker: blockedBy }));
  const whole = pictureOf(issues, edges);
  const picture = whole.nodes.length > limit ? pictureOf(mostTelling(whole, limit), edges) : whole;
  return {
    // The longest path and the cycles are those of the whole graph.
    picture: { ...picture, cycles: whole.cycles, critical: whole.critical },
    cut: whole.nodes.length - picture.nodes.length,
    isPartial: graph.cut,
    tokens: issues.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0),
    unsized: issues.filter(({ tokens, state }) => tokens === null && state !== 'done').length,
  };
}

function issueOf(
  { ref, title, state, tokens }: DescribedGraph['nodes'][number],
  index: number,
  repository: string | undefined,
): PicturedIssue {
  const parsed = parseRef(ref);
  const isOwn =
    parsed !== undefined && parsed.repository.toLowerCase() === repository?.toLowerCase();
  const short = isOwn ? `#${parsed.number}` : ref;
  return {
    ref,
    id: isOwn ? `i${parsed.number}` : `x${index}`,
    name: title === undefined ? short : `${short} ${title}`,
    state: stateOf(state),
    tokens: state === 'done' ? null : tokens,
  };
}

function stateOf(state: string): State | 'unknown' {
  return states.find((each) => each === state) ?? 'unknown';
}

/** Issues on cycles and on the critical path first, then those with the most edges; in the order of before. */
function mostTelling({ nodes, edges }: Picture, limit: number): readonly PicturedIssue[] {
  const degrees = new Map<string, number>();
  for (const { from, to } of edges)
    for (const { ref } of [from, to]) degrees.set(ref, (degrees.get(ref) ?? 0) + 1);
  const weightOf = ({ ref, inCycle, isCritical }: Picture['nodes'][number]) =>
    (degrees.get(ref) ?? 0) + (inCycle || isCritical ? nodes.length + edges.length : 0);
  const kept = new Set(nodes.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, limit));
  return nodes.filter((node) => kept.has(node));
}

/** A repository with open issues of the bot. */
export interface RepositoryChoice {
  readonly name: string;
  readonly open: number;
}

/** Repositories with open issues of the bot, the one with the most first. */
export async function listRepositoryChoices(
  db: Database,
  { scope, agents }: Pick<PictureOptions, 'scope' | 'agents'>,
): Promise<readonly RepositoryChoice[]> {
  return db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['full_name as name', (eb) => eb.fn.countAll<number>().as('open')])
    .where('deleted', '=', 0)
    .where('state', 'not in', ['done', 'released'])
    .where(inScope('repository_id', scope))
    .where(ofAgents(agents))
    .groupBy('full_name')
    .orderBy('open', 'desc')
    .orderBy('full_name')
    .limit(bounds.repositories)
    .execute();
}
