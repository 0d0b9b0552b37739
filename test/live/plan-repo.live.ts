import { performance } from 'node:perf_hooks';

import { expect } from 'vitest';
import { z } from 'zod';

import { answers, claudeEnvironment, emptyAnswer, startClaude } from '../support/claude.ts';
import { mainArguments, startChild } from '../support/process.ts';
import { createFigures } from './support/figures.ts';
import { liveTest } from './support/live-test.ts';
import type { World } from './support/world.ts';

const count = 200;

/** Titles that the syntax of a picture could break on. */
const titles = [
  'Draw the "map"] --> i1["and',
  'end; subgraph x; %% no comment',
  '<script>alert(1)</script> & `code` \\',
  '线路图 🚀 für #12 {a|b}',
];

/** The text of an issue: a tree of chains with a circle in it, a closed and a missing blocker, one elsewhere. */
function bodyOf(number: number): string {
  const blockers = [
    ...(number % 4 === 0 ? [`#${number - 3}`] : []),
    ...(number % 7 === 0 ? [`#${number - 5}`] : []),
  ];
  const lines = [
    `Total estimated: ${10_000 + number * 100} tokens`,
    ...(blockers.length === 0 ? [] : [`Blocked by: ${blockers.join(', ')}`]),
    ...(number % 10 === 1 ? [`Depends on the merge of #${number + 1}.`] : []),
    ...(number === 150 ? ['Blocked by: #151'] : number === 151 ? ['Blocked by: #150'] : []),
    ...(number === 160 ? ['Depends on #4711 and acme/lib#3.'] : []),
    ...(number % 9 === 0 ? [`Pointless without #${number - 1}, I think.`] : []),
    'What it is about. '.repeat(40),
  ];
  return lines.join('\n\n');
}

const backlogSchema = z.object({
  issues: z.array(z.object({ ref: z.string(), title: z.string(), place: z.number().nullable() })),
  edges: z.array(z.object({ blocked: z.string(), blocker: z.string(), holds: z.boolean() })),
  circles: z.array(z.array(z.string())),
  totals: z.looseObject({ issues: z.number(), open: z.number(), canStart: z.number() }),
});
type BacklogSeen = z.infer<typeof backlogSchema>;

/** Tells at its end how much memory the process had at most, in KiB. */
const tellsMemory =
  "data:text/javascript,process.on('exit',()=>console.error('peak '+process.resourceUsage().maxRSS))";

/** `plan --repo` in a process of its own, with its time and its memory. */
async function planRepo(
  { environment, directory, gitea }: World,
  args: readonly string[],
  more: Record<string, string> = {},
) {
  const begun = performance.now();
  const child = startChild({
    args: ['--import', tellsMemory, ...mainArguments, 'plan', '--repo', 'acme/orbit', ...args],
    environment: {
      ...{ GITEA_URL: environment.GITEA_URL, GITEA_TOKEN: gitea.tokens.bot },
      ...{ XDG_CACHE_HOME: directory },
      ...more,
    },
    directory,
  });
  expect(await child.exit(), child.output.stderr).toEqual({ code: 0, signal: null });
  const { stdout, stderr } = child.output;
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const megabytes = Math.round(Number(/^peak (\d+)$/m.exec(stderr)?.[1]) / 1_024);
  const calls = Number(/Gitea was called (\d+) times; nothing was written/.exec(stderr)?.[1]);
  return { stdout, stderr, calls, figures: `${seconds} s, ${calls} calls, ${megabytes} MB` };
}

/** The nodes and arrows of a picture, each line of which has one of these forms. */
function pictureOf(source: string, forms: { readonly node: RegExp; readonly edge: RegExp }) {
  const nodes = new Map<string, string>();
  const edges: string[] = [];
  const others: string[] = [];
  for (const line of source.trimEnd().split('\n')) {
    const { id, label } = forms.node.exec(line)?.groups ?? {};
    const { from, to } = forms.edge.exec(line)?.groups ?? {};
    if (id !== undefined) nodes.set(id, label ?? '');
    else if (from !== undefined && to !== undefined) edges.push(`${from} ${to}`);
    else others.push(line);
  }
  return { nodes, edges: edges.toSorted(), others };
}

/** The same arrows out of the JSON. An issue outside the list has an id that only its label tells. */
function arrowsOf({ edges }: BacklogSeen, outside: ReadonlyMap<string, string>): string[] {
  const idOf = (ref: string) => outside.get(ref) ?? ref.replace('acme/orbit#', 'i');
  return edges
    .filter(({ holds }) => holds)
    .map(({ blocked, blocker }) => `${idOf(blocker)} ${idOf(blocked)}`)
    .toSorted();
}

function outsideIn(nodes: ReadonlyMap<string, string>, refOf: (label: string) => string) {
  const outside = [...nodes].filter(([id]) => id.startsWith('x'));
  return new Map(outside.map(([id, label]) => [refOf(label), id]));
}

const entity = /#(\d+);/g;
const unescaped = (label: string) =>
  label.replace(entity, (_all, code: string) => String.fromCodePoint(Number(code)));

liveTest('a backlog of 200 issues is planned, ordered and drawn', async (world) => {
  const { maria, proxy } = world;
  const figures = createFigures('plan --repo on a Gitea with 200 issues:');
  for (let number = 1; number <= count; number += 1) {
    const title = titles[number - 1] ?? `Part ${number}`;
    expect(await maria.open({ title, body: bodyOf(number) })).toBe(number);
  }
  await maria.close(13);
  for (const number of [30, 60, 90]) await maria.addBlocker(number, number - 1);

  const json = await planRepo(world, ['--state', 'all', '--json']);
  figures.add(`JSON, offline: ${json.figures}`);
  const backlog = backlogSchema.parse(JSON.parse(json.stdout));
  expect(backlog.totals).toMatchObject({ issues: count, open: count - 1 });
  expect(backlog.issues.map(({ ref }) => ref).toSorted()).toHaveLength(count);
  expect(backlog.circles).toEqual([['acme/orbit#150', 'acme/orbit#151']]);
  const places = new Map(backlog.issues.map(({ ref, place }) => [ref, place]));
  for (const { blocked, blocker, holds } of backlog.edges) {
    const [later, earlier] = [places.get(blocked), places.get(blocker)];
    if (holds && typeof later === 'number' && typeof earlier === 'number')
      expect(later, `${blocked} waits for ${blocker}`).toBeGreaterThan(earlier);
  }
  // A page has 50 issues; each issue is one call, and so is each that is named and not listed.
  expect(json.calls).toBeLessThanOrEqual(count + count / 50 + 10);

  const mermaid = await planRepo(world, ['--state', 'all', '--mermaid']);
  figures.add(`Mermaid: ${mermaid.figures}, ${mermaid.stdout.length} characters`);
  const drawn = pictureOf(mermaid.stdout, {
    node: /^ {2}(?<id>[ix]\d+)\["(?<label>(?:[\p{L}\p{M}\p{N} ]|#\d+;)*)"\]$/u,
    edge: /^ {2}(?<from>[ix]\d+) --> (?<to>[ix]\d+)$/,
  });
  expect(drawn.others).toEqual([
    'flowchart LR',
    expect.stringMatching(/^ {2}linkStyle \d+,\d+ stroke:red$/),
    '  classDef circle stroke:red,color:red',
    '  class i150,i151 circle',
  ]);
  expect(drawn.edges.length).toBeGreaterThan(count / 2);
  expect(drawn.edges).toEqual(arrowsOf(backlog, outsideIn(drawn.nodes, unescaped)));
  expect(unescaped(drawn.nodes.get('i1') ?? '')).toBe(`#1 ${titles[0] ?? ''}`);

  const dot = await planRepo(world, ['--state', 'all', '--dot']);
  figures.add(`Graphviz: ${dot.figures}, ${dot.stdout.length} characters`);
  const graph = pictureOf(dot.stdout, {
    node: /^ {2}(?<id>[ix]\d+) \[label="(?<label>(?:[^"\\]|\\["\\])*)"(?: color=red)?\];$/,
    edge: /^ {2}(?<from>[ix]\d+) -> (?<to>[ix]\d+)(?: \[color=red\])?;$/,
  });
  expect(graph.others).toEqual(['digraph backlog {', '  rankdir=LR;', '  node [shape=box];', '}']);
  expect(graph.edges).toEqual(drawn.edges);
  expect([...graph.nodes.keys()]).toEqual([...drawn.nodes.keys()]);
  for (const line of [...drawn.edges, ...graph.edges].flatMap((edge) => edge.split(' ')))
    expect(graph.nodes.has(line), line).toBe(true);

  const claude = await startClaude(answers(emptyAnswer));
  const environment = claudeEnvironment(claude.url);
  const first = await planRepo(world, [], environment);
  figures.add(`table, with a scripted model: ${first.figures}, ${claude.calls.length} questions`);
  const asked = claude.calls.length;
  expect(asked).toBeGreaterThanOrEqual(count - 1);
  const second = await planRepo(world, [], environment);
  figures.add(`the same again: ${second.figures}, ${claude.calls.length - asked} questions`);
  expect(claude.calls).toHaveLength(asked);
  expect(second.stdout).toBe(first.stdout);
  expect(proxy.writes).toEqual([]);
});
