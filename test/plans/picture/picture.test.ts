import { expect, test } from 'vitest';

import { criticalPath } from '../../../src/plans/picture/critical-path.ts';
import { layOut, vizGraph } from '../../../src/plans/picture/lay-out.ts';
import { dot, mermaid, pictureOf, type PicturedIssue } from '../../../src/plans/picture/picture.ts';

const waits = (blocked: string, blocker: string) => ({ blocked, blocker });

function issue(ref: string, tokens: number | null, more: Partial<PicturedIssue> = {}) {
  return { ref, id: ref, name: ref, tokens, state: 'ready' as const, ...more };
}

test('the critical path has the most tokens, not the most issues', () => {
  const issues = [issue('a', 1), issue('b', 1), issue('c', 1), issue('d', 50), issue('e', 1)];
  const edges = [waits('b', 'a'), waits('c', 'b'), waits('e', 'c'), waits('e', 'd')];
  expect(pictureOf(issues, edges).critical).toEqual({ refs: ['d', 'e'], tokens: 51 });
});

test('of two paths with equal tokens the longer one counts', () => {
  const issues = [issue('a', null), issue('b', 5), issue('c', 5)];
  expect(pictureOf(issues, [waits('b', 'a')]).critical).toEqual({ refs: ['a', 'b'], tokens: 5 });
});

test('the critical path of any acyclic graph is that of trying all paths', () => {
  let seed = 5;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 50; round++) {
    const issues = Array.from({ length: 8 }, (_, index) => issue(`n${index}`, random(20)));
    const edges = Array.from({ length: 10 }, () => {
      const blocked = 1 + random(7);
      return waits(`n${blocked}`, `n${random(blocked)}`);
    });
    const weight = (ref: string): number => {
      const own = issues.find((each) => each.ref === ref)?.tokens ?? 0;
      const before = edges.filter(({ blocked }) => blocked === ref);
      return own + Math.max(0, ...before.map(({ blocker }) => weight(blocker)));
    };
    const found = criticalPath(issues, edges, new Map());
    expect(found.tokens).toBe(Math.max(...issues.map(({ ref }) => weight(ref))));
    for (const [index, ref] of found.refs.slice(1).entries())
      expect(edges).toContainEqual(waits(ref, found.refs[index] ?? ''));
  }
});

test('a cycle is red and on no path through itself', () => {
  const issues = [issue('a', 1), issue('b', 1), issue('c', 1)];
  const picture = pictureOf(issues, [waits('a', 'b'), waits('b', 'a'), waits('c', 'b')]);
  expect(picture.cycles).toEqual([['a', 'b']]);
  expect(picture.edges.filter(({ inCycle }) => inCycle)).toHaveLength(2);
  expect(picture.critical).toEqual({ refs: ['b', 'c'], tokens: 2 });
});

test('what is done holds nothing back', () => {
  const issues = [issue('a', null, { state: 'done' }), issue('b', 1)];
  const picture = pictureOf(issues, [waits('b', 'a'), waits('a', 'b')]);
  expect(picture).toMatchObject({ cycles: [], critical: { refs: ['b'] } });
});

test('what nobody can take is on no critical path, and one issue may be all of it', () => {
  const issues = [issue('a', 900, { state: 'oversized' }), issue('b', 2), issue('c', 3)];
  const chain = pictureOf(issues, [waits('c', 'b')]);
  expect(chain.critical).toEqual({ refs: ['b', 'c'], tokens: 5 });
  const { critical, nodes } = pictureOf(issues, []);
  expect(critical).toEqual({ refs: ['c'], tokens: 3 });
  expect(nodes.filter(({ isCritical }) => isCritical)).toMatchObject([{ ref: 'c' }]);
});

test('issues of unknown size that wait for nothing have no critical path', () => {
  expect(pictureOf([issue('a', null), issue('b', null)], []).critical.refs).toEqual([]);
});

test('the sources name states, cycles and the critical path', () => {
  const issues = [issue('a', 1), issue('b', 1, { state: 'needs_human' })];
  const picture = pictureOf(issues, [waits('b', 'a')]);
  expect(dot(picture)).toMatchInlineSnapshot(`
    "digraph backlog {
      rankdir=LR;
      node [shape=box];
      a [label="a (ready)" penwidth=3];
      b [label="b (needs human)" penwidth=3];
      a -> b [penwidth=3];
    }
    "
  `);
  expect(mermaid(picture)).toMatchInlineSnapshot(`
    "flowchart LR
      a["a #40;ready#41;"]
      b["b #40;needs human#41;"]
      a --> b
      linkStyle 0 stroke-width:4px
      classDef critical stroke-width:4px
      class a,b critical
    "
  `);
});

const hostile =
  '<img src=x onerror=alert(1)> "><script>alert(2)</script> \\N \\G &lt;b&gt; <!-- --> javascript:alert(3) \u0007\ud800';

test('Graphviz gets no text that it could take for markup, and the picture has none', async () => {
  const picture = pictureOf(
    [
      issue('acme/orbit#1', 1, { name: hostile }),
      issue('acme/orbit#2', 1, { name: '\\N &amp; \\l' }),
    ],
    [waits('acme/orbit#2', 'acme/orbit#1')],
  );
  const graph = vizGraph(picture, { nameOf: (state) => state, pathOf: () => '/issues/a?b=1&c=2' });
  const drawn = await layOut(graph, 30_000);
  const svg = typeof drawn === 'string' ? '' : drawn.svg;
  const elements = new Set([...svg.matchAll(/<([a-z]+)/g)].map(([, name]) => name));
  expect([...elements].sort()).toEqual(['a', 'g', 'path', 'polygon', 'svg', 'text', 'title']);
  const attributes = new Set([...svg.matchAll(/ ([\w:-]+)="/g)].map(([, name]) => name));
  for (const name of attributes) expect(name).not.toMatch(/^on|^style$/);
  expect(svg).toContain('\u2216N \u2216G &amp;lt;b&amp;gt;');
  expect(svg).toContain('>\\N &amp;amp; \\l</text>');
  expect(svg).toContain('xlink:href="/issues/a?b=1&amp;c=2"');
});

test('a graph that takes too long is given up, and one that is stopped, too', async () => {
  const issues = Array.from({ length: 400 }, (_, index) => issue(`n${index}`, 1));
  const edges = issues.flatMap(({ ref }, index) =>
    [1, 7, 31, 63].map((step) => waits(ref, `n${(index * step + step) % 400}`)),
  );
  const graph = vizGraph(pictureOf(issues, edges), { nameOf: (state) => state, pathOf: () => '/' });
  expect(await layOut(graph, 1)).toBe('time');
  expect(await layOut(graph, 30_000, AbortSignal.abort())).toBe('failed');
});
