import { decideState, type Blocker, type Decision } from '../../../issue/state.ts';
import { countsAsEdge, endsWithMerge, type Dependency } from '../../../issue/reading.ts';
import { formatRef, type IssueRef } from '../../../issue/ref.ts';
import type { IssueSnapshot } from '../../../issue/event.ts';
import type { Source } from '../../../issue/source.ts';
import { blockerState } from '../../../plans/blocker-state.ts';
import { findCycles, startingWith } from '../../../plans/cycles/find-cycles.ts';
import { maxUnblocksCounted, queueKey } from '../../../plans/queue-order.ts';
import { rank } from '../../../reading/model/source-precedence.ts';
import type { PlannedIssue } from './plan-backlog.ts';

/** "`blocked` waits for `blocker`"; refs are `owner/repo#12`. */
export interface BacklogEdge {
  readonly blocked: string;
  readonly blocker: string;
  readonly source: Source;
  readonly evidence: string;
  /** Of the blocker. */
  readonly state: Blocker['state'];
  readonly standing: NonNullable<Dependency['standing']>;
  /** False where nothing is held back: it is proposed or disputed, an end is closed, or the blocker is a parent. */
  readonly holds: boolean;
}

export interface OrderedIssue extends PlannedIssue {
  readonly ref: string;
  readonly decision: Decision;
  /** Place in the order of work, from 1; undefined for what is closed, in a cycle, or waits for one. */
  readonly place: number | undefined;
  /** Length of the longest chain of listed issues that ends with this one, from 1; undefined as above. */
  readonly step: number | undefined;
}

export interface OrderedBacklog {
  /** By place; then what has none, by number. */
  readonly issues: readonly OrderedIssue[];
  readonly edges: readonly BacklogEdge[];
  /** One for each group of issues that wait for each other: every issue waits for the next, the last for the first. */
  readonly cycles: readonly (readonly string[])[];
}

interface OrderOptions {
  readonly archived: boolean;
  /** An issue or pull request that Gitea showed. */
  readonly seen: (ref: string) => IssueSnapshot | undefined;
}

/**
 * Joins the plans of a backlog: edges, cycles, states, and an order of work that keeps to the edges and else to the
 * rules of the queue, as if all issues had come at once.
 */
export function orderBacklog(
  planned: readonly PlannedIssue[],
  { archived, seen }: OrderOptions,
): OrderedBacklog {
  const edges = edgesOf(planned, seen);
  const holding = edges.filter(({ holds }) => holds);
  const tangles = findCycles(holding);
  const blockersOf = Map.groupBy(holding, ({ blocked }) => blocked);
  const open = planned.filter(({ facts }) => facts.open);
  const order = orderOfWork(open, holding);
  const issues = planned.map((issue): OrderedIssue => {
    const ref = formatRef(issue.facts);
    const cycle = startingWith(tangles.get(ref) ?? [], ref);
    const decision = decideState({
      ...{ open: issue.facts.open, assigned: true, read: true },
      ...{ cycle, besideCycle: cycle[0] !== ref },
      repository: archived
        ? { code: 'repository_archived', params: { repository: issue.facts.repository } }
        : undefined,
      ...{ heldBy: issue.heldBy, hiddenBlockers: issue.hiddenBlockers },
      unreadable: issue.plan.reading.unreadable,
      blockers: (blockersOf.get(ref) ?? []).map(({ blocker, state }) => ({ ref: blocker, state })),
      assignment: issue.plan.assignment,
    });
    return {
      ...issue,
      ref,
      decision,
      ...(order.get(ref) ?? { place: undefined, step: undefined }),
    };
  });
  const last = issues.length + 1;
  return {
    issues: issues.toSorted((a, b) => (a.place ?? last) - (b.place ?? last)),
    edges,
    cycles: [...new Set(tangles.values())],
  };
}

/** Each pair once, by its strongest source. What Claude alone proposes is left out where the other text denies it. */
function edgesOf(planned: readonly PlannedIssue[], seen: OrderOptions['seen']): BacklogEdge[] {
  const present = (named: IssueRef) => {
    const ref = formatRef(named);
    const shown = seen(ref);
    return shown === undefined ? ref : formatRef(shown);
  };
  const ancestors = ancestorsOf(planned, present);
  const denials = denialsOf(planned, seen);
  const edges = new Map<string, BacklogEdge>();
  for (const { facts, plan } of planned)
    for (const dependency of plan.reading.dependencies) {
      const { direction, repository, number, source, evidence } = dependency;
      const self = formatRef(facts);
      const named = { repository: repository ?? facts.repository, number };
      const shown = seen(formatRef(named));
      const other = present(named);
      const [blocked, blocker] = direction === 'blocks' ? [other, self] : [self, other];
      const pair = `${blocked} ${blocker}`;
      const standing = dependency.standing ?? 'counts';
      if (standing === 'proposed' && denials.has(`${other} ${self}`)) continue;
      const known = edges.get(pair);
      if (known !== undefined && strength(known) <= strength({ standing, source })) continue;
      const [waits, ends] = direction === 'blocks' ? [shown, facts] : [facts, shown];
      const state = stateOf(ends, endsWithMerge(dependency));
      const isOver = state === 'closed' || state === 'merged' || waits?.open === false;
      const holds = countsAsEdge(dependency) && !isOver && !ancestors(blocked).has(blocker);
      edges.set(pair, { blocked, blocker, source, evidence, standing, state, holds });
    }
  return [...edges.values()];
}

/** Pairs of issues; the text of the first says that nobody waits for the other. */
function denialsOf(
  planned: readonly PlannedIssue[],
  seen: OrderOptions['seen'],
): ReadonlySet<string> {
  const pairs = planned.flatMap(({ facts, plan }) =>
    plan.reading.denied.flatMap(({ repository, number }) => {
      const other = seen(formatRef({ repository: repository ?? facts.repository, number }));
      return other === undefined ? [] : [`${formatRef(facts)} ${formatRef(other)}`];
    }),
  );
  return new Set(pairs);
}

/** The lowest is the strongest; one that counts comes before all others. */
function strength(edge: Pick<BacklogEdge, 'standing' | 'source'>): number {
  return rank(edge) + (edge.standing === 'counts' ? 0 : 100);
}

function stateOf(
  blocker: Pick<IssueSnapshot, 'open' | 'merged'> | undefined,
  untilMerge: boolean,
): Blocker['state'] {
  const state = blockerState({
    until_merge: Number(untilMerge),
    open: blocker === undefined ? null : Number(blocker.open),
    merged: blocker?.merged === undefined ? null : Number(blocker.merged),
    ...{ waived: 0, deleted: 0, pull_state: null, pull_check_at: null },
  });
  return state === 'deleted' ? 'unknown' : state;
}

/** The parents of an issue, theirs included; `present`: the name of an issue as Gitea has it. */
function ancestorsOf(
  planned: readonly PlannedIssue[],
  present: (ref: IssueRef) => string,
): (ref: string) => ReadonlySet<string> {
  const parents = new Map(
    planned.map(({ facts, plan }) => [
      formatRef(facts),
      plan.reading.partOf.map(({ repository, number }) =>
        present({ repository: repository ?? facts.repository, number }),
      ),
    ]),
  );
  const known = new Map<string, ReadonlySet<string>>();
  return (ref) => {
    const before = known.get(ref);
    if (before !== undefined) return before;
    const found = new Set(parents.get(ref));
    // A set is walked with what is added meanwhile.
    for (const parent of found) for (const next of parents.get(parent) ?? []) found.add(next);
    known.set(ref, found);
    return found;
  };
}

interface Place {
  readonly place: number;
  readonly step: number;
}

/**
 * Takes one issue after the other: of those whose listed blockers are all taken, the first in the queue. What is in a
 * cycle, or waits for one, is never taken.
 */
function orderOfWork(
  open: readonly PlannedIssue[],
  holding: readonly BacklogEdge[],
): ReadonlyMap<string, Place> {
  const refs = new Set(open.map(({ facts }) => formatRef(facts)));
  const inside = holding.filter(({ blocked, blocker }) => refs.has(blocked) && refs.has(blocker));
  const waiting = Map.groupBy(inside, ({ blocker }) => blocker);
  const left = new Map([...refs].map((ref) => [ref, 0]));
  for (const { blocked } of inside) left.set(blocked, (left.get(blocked) ?? 0) + 1);
  const queue = open
    .map(({ facts }) => {
      const ref = formatRef(facts);
      const unblocks = countWaiting(ref, waiting);
      return {
        ref,
        number: facts.number,
        key: queueKey({ readyAt: 0, labels: facts.labels, unblocks }),
      };
    })
    .toSorted((a, b) => a.key - b.key || a.number - b.number);
  const turn = new Map(queue.map(({ ref }, index) => [ref, index]));
  const free = queue.filter(({ ref }) => left.get(ref) === 0).map(({ ref }) => ref);
  const steps = new Map(free.map((ref) => [ref, 1]));
  const places = new Map<string, Place>();
  for (let next = free.shift(); next !== undefined; next = free.shift()) {
    const step = steps.get(next) ?? 1;
    places.set(next, { place: places.size + 1, step });
    for (const { blocked } of waiting.get(next) ?? []) {
      const rest = (left.get(blocked) ?? 0) - 1;
      left.set(blocked, rest);
      steps.set(blocked, Math.max(steps.get(blocked) ?? 1, step + 1));
      if (rest > 0) continue;
      const at = free.findIndex((ref) => (turn.get(ref) ?? 0) > (turn.get(blocked) ?? 0));
      free.splice(at === -1 ? free.length : at, 0, blocked);
    }
  }
  return places;
}

/** Issues that wait for this one, directly or through others, as far as they count in the queue. */
function countWaiting(ref: string, waiting: ReadonlyMap<string, readonly BacklogEdge[]>): number {
  const found = new Set([ref]);
  for (const each of found) {
    for (const { blocked } of waiting.get(each) ?? []) found.add(blocked);
    if (found.size > maxUnblocksCounted) break;
  }
  return Math.min(found.size - 1, maxUnblocksCounted);
}
