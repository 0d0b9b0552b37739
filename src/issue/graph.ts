import { alg, Graph } from '@dagrejs/graphlib';

/** "`blocked` waits for `blocker`", both as the strings of `keyOf`. */
export interface GraphEdge {
  readonly blocked: string;
  readonly blocker: string;
}

/**
 * For every issue that waits for itself through others, one shortest such circle, in order and starting
 * with that issue. Issues outside circles are not in the map.
 */
export function findCycles(edges: readonly GraphEdge[]): Map<string, string[]> {
  const graph = new Graph({ directed: true });
  for (const { blocked, blocker } of edges) graph.setEdge(blocked, blocker);
  const cycles = new Map<string, string[]>();
  for (const component of alg.tarjan(graph)) {
    if (component.length < 2) continue;
    const members = new Set(component);
    for (const start of component) cycles.set(start, shortestCycle(graph, members, start));
  }
  return cycles;
}

function shortestCycle(graph: Graph, members: ReadonlySet<string>, start: string): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of [...(graph.successors(node) ?? [])].sort()) {
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
