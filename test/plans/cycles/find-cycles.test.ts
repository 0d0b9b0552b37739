import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cycleThrough, findCycles, startingWith } from '../../../src/plans/cycles/find-cycles.ts';

/** `a>b` means: a waits for b. */
function edgesOf(text: string) {
  return text.split(' ').map((pair) => {
    const [blocked = '', blocker = ''] = pair.split('>');
    return { blocked, blocker };
  });
}

function cycles(text: string): Record<string, string> {
  const found = [...findCycles(edgesOf(text))];
  return Object.fromEntries(
    found.map(([member, path]) => [member, path.join('>')] as const).sort(),
  );
}

test.each([
  ['a chain', 'a>b b>c', {}],
  ['two ways to the same issue', 'a>b a>c b>d c>d', {}],
  ['a cycle of two', 'a>b b>a', { a: 'a>b', b: 'a>b' }],
  ['a cycle of three', 'b>c a>b c>a', { a: 'a>b>c', b: 'a>b>c', c: 'a>b>c' }],
  [
    'a cycle of three with one waiting outside and one waited for',
    'x>a a>b b>c c>a c>y',
    { a: 'a>b>c', b: 'a>b>c', c: 'a>b>c' },
  ],
  [
    'two cycles that share an issue: the one through the first stands for both',
    'a>b b>a b>c c>d d>b',
    { a: 'a>b', b: 'a>b', c: 'a>b', d: 'a>b' },
  ],
  ['a short and a long way back', 'a>c c>b b>a c>a', { a: 'a>c', b: 'a>c', c: 'a>c' }],
  ['two ways of one length', 'a>c c>a a>b b>a', { a: 'a>b', b: 'a>b', c: 'a>b' }],
  ['two cycles apart', 'a>b b>a c>d d>c', { a: 'a>b', b: 'a>b', c: 'c>d', d: 'c>d' }],
  ['the same edge twice', 'a>b a>b b>a', { a: 'a>b', b: 'a>b' }],
])('the cycles of %s', (_name, edges, expected) => {
  expect(cycles(edges)).toEqual(expected);
});

test('the cycle through one issue is the one that its tangle has, or none', () => {
  expect(cycleThrough('b', edgesOf('a>b b>c c>b'))).toEqual(['b', 'c']);
  expect(cycleThrough('a', edgesOf('a>b b>c c>b'))).toEqual([]);
  expect(cycleThrough('x', edgesOf('a>b b>a'))).toEqual([]);
});

test('a cycle is turned to start with a member; beside it, it stays as it is', () => {
  expect(startingWith(['a', 'b', 'c'], 'b')).toEqual(['b', 'c', 'a']);
  expect(startingWith(['a', 'b', 'c'], 'x')).toEqual(['a', 'b', 'c']);
});

test('no edges, no cycles', () => {
  expect(findCycles([])).toEqual(new Map());
});

const pair = fc.tuple(fc.nat(30), fc.nat(30));

test('where every issue waits only for later ones there is no cycle', () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 120 }), (pairs) => {
      const edges = pairs
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => ({ blocked: `#${Math.min(a, b)}`, blocker: `#${Math.max(a, b)}` }));
      expect(findCycles(edges).size).toBe(0);
    }),
  );
});

test('every cycle found is one, the shortest through the first member, and members share it', () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 60 }), (pairs) => {
      const edges = pairs
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => ({ blocked: `#${a}`, blocker: `#${b}` }));
      const known = new Set(edges.map(({ blocked, blocker }) => `${blocked}>${blocker}`));
      const graph = Map.groupBy(edges, ({ blocked }) => blocked);
      const next = (node: string) => (graph.get(node) ?? []).map(({ blocker }) => blocker);
      const found = findCycles(edges);
      for (const [path, members] of Map.groupBy(found.keys(), (id) => found.get(id) ?? [])) {
        expect(path[0]).toBe(members.toSorted()[0]);
        expect(new Set(path).size).toBe(path.length);
        path.forEach((node, index) => {
          expect(known).toContain(`${node}>${path[(index + 1) % path.length] ?? ''}`);
        });
        let reached = new Set([path[0] ?? '']);
        let steps = 0;
        do {
          reached = new Set([...reached].flatMap(next));
          steps += 1;
        } while (!reached.has(path[0] ?? ''));
        expect(path.length).toBe(steps);
      }
    }),
  );
});

test('the cycles do not depend on the order of the edges', () => {
  fc.assert(
    fc.property(
      fc
        .array(pair, { maxLength: 40 })
        .chain((pairs) =>
          fc.tuple(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })),
        ),
      ([pairs, shuffled]) => {
        const found = (list: typeof pairs) =>
          cyclesOf(list.filter(([a, b]) => a !== b).map(([a, b]) => `#${a}>#${b}`));
        expect(found(shuffled)).toEqual(found(pairs));
      },
    ),
  );
});

function cyclesOf(edges: readonly string[]) {
  return edges.length === 0 ? {} : cycles(edges.join(' '));
}

/** What can be reached from a node, itself included. */
function reachable(graph: ReadonlyMap<string, readonly string[]>, start: string): Set<string> {
  const seen = new Set([start]);
  for (const node of seen) for (const next of graph.get(node) ?? []) seen.add(next);
  return seen;
}

test('two nodes share a cycle when each can be reached from the other', () => {
  const node = fc.nat(9).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 25 }), (edges) => {
      const ends = Map.groupBy(edges, ([from]) => from);
      const graph = new Map([...ends].map(([from, to]) => [from, to.map(([, end]) => end)]));
      const nodes = [...new Set(edges.flat())];
      const found = findCycles(edges.map(([blocked, blocker]) => ({ blocked, blocker })));
      for (const a of nodes)
        for (const b of nodes) {
          if (a === b) continue;
          const mutual = reachable(graph, a).has(b) && reachable(graph, b).has(a);
          expect(found.has(a) && found.get(a) === found.get(b)).toBe(mutual);
        }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['a chain', 10_000, 0],
  ['a cycle', 10_000, 10_000],
])('%s of thousands is walked to its end', (_name, count, inCycles) => {
  const edges = Array.from({ length: count }, (_, index) => ({
    blocked: `#${index}`,
    blocker: `#${inCycles > 0 ? (index + 1) % count : index + 1}`,
  }));
  const found = findCycles(edges);
  expect(found.size).toBe(inCycles);
  expect(new Set(found.values()).size).toBe(inCycles > 0 ? 1 : 0);
});
