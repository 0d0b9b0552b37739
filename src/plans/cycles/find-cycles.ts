/*
 * Tarjan's algorithm by hand, on numbers and with a stack of its own. Libraries were measured: graphology-components
 * 1.5.4 takes 5 to 22 times as long as these lines, and on a chain of 10,000 both it and @dagrejs/graphlib 4.0.6 end
 * with a stack overflow (docs/decisions/0005).
 */

/** "`blocked` waits for `blocker`", both as the strings of `keyOf`. */
export interface GraphEdge {
  readonly blocked: string;
  readonly blocker: string;
}

/** Nodes by number, in alphabetical order, and the numbers of those that each waits for, in rising order. */
interface Graph {
  readonly names: readonly string[];
  readonly next: readonly (readonly number[])[];
}

/**
 * Finds the tangles: groups of issues that each wait for all others of the group, through others. Maps every member
 * to the cycle that stands for its group: of the shortest ones through its alphabetically first member the
 * alphabetically first, each issue waiting for the next and the last for the first. Members share one array.
 */
export function findCycles(edges: readonly GraphEdge[]): Map<string, readonly string[]> {
  const { names, next } = graphOf(edges);
  const name = (node: number) => names[node] ?? '';
  const cycles = new Map<string, readonly string[]>();
  for (const members of components(next)) {
    const cycle = shortestCycle(next, members[0] ?? 0).map(name);
    for (const member of members) cycles.set(name(member), cycle);
  }
  return cycles;
}

/** The shortest cycle through a node, of several the alphabetically first; empty when there is none. */
export function cycleThrough(start: string, edges: readonly GraphEdge[]): string[] {
  const { names, next } = graphOf(edges);
  const place = names.indexOf(start);
  return place < 0 ? [] : shortestCycle(next, place).map((node) => names[node] ?? '');
}

/** Rotates a cycle so that it starts with this issue; one beside it gets it as it is. */
export function startingWith(cycle: readonly string[], issue: string): readonly string[] {
  const place = cycle.indexOf(issue);
  return place <= 0 ? cycle : [...cycle.slice(place), ...cycle.slice(0, place)];
}

function graphOf(edges: readonly GraphEdge[]): Graph {
  const names = [...new Set(edges.flatMap(({ blocked, blocker }) => [blocked, blocker]))].sort();
  const numbers = new Map(names.map((name, number) => [name, number]));
  const next = names.map((): number[] => []);
  for (const { blocked, blocker } of edges)
    next[numbers.get(blocked) ?? 0]?.push(numbers.get(blocker) ?? 0);
  for (const list of next) list.sort((a, b) => a - b);
  return { names, next };
}

/** The strongly connected components with several nodes, each in rising order. */
function components(next: Graph['next']): number[][] {
  const found: number[][] = [];
  const finished = next.length + 1;
  /** Place in the order of discovery, from 1; `finished` once its component is known. */
  const order = next.map(() => 0);
  /** Smallest place known to be reachable from here. */
  const low = next.map(() => 0);
  /** Number of neighbours looked at so far. */
  const seen = next.map(() => 0);
  const open: number[] = [];
  const path: number[] = [];
  let places = 0;
  const reached = (node: number, place: number) => {
    low[node] = Math.min(low[node] ?? 0, place);
  };
  for (const root of next.keys()) {
    if (order[root] !== 0) continue;
    path.push(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      if (order[node] === 0) {
        order[node] = low[node] = places += 1;
        open.push(node);
      }
      const place = seen[node] ?? 0;
      seen[node] = place + 1;
      const to = next[node]?.[place];
      if (to !== undefined) {
        if (order[to] === 0) path.push(to);
        else reached(node, order[to] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) reached(parent, low[node] ?? 0);
      if (low[node] !== order[node]) continue;
      const members = open.splice(open.lastIndexOf(node));
      for (const member of members) order[member] = finished;
      if (members.length > 1) found.push(members.sort((a, b) => a - b));
    }
  }
  return found;
}

/** In a search by breadth, in alphabetical order, the first way to a node is the shortest and first of them. */
function shortestCycle(next: Graph['next'], start: number): number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const to of next[node] ?? []) {
      if (to === start) return wayTo(node, cameFrom);
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, node);
      queue.push(to);
    }
  }
  return [];
}

function wayTo(end: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way: number[] = [];
  for (let node: number | undefined = end; node !== undefined; node = cameFrom.get(node))
    way.push(node);
  return way.reverse();
}
