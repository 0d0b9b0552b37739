import type { Transaction } from 'kysely';

import type { Schema } from '../../db/schema.ts';
import { keyOf, type IssueKey } from '../../issue/ref.ts';
import { findCycles } from './find-cycles.ts';
import { distinctKeys, edgesWithin, openIssues, reachOf, type OpenEdge } from '../open-graph.ts';
import { checkTangles, type GraphChange } from './tangle-checks.ts';
import {
  firstOf,
  issueOf,
  membersOf,
  nameCycle,
  nameInSentences,
  openOf,
  setKey,
  storedCycles,
  type Cycle,
  type OpenIssue,
} from './tangle-rows.ts';
import { edgesThrough, shortestCycle, tiedAround, wholeCycle } from './tangle-search.ts';

/*
 * Issues that wait for each other are a tangle. Its open issues have the same `cycle_key`: the first of them, then a
 * hash of the cycle that all their sentences name. So the column tells who is in the tangle without its edges, and
 * whether a sentence is still true. What a change costs depends on what lies around the changed issue, not on the
 * size of its tangle, unless an edge or member of the tangle went.
 */

/** Maximum of issues to search from one by one; above it the whole graph is searched. */
const maxSearchedFrom = 50;

/** What came of bringing the tangles up to date. */
export interface UpdatedCycles {
  /** Issues whose state follows from it: those that entered or left a tangle, and those on a new cycle. */
  readonly moved: readonly IssueKey[];
  /** The cycles that were looked at, by the keys of their tangles. */
  readonly named: ReadonlyMap<string, readonly string[]>;
  /** Number of issues that only name another cycle now. */
  readonly retold: number;
}

interface Work {
  readonly transaction: Transaction<Schema>;
  readonly now: number;
  readonly named: Map<string, readonly string[]>;
  retold: number;
}

/** Brings `cycle_key` up to date, and the sentences of members that only have another cycle to name. */
export async function updateCycles(
  transaction: Transaction<Schema>,
  change: GraphChange,
  now: number,
): Promise<UpdatedCycles> {
  const work: Work = { transaction, now, named: new Map(), retold: 0 };
  const { left, whole, broken } = await checkTangles(transaction, change);
  const joined = await openOf(transaction, change.joined);
  const moved = [...left, ...(await addJoined(work, joined, broken))];
  for (const key of whole) moved.push(...(await redraw(work, key)));
  return { moved, named: work.named, retold: work.retold };
}

/** Searches again where a tangle may be broken, and from each issue that may be in a new one. */
async function addJoined(
  work: Work,
  joined: readonly OpenIssue[],
  broken: readonly string[],
): Promise<IssueKey[]> {
  const [only, ...others] = joined;
  if (broken.length === 0 && only === undefined) return [];
  if (broken.length > 0 || only === undefined || others.length > 0)
    return searchAnew(work, broken, await searched(work.transaction, joined));
  const [waitsFor, waiting] = await edgesThrough(work.transaction, only);
  if (waiting.length === 0) return [];
  const grown = await growTangle(work, only, [...waitsFor, ...waiting]);
  return grown ?? searchAnew(work, [], await tangledWith(work.transaction, only));
}

/** Issues among which are all that share a tangle with any of these. */
async function searched(
  transaction: Transaction<Schema>,
  joined: readonly IssueKey[],
): Promise<readonly IssueKey[]> {
  if (joined.length > maxSearchedFrom) return openIssues(transaction);
  const all: IssueKey[] = [];
  for (const issue of joined)
    for (const key of await tangledWith(transaction, issue)) all.push(key);
  return all;
}

/** Issues among which are all that share a tangle with this one; none when it is in no tangle. */
async function tangledWith(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<readonly IssueKey[]> {
  const around = await edgesThrough(transaction, issue);
  if (around.some((edges) => edges.length === 0)) return [];
  const reached = await reachOf(transaction, issue);
  const ids = new Set(reached.map(keyOf));
  // A cycle leads out of the issue and back to it, and all of it is reached.
  const returns = around.every((edges) => edges.some(({ other }) => ids.has(keyOf(other))));
  return returns ? reached : [];
}

/** Searches for tangles among these issues and the members of stored tangles, all of which are given. */
async function searchAnew(
  work: Work,
  keys: readonly string[],
  among: readonly IssueKey[],
): Promise<IssueKey[]> {
  const { transaction } = work;
  const members = await membersOf(transaction, keys);
  const open = distinctKeys([...among, ...members.filter((member) => member.isOpen)]);
  const found = findCycles(await edgesWithin(transaction, [...open.values()]));
  const before = await storedCycles(transaction, [...among, ...members]);
  const left = [...before.values()].filter(({ id }) => !found.has(id)).map(({ issue }) => issue);
  await setKey(transaction, left, null);
  const moved = [...left];
  for (const [path, ids] of Map.groupBy(found.keys(), (id) => found.get(id) ?? [])) {
    const cycle = await nameCycle(
      transaction,
      path.flatMap((id) => open.get(id) ?? []),
    );
    work.named.set(cycle.key, cycle.refs);
    const others = ids.filter((id) => before.get(id)?.cycleKey !== cycle.key);
    const issues = others.flatMap((id) => open.get(id) ?? []);
    await setKey(transaction, issues, cycle.key);
    moved.push(...issues.filter((issue) => !before.has(keyOf(issue))));
    if (others.some((id) => before.has(id))) moved.push(...(await retell(work, cycle)));
  }
  return moved;
}

/**
 * Adds an issue to the tangle that it waits for and that waits for it, with all that this ties to it; undefined when
 * there is no such tangle, or too much around it. Its stored members stay members, so of them only the key is looked at.
 */
async function growTangle(
  work: Work,
  issue: OpenIssue,
  around: readonly OpenEdge[],
): Promise<IssueKey[] | undefined> {
  const id = keyOf(issue);
  const keysAt = (end: 'blocker' | 'blocked') =>
    around.flatMap((edge) => (edge[end] === id ? [] : (edge.otherCycle ?? [])));
  const key = issue.cycleKey ?? keysAt('blocker').find((each) => keysAt('blocked').includes(each));
  if (key === undefined) return undefined;
  const tied = await tiedAround(work.transaction, issue, key);
  if (tied === undefined) return undefined;
  const news = [...tied, ...(issue.cycleKey === null ? [issue] : [])];
  return redraw(work, key, news);
}

/** Gives a tangle that holds together its new members, and the cycle that it has now. */
async function redraw(
  work: Work,
  key: string,
  news: readonly IssueKey[] = [],
): Promise<IssueKey[]> {
  const { transaction } = work;
  const stored = await storedCycles(transaction, [...news, issueOf(firstOf(key))]);
  const known = stored.get(firstOf(key))?.cycleKey === key;
  const members = known ? [] : await membersOf(transaction, [key]);
  const [first] = [...(known ? [firstOf(key)] : []), ...[...members, ...news].map(keyOf)].sort();
  // Its members have another key since: it grew.
  if (first === undefined) return [];
  const path = await shortestCycle(transaction, first);
  if (path === undefined) return searchAnew(work, [key], news);
  const cycle = await nameCycle(transaction, path);
  work.named.set(cycle.key, cycle.refs);
  const changed = cycle.key !== key;
  const others = changed ? await membersOf(transaction, [key]) : [];
  await setKey(transaction, [...others, ...news], cycle.key);
  const entered = news.filter((issue) => !stored.has(keyOf(issue)));
  if (!changed && entered.length === news.length) return entered;
  return [...entered, ...(await retell(work, cycle))];
}

/** Has the members of a tangle name its new cycle; returns those on it, whose sentences start with themselves. */
async function retell(work: Work, cycle: Cycle): Promise<readonly IssueKey[]> {
  work.retold += await nameInSentences(work.transaction, cycle, work.now);
  return cycle.path;
}

/** The cycles of stored tangles, by their keys; `named`: those known already. */
export async function readCycles(
  transaction: Transaction<Schema>,
  keys: readonly string[],
  named: UpdatedCycles['named'],
): Promise<UpdatedCycles['named']> {
  const cycles = new Map(named);
  for (const key of keys) {
    if (cycles.has(key)) continue;
    const path = await shortestCycle(transaction, firstOf(key));
    const { refs } = await nameCycle(transaction, path ?? (await wholeCycle(transaction, key)));
    cycles.set(key, refs);
  }
  return cycles;
}
