import type { Transaction } from 'kysely';

import type { Schema } from '../../db/schema.ts';
import { keyOf, type IssueKey } from '../../issue/ref.ts';
import type { Pair } from '../edges.ts';
import { openEdges, type OpenEdge } from '../open-graph.ts';
import { setKey, storedCycles } from './tangle-rows.ts';
import { allReach } from './tangle-search.ts';

/** What changed in the graph of the open issues. */
export interface GraphChange {
  /** Opened, or an end of a new edge: may be in a new tangle. */
  readonly joined: readonly IssueKey[];
  /** Closed or deleted. */
  readonly closed: readonly IssueKey[];
  /** Of which one no longer waits for the other. */
  readonly lost: readonly Pair[];
  /** Their repository has another name: the cycle of their tangle reads differently. */
  readonly renamed: readonly IssueKey[];
}

/** Finds out which tangles hold together without the members and edges that went. */
export async function checkTangles(
  transaction: Transaction<Schema>,
  { closed, lost, renamed }: GraphChange,
) {
  if (closed.length + lost.length + renamed.length === 0)
    return { left: [], whole: [], broken: [] };
  const ends = lost.flatMap(({ blocked, blocker }) => [blocked, blocker]);
  const stored = await storedCycles(transaction, [...closed, ...ends, ...renamed]);
  const keyAt = (issue: IssueKey) => stored.get(keyOf(issue))?.cycleKey;
  const broken = new Set(renamed.flatMap((issue) => keyAt(issue) ?? []));
  const whole = new Set<string>();
  const left = closed.filter((issue) => keyAt(issue) !== undefined);
  await setKey(transaction, left, null);
  for (const issue of left) {
    const key = keyAt(issue) ?? '';
    const gone = lost.filter((pair) => keyOf(pair.blocked) === keyOf(issue));
    const came = lost.filter((pair) => keyOf(pair.blocker) === keyOf(issue));
    const waitsFor = await openEdges(transaction, [issue], 'blocker');
    const waiting = await openEdges(transaction, [issue], 'blocked');
    const inside = (edges: readonly OpenEdge[], more: readonly IssueKey[]) => [
      ...edges.flatMap(({ other, otherCycle }) => (otherCycle === key ? [other] : [])),
      ...more.filter((other) => keyAt(other) === key),
    ];
    const blockers = inside(
      waitsFor,
      gone.map(({ blocker }) => blocker),
    );
    const blocked = inside(
      waiting,
      came.map((pair) => pair.blocked),
    );
    const [hub] = blockers;
    const holds =
      hub !== undefined &&
      (await allReach(transaction, blocked, hub, 'blocker')) &&
      (await allReach(transaction, blockers, hub, 'blocked'));
    (holds ? whole : broken).add(key);
  }
  for (const { blocked, blocker } of lost) {
    const key = keyAt(blocked);
    if (key === undefined || key !== keyAt(blocker) || broken.has(key)) continue;
    if ([blocked, blocker].some((end) => left.some((issue) => keyOf(issue) === keyOf(end))))
      continue;
    const holds = await allReach(transaction, [blocked], blocker, 'blocker');
    (holds ? whole : broken).add(key);
  }
  return { left, whole: [...whole].filter((key) => !broken.has(key)), broken: [...broken] };
}
