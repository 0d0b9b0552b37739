import type { Transaction } from 'kysely';

import type { Schema } from '../../db/schema.ts';
import { keyOf, type IssueKey } from '../../issue/ref.ts';
import { cycleThrough, findCycles, type GraphEdge } from './find-cycles.ts';
import {
  distinctKeys,
  edgesWithin,
  openEdges,
  reachAround,
  type OpenEdge,
  type Step,
} from '../open-graph.ts';
import { firstOf, issueOf, membersOf } from './tangle-rows.ts';

/** The edges to what an issue waits for, and to what waits for it; none of either where no way leads through it. */
export async function edgesThrough(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<[OpenEdge[], OpenEdge[]]> {
  const waitsFor = await openEdges(transaction, [issue], 'blocker');
  if (waitsFor.length === 0) return [[], []];
  return [waitsFor, await openEdges(transaction, [issue], 'blocked')];
}

/** Issues near one that a search finds before it goes to them from the other side, and its steps from there. */
const maxNear = 100;
const maxStepsAway = 3;

/** Whether all of these reach an issue in a direction; false also when the ways are long. */
export async function allReach(
  transaction: Transaction<Schema>,
  sources: readonly IssueKey[],
  target: IssueKey,
  step: Step,
): Promise<boolean> {
  const back = step === 'blocker' ? 'blocked' : 'blocker';
  const near = new Map([[keyOf(target), target]]);
  for (let border = [target]; border.length > 0 && near.size < maxNear;) {
    const before = near.size;
    for (const { other } of await openEdges(transaction, border, back))
      near.set(keyOf(other), other);
    border = [...near.values()].slice(before);
  }
  let away = new Map(sources.map((source) => [keyOf(source), [source]]));
  for (let steps = 0; ; steps += 1) {
    away = new Map([...away].filter(([, border]) => !border.some((each) => near.has(keyOf(each)))));
    if (away.size === 0 || steps === maxStepsAway) return away.size === 0;
    const edges = await openEdges(transaction, [...away.values()].flat(), step);
    const ahead = Map.groupBy(edges, (edge) => edge[back]);
    away = new Map(
      [...away].map(([id, border]) => [
        id,
        border.flatMap((each) => (ahead.get(keyOf(each)) ?? []).map(({ other }) => other)),
      ]),
    );
  }
}

/**
 * The issues outside a stored tangle that are in it because this one is: they lie on a way from it to the tangle, or
 * from the tangle to it. Undefined when there are too many on such ways.
 */
export async function tiedAround(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  key: string,
): Promise<IssueKey[] | undefined> {
  const edges: GraphEdge[] = [];
  const reached = new Map<string, IssueKey>();
  // All of the tangle is one node, and so is the issue.
  const node = (id: string, cycle?: string | null) =>
    cycle === key || id === keyOf(issue) ? key : id;
  for (const step of ['blocker', 'blocked'] as const) {
    const issues = await reachAround(transaction, issue, step, key);
    if (issues === undefined) return undefined;
    for (const each of issues) reached.set(keyOf(each), each);
    for (const { other, otherCycle, ...edge } of await openEdges(
      transaction,
      [issue, ...issues],
      step,
    )) {
      const far = node(keyOf(other), otherCycle);
      const near = node(edge[step === 'blocker' ? 'blocked' : 'blocker']);
      edges.push(
        step === 'blocker' ? { blocked: near, blocker: far } : { blocked: far, blocker: near },
      );
    }
  }
  const found = findCycles(edges.filter(({ blocked, blocker }) => blocked !== blocker));
  const tangle = found.get(key);
  return [...reached].flatMap(([id, each]) => (tangle && found.get(id) === tangle ? [each] : []));
}

/** Steps of one search, and the edges that it may read, before all edges of the tangle are. */
const maxSteps = 12;
const maxEdgesRead = 4_000;

/**
 * The cycle of `findCycles` through the first issue of a tangle. It is searched from both sides, the smaller first,
 * until they meet; undefined when they do not within the limits.
 */
export async function shortestCycle(
  transaction: Transaction<Schema>,
  first: string,
): Promise<IssueKey[] | undefined> {
  const issues = new Map<string, IssueKey>([[first, issueOf(first)]]);
  const edges: GraphEdge[] = [];
  const border = { blocker: new Set([first]), blocked: new Set([first]) };
  const seen = { blocker: new Set([first]), blocked: new Set([first]) };
  for (let steps = 0; steps < maxSteps && edges.length < maxEdgesRead; steps += 1) {
    const step = border.blocker.size <= border.blocked.size ? 'blocker' : 'blocked';
    const from = [...border[step]].flatMap((id) => issues.get(id) ?? []);
    const opposite = border[step === 'blocker' ? 'blocked' : 'blocker'];
    const read = await openEdges(transaction, from, step);
    for (const edge of read) {
      edges.push(edge);
      issues.set(edge[step], edge.other);
    }
    if (read.some((edge) => opposite.has(edge[step])))
      return cycleThrough(first, edges).flatMap((id) => issues.get(id) ?? []);
    border[step] = new Set(read.map((edge) => edge[step]).filter((id) => !seen[step].has(id)));
    for (const id of border[step]) seen[step].add(id);
  }
  return undefined;
}

/** A stored tangle has a cycle that is longer than is searched step by step. */
export async function wholeCycle(
  transaction: Transaction<Schema>,
  key: string,
): Promise<IssueKey[]> {
  const members = distinctKeys(await membersOf(transaction, [key]));
  const edges = await edgesWithin(transaction, [...members.values()]);
  return cycleThrough(firstOf(key), edges).flatMap((id) => members.get(id) ?? []);
}
