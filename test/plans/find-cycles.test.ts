import fc from 'fast-check';
import { expect, test } from 'vitest';

import { components, findCycles, startingWith } from '../../src/plans/find-cycles.ts';

/** `a>b` means: a waits for b. */
function cycles(text: string): Record<string, string> {
  const edges = text.split(' ').map((pair) => {
    const [blocked = '', blocker = ''] = pair.split('>');
    return { blocked, blocker };
  });
  return Object.fromEntries(
    [...findCycles(edges)].map(([start, { path }]) => [start, path.join('>')] as const).sort(),
  );
}

test.each([
  ['a chain', 'a>b b>c', {}],
  ['two ways to the same issue', 'a>b a>c b>d c>d', {}],
  ['a cycle of two', 'a>b b>a', { a: 'a>b', b: 'b>a' }],
  ['a cycle of three', 'a>b b>c c>a', { a: 'a>b>c', b: 'b>c>a', c: 'c>a>b' }],
  [
    'a cycle of five with one waiting outside and one waited for',
    'x>a a>b b>c c>d d>e e>a c>y',
    { a: 'a>b>c>d>e', b: 'b>c>d>e>a', c: 'c>d>e>a>b', d: 'd>e>a>b>c', e: 'e>a>b>c>d' },
  ],
  [
    'two cycles that share an issue',
    'a>b b>a b>c c>d d>b',
    { a: 'a>b', b: 'b>a', c: 'c>d>b', d: 'd>b>c' },
  ],
  ['two cycles apart', 'a>b b>a c>d d>c', { a: 'a>b', b: 'b>a', c: 'c>d', d: 'd>c' }],
  ['the same edge twice', 'a>b a>b b>a', { a: 'a>b', b: 'b>a' }],
])('the cycles of %s', (_name, edges, expected) => {
  expect(cycles(edges)).toEqual(expected);
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

test('every cycle found is one: it starts with its issue and each waits for the next', () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 60 }), (pairs) => {
      const edges = pairs
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => ({ blocked: `#${a}`, blocker: `#${b}` }));
      const known = new Set(edges.map(({ blocked, blocker }) => `${blocked}>${blocker}`));
      for (const [start, { path }] of findCycles(edges)) {
        expect(path[0]).toBe(start);
        expect(new Set(path).size).toBe(path.length);
        path.forEach((node, index) => {
          expect(known).toContain(`${node}>${path[(index + 1) % path.length] ?? ''}`);
        });
      }
    }),
  );
});

test('in a large tangle every member has a cycle that leads through it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(299), fc.nat(299)), { minLength: 400, maxLength: 900 }),
      (pairs) => {
        const edges = pairs
          .filter(([a, b]) => a !== b)
          .map(([a, b]) => ({ blocked: `#${a}`, blocker: `#${b}` }));
        const known = new Set(edges.map(({ blocked, blocker }) => `${blocked}>${blocker}`));
        for (const [member, { path }] of findCycles(edges)) {
          const turned = startingWith(path, member);
          expect(turned[0]).toBe(member);
          expect(new Set(turned).size).toBe(turned.length);
          turned.forEach((node, index) => {
            expect(known).toContain(`${node}>${turned[(index + 1) % turned.length] ?? ''}`);
          });
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('where all cycles are long and nearly the same, those named first stand for the rest', () => {
  const way = Array.from({ length: 1_200 }, (_, index) => `#way ${index}`);
  const ends = Array.from({ length: 1_000 }, (_, index) => `#${index}`);
  const [start = '', ...onwards] = way;
  const edges = [
    ...onwards.map((blocker, index) => ({ blocked: way[index] ?? '', blocker })),
    ...ends.map((blocker) => ({ blocked: way.at(-1) ?? '', blocker })),
    ...ends.map((blocked) => ({ blocked, blocker: start })),
  ];
  const found = findCycles(edges);
  expect(found.size).toBe(2_200);
  const own = ends.filter((end) => found.get(end)?.path.includes(end));
  expect(own.length).toBeGreaterThan(800);
  expect(own.length).toBeLessThan(900);
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

test('two nodes are in one component when each can be reached from the other', () => {
  const node = fc.nat(9).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 25 }), (edges) => {
      const ends = Map.groupBy(edges, ([from]) => from);
      const graph = new Map([...ends].map(([from, to]) => [from, to.map(([, end]) => end)]));
      const nodes = [...new Set(edges.flat())].sort();
      const naive = nodes.map((a) =>
        nodes.filter((b) => reachable(graph, a).has(b) && reachable(graph, b).has(a)).join(' '),
      );
      const found = components(graph).map((component) => component.join(' '));
      expect(found.sort()).toEqual([...new Set(naive)].sort());
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
  expect(new Set([...found.values()].map(({ path }) => path)).size).toBe(inCycles > 0 ? 1 : 0);
});
