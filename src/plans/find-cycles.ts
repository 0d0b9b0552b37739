/*
 * Tarjan's algorithm by hand: the kept library, graphology-components 1.5.4, finds strong components by
 * recursion, which overflows the call stack on long chains (docs/decisions).
 */

/** "`blocked` waits for `blocker`", both as the strings of `keyOf`. */
export interface GraphEdge {
  readonly blocked: string;
  readonly blocker: string;
}

/** What each node waits for. */
type Graph = ReadonlyMap<string, readonly string[]>;

/** Maximum size of a component in which a shortest cycle is searched for every member. */
const maxSearchedMembers = 200;
/** Maximum of cycle members listed for one larger component; the rest share its first cycle. */
const maxListed = 1_000_000;

/** A cycle of issues that wait for each other. */
export interface Cycle {
  /** Alphabetically first issue of the component: the same for all its members. */
  readonly key: string;
  /** In order, each waiting for the next and the last for the first; see `startingWith`. */
  readonly path: readonly string[];
}

/**
 * Finds one cycle for every issue that waits for itself through others: a shortest one that starts with the
 * issue. In a large component it may be longer, and its members share it. Issues outside cycles are not in
 * the map.
 */
export function findCycles(edges: readonly GraphEdge[]): Map<string, Cycle> {
  const graph = graphOf(edges);
  const cycles = new Map<string, Cycle>();
  for (const component of components(graph)) {
    const [first] = component;
    if (first === undefined || component.length < 2) continue;
    const paths =
      component.length > maxSearchedMembers
        ? cyclesThrough(first, component, graph)
        : shortestCycles(component, graph);
    for (const [start, path] of paths) cycles.set(start, { key: first, path });
  }
  return cycles;
}

/** Rotates a cycle so that it starts with this member. */
export function startingWith(path: readonly string[], member: string): readonly string[] {
  const place = path.indexOf(member);
  return place <= 0 ? path : [...path.slice(place), ...path.slice(0, place)];
}

function graphOf(edges: readonly GraphEdge[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { blocked, blocker } of edges) {
    const blockers = graph.get(blocked) ?? new Set();
    graph.set(blocked, blockers.add(blocker));
  }
  return new Map([...graph].map(([node, blockers]) => [node, [...blockers].sort()]));
}

interface Visit {
  readonly node: string;
  /** Place in the order of discovery. */
  readonly index: number;
  /** Smallest index known to be reachable from here. */
  low: number;
  /** Number of its blockers visited so far. */
  seen: number;
  done: boolean;
}

/** Strongly connected components, each in alphabetical order, found with an explicit stack. */
export function components(graph: Graph): string[][] {
  const found: string[][] = [];
  const visits = new Map<string, Visit>();
  const open: Visit[] = [];
  const path: Visit[] = [];
  function enter(node: string) {
    const visit = { node, index: visits.size, low: visits.size, seen: 0, done: false };
    visits.set(node, visit);
    open.push(visit);
    path.push(visit);
  }
  for (const root of graph.keys()) {
    if (!visits.has(root)) enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const next = graph.get(visit.node)?.[visit.seen];
      if (next !== undefined) {
        visit.seen += 1;
        const known = visits.get(next);
        if (known === undefined) enter(next);
        else if (!known.done) visit.low = Math.min(visit.low, known.index);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) parent.low = Math.min(parent.low, visit.low);
      if (visit.low === visit.index) found.push(close(open, visit));
    }
  }
  return found;
}

/** Takes the component that begins with `first` off the open nodes. */
function close(open: Visit[], first: Visit): string[] {
  const members = open.splice(open.lastIndexOf(first));
  for (const member of members) member.done = true;
  return members.map(({ node }) => node).sort();
}

function shortestCycles(component: readonly string[], graph: Graph): Map<string, string[]> {
  const members = new Set(component);
  return new Map(component.map((start) => [start, shortestCycle(graph, members, start)]));
}

/**
 * A cycle through each member of a component, without a search from each: the path to the first member and
 * back, without the detours.
 */
function cyclesThrough(
  first: string,
  component: readonly string[],
  graph: Graph,
): Map<string, readonly string[]> {
  const inside = inducedGraph(graph, component);
  const to = predecessorsFrom(first, reversed(inside));
  const from = predecessorsFrom(first, inside);
  const shortest = shortestCycle(inside, new Set(component), first);
  const cycles = new Map<string, readonly string[]>(shortest.map((node) => [node, shortest]));
  let named = 0;
  for (const member of component) {
    if (cycles.has(member)) continue;
    if (named > maxListed) {
      cycles.set(member, shortest);
      continue;
    }
    const back = pathTo(member, from).slice(1, -1);
    const path = withoutDetours([...pathTo(member, to).reverse(), ...back]);
    for (const node of path) if (!cycles.has(node)) cycles.set(node, path);
    named += path.length;
  }
  return cycles;
}

function inducedGraph(graph: Graph, nodes: readonly string[]): Graph {
  const kept = new Set(nodes);
  return new Map(nodes.map((node) => [node, (graph.get(node) ?? []).filter((n) => kept.has(n))]));
}

function reversed(graph: Graph): Graph {
  const turned = new Map<string, string[]>([...graph.keys()].map((node) => [node, []]));
  for (const [node, nexts] of graph) for (const next of nexts) turned.get(next)?.push(node);
  return turned;
}

/** Predecessor of each node on a shortest path from `start`. */
function predecessorsFrom(start: string, graph: Graph): Map<string, string> {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return cameFrom;
}

/** Removes the loops from a walk. */
function withoutDetours(walk: readonly string[]): string[] {
  const path: string[] = [];
  const places = new Map<string, number>();
  for (const node of walk) {
    const place = places.get(node) ?? path.length;
    for (const left of path.splice(place)) places.delete(left);
    places.set(node, place);
    path.push(node);
  }
  return path;
}

function shortestCycle(graph: Graph, members: ReadonlySet<string>, start: string): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return pathTo(node, cameFrom);
      if (!members.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return [start];
}

function pathTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [end];
  for (let node = cameFrom.get(end); node !== undefined; node = cameFrom.get(node)) path.push(node);
  return path.reverse();
}
