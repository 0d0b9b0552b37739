import { printable } from '../../output.ts';
import type { BacklogEdge, OrderedBacklog } from './order.ts';

/** Maximum length of a title in a picture, in characters. */
const maxTitle = 60;

interface Node {
  /** A name that no syntax has to quote. */
  readonly id: string;
  /** `#12 Title`, or the whole ref of an issue outside the list. */
  readonly label: string;
  readonly inCircle: boolean;
}

interface Picture {
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly from: Node; readonly to: Node; readonly inCircle: boolean }[];
}

/**
 * The graph as Mermaid source: an arrow leads from an issue to what waits for it; circles are red. Edges that hold
 * nothing back are left out.
 */
export function mermaid(backlog: OrderedBacklog): string {
  const { nodes, edges } = pictureOf(backlog);
  const red = edges.flatMap(({ inCircle }, index) => (inCircle ? [index] : []));
  const members = nodes.filter(({ inCircle }) => inCircle).map(({ id }) => id);
  return [
    'flowchart LR',
    ...nodes.map(({ id, label }) => `  ${id}["${forMermaid(label)}"]`),
    ...edges.map(({ from, to }) => `  ${from.id} --> ${to.id}`),
    ...(red.length === 0 ? [] : [`  linkStyle ${red.join(',')} stroke:red`]),
    ...(members.length === 0
      ? []
      : ['  classDef circle stroke:red,color:red', `  class ${members.join(',')} circle`]),
    '',
  ].join('\n');
}

/** The same for Graphviz. */
export function dot(backlog: OrderedBacklog): string {
  const { nodes, edges } = pictureOf(backlog);
  const red = (inCircle: boolean) => (inCircle ? ' color=red' : '');
  return [
    'digraph backlog {',
    '  rankdir=LR;',
    '  node [shape=box];',
    ...nodes.map(
      ({ id, label, inCircle }) => `  ${id} [label="${forDot(label)}"${red(inCircle)}];`,
    ),
    ...edges.map(({ from, to, inCircle }) => {
      const style = inCircle ? ' [color=red]' : '';
      return `  ${from.id} -> ${to.id}${style};`;
    }),
    '}',
    '',
  ].join('\n');
}

/** Everything but letters, digits and blanks becomes the number of its character, which no rule of Mermaid knows. */
function forMermaid(label: string): string {
  return label.replaceAll(
    /[^\p{L}\p{M}\p{N} ]/gu,
    (character) => `#${character.codePointAt(0) ?? 0};`,
  );
}

/** Graphviz also reads entities of HTML in a label. */
function forDot(label: string): string {
  return label.replaceAll(/[\\"]/g, '\\$&').replaceAll('&', '&amp;');
}

function pictureOf({ issues, edges, circles }: OrderedBacklog): Picture {
  const steps = new Set(circles.flatMap(stepsOf));
  const members = new Set(circles.flat());
  const holding = edges.filter(({ holds }) => holds);
  const nodes = new Map<string, Node>();
  for (const { ref, facts } of issues.toSorted((a, b) => a.facts.number - b.facts.number)) {
    const label = cut(`#${facts.number} ${facts.title}`);
    nodes.set(ref, { id: `i${facts.number}`, label, inCircle: members.has(ref) });
  }
  for (const ref of holding.flatMap(({ blocked, blocker }) => [blocker, blocked]))
    if (!nodes.has(ref))
      nodes.set(ref, { id: `x${nodes.size}`, label: cut(ref), inCircle: members.has(ref) });
  return {
    nodes: [...nodes.values()],
    edges: holding.flatMap((edge) => {
      const from = nodes.get(edge.blocker);
      const to = nodes.get(edge.blocked);
      if (from === undefined || to === undefined) return [];
      return [{ from, to, inCircle: steps.has(pairOf(edge)) }];
    }),
  };
}

function pairOf({ blocked, blocker }: Pick<BacklogEdge, 'blocked' | 'blocker'>): string {
  return `${blocked} ${blocker}`;
}

/** The edges of a circle. */
function stepsOf(path: readonly string[]): string[] {
  return path.map((blocked, index) =>
    pairOf({ blocked, blocker: path[(index + 1) % path.length] ?? '' }),
  );
}

function cut(text: string): string {
  const characters = Array.from(printable(text));
  return characters.length > maxTitle
    ? `${characters.slice(0, maxTitle - 1).join('')}…`
    : characters.join('');
}
