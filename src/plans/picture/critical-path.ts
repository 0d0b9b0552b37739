import type { GraphEdge } from '../cycles/find-cycles.ts';

/** An issue that takes work; `tokens`: its likely size; null, where nobody knows, counts as none. */
interface Weighed {
  readonly ref: string;
  readonly tokens: number | null;
}

export interface CriticalPath {
  /** From what can start to the last. */
  readonly refs: readonly string[];
  readonly tokens: number;
}

/**
 * The chain of issues with the most tokens, of equal ones the longest: what no number of agents makes shorter.
 * Members of a tangle do not wait for each other here, since a person has to cut it first. `tangles`: by issue, the
 * same object for all of one tangle.
 */
export function criticalPath(
  issues: readonly Weighed[],
  edges: readonly GraphEdge[],
  tangles: ReadonlyMap<string, unknown>,
): CriticalPath {
  const weights = new Map(issues.map(({ ref, tokens }) => [ref, tokens ?? 0]));
  const inOrder = edges.filter(({ blocked, blocker }) => {
    const tangle = tangles.get(blocked);
    const isCut = tangle !== undefined && tangle === tangles.get(blocker);
    return !isCut && weights.has(blocked) && weights.has(blocker);
  });
  const waiting = Map.groupBy(inOrder, ({ blocker }) => blocker);
  const left = new Map(issues.map(({ ref }) => [ref, 0]));
  for (const { blocked } of inOrder) left.set(blocked, (left.get(blocked) ?? 0) + 1);
  /** The best chain up to each issue, without and then with itself. */
  const before = new Map<string, Chain>();
  const free = issues.filter(({ ref }) => left.get(ref) === 0).map(({ ref }) => ref);
  let best: Chain | undefined;
  // The list is walked with what is added meanwhile.
  for (const ref of free) {
    const last = before.get(ref);
    const chain: Chain = {
      ref,
      last,
      tokens: (last?.tokens ?? 0) + (weights.get(ref) ?? 0),
      length: (last?.length ?? 0) + 1,
    };
    if (isLonger(chain, best)) best = chain;
    for (const { blocked } of waiting.get(ref) ?? []) {
      if (isLonger(chain, before.get(blocked))) before.set(blocked, chain);
      const rest = (left.get(blocked) ?? 0) - 1;
      left.set(blocked, rest);
      if (rest === 0) free.push(blocked);
    }
  }
  const refs: string[] = [];
  for (let chain = best; chain !== undefined; chain = chain.last) refs.push(chain.ref);
  return { refs: refs.reverse(), tokens: best?.tokens ?? 0 };
}

interface Chain {
  readonly ref: string;
  readonly last: Chain | undefined;
  readonly tokens: number;
  readonly length: number;
}

function isLonger(chain: Chain, than: Chain | undefined): boolean {
  if (than === undefined) return true;
  if (chain.tokens !== than.tokens) return chain.tokens > than.tokens;
  return chain.length > than.length;
}
