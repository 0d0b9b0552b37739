import { stripVTControlCharacters } from 'node:util';

import type { State } from '../../issue/state.ts';
import { oneLine } from '../../lib/text.ts';
import { findCycles, type GraphEdge } from '../cycles/find-cycles.ts';
import { criticalPath, type CriticalPath } from './critical-path.ts';

/** Maximum length of a label in a source for other programs, in characters. */
const maxLabel = 60;

/** An issue that a picture shows. */
export interface PicturedIssue {
  /** `acme/orbit#12`. */
  readonly ref: string;
  /** `#12 Title` or another name for people; any text. */
  readonly name: string;
  /** Undefined where it shall not be shown. */
  readonly state?: State | 'unknown' | undefined;
  /** Likely size of what is still to do; null: nobody knows, or it is done. */
  readonly tokens: number | null;
  /** A short name that no syntax has to quote. */
  readonly id: string;
}

interface PictureNode extends PicturedIssue {
  readonly inCycle: boolean;
  readonly isCritical: boolean;
}

interface PictureEdge {
  /** What the other one waits for. */
  readonly from: PictureNode;
  readonly to: PictureNode;
  readonly inCycle: boolean;
  readonly isCritical: boolean;
}

/** The graph of dependencies as it is drawn. */
export interface Picture {
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  /** One for each tangle: every issue waits for the next, the last for the first. */
  readonly cycles: readonly (readonly string[])[];
  readonly critical: CriticalPath;
}

/**
 * Finds the cycles and the critical path of a graph, which may be one issue alone. An edge of which an end is not
 * given is left out; one with an end that is done holds nothing back.
 */
export function pictureOf(issues: readonly PicturedIssue[], edges: readonly GraphEdge[]): Picture {
  const known = new Map(issues.map(({ ref, state }) => [ref, state]));
  const inside = edges.filter(({ blocked, blocker }) => known.has(blocked) && known.has(blocker));
  const holding = inside.filter((edge) =>
    [edge.blocked, edge.blocker].every((ref) => known.get(ref) !== 'done'),
  );
  const tangles = findCycles(holding);
  const cycles = [...new Set(tangles.values())];
  // An issue that nobody can take is done as others, which are not there yet.
  const takeable = issues.filter(({ state }) => state !== 'oversized');
  const critical = criticalPath(takeable, holding, tangles);
  const members = new Set(cycles.flat());
  const steps = new Set(cycles.flatMap(stepsOf));
  // Where nobody knows any size and nothing waits, no issue is more critical than the others.
  const path = critical.refs.length > 1 || critical.tokens > 0 ? critical.refs : [];
  const onPath = new Set(path);
  const pathSteps = new Set(
    path.slice(1).map((blocked, index) => pairOf({ blocked, blocker: path[index] ?? '' })),
  );
  const nodes = new Map(
    issues.map((issue) => [
      issue.ref,
      { ...issue, inCycle: members.has(issue.ref), isCritical: onPath.has(issue.ref) },
    ]),
  );
  const drawn = inside.flatMap((edge): PictureEdge[] => {
    const from = nodes.get(edge.blocker);
    const to = nodes.get(edge.blocked);
    if (from === undefined || to === undefined) return [];
    const pair = pairOf(edge);
    return [{ from, to, inCycle: steps.has(pair), isCritical: pathSteps.has(pair) }];
  });
  return {
    nodes: [...nodes.values()],
    edges: drawn,
    cycles,
    critical: { ...critical, refs: path },
  };
}

function pairOf({ blocked, blocker }: GraphEdge): string {
  return `${blocked} ${blocker}`;
}

/** The edges of a cycle. */
function stepsOf(path: readonly string[]): string[] {
  return path.map((blocked, index) =>
    pairOf({ blocked, blocker: path[(index + 1) % path.length] ?? '' }),
  );
}

/** A foreign text as one line that controls no terminal, cut to `limit` characters. */
export function plainLine(text: string, limit: number): string {
  return oneLine(stripVTControlCharacters(text), limit);
}

/**
 * The graph as Mermaid source: an arrow leads from an issue to what waits for it; cycles are red, the critical path
 * is bold.
 */
export function mermaid({ nodes, edges }: Picture): string {
  const numbers = (isMeant: (edge: PictureEdge) => boolean) =>
    edges.flatMap((edge, index) => (isMeant(edge) ? [index] : [])).join(',');
  const names = (isMeant: (node: PictureNode) => boolean) =>
    nodes
      .filter(isMeant)
      .map(({ id }) => id)
      .join(',');
  const [red, bold] = [numbers(({ inCycle }) => inCycle), numbers(({ isCritical }) => isCritical)];
  const members = names(({ inCycle }) => inCycle);
  const critical = names(({ isCritical }) => isCritical);
  return [
    'flowchart LR',
    ...nodes.map((node) => `  ${node.id}["${forMermaid(labelOf(node))}"]`),
    ...edges.map(({ from, to }) => `  ${from.id} --> ${to.id}`),
    ...(red === '' ? [] : [`  linkStyle ${red} stroke:red`]),
    ...(bold === '' ? [] : [`  linkStyle ${bold} stroke-width:4px`]),
    ...(members === ''
      ? []
      : ['  classDef circle stroke:red,color:red', `  class ${members} circle`]),
    ...(critical === ''
      ? []
      : ['  classDef critical stroke-width:4px', `  class ${critical} critical`]),
    '',
  ].join('\n');
}

/** The same for Graphviz. */
export function dot({ nodes, edges }: Picture): string {
  const styleOf = ({ inCycle, isCritical }: { inCycle: boolean; isCritical: boolean }) =>
    [...(inCycle ? ['color=red'] : []), ...(isCritical ? ['penwidth=3'] : [])].join(' ');
  return [
    'digraph backlog {',
    '  rankdir=LR;',
    '  node [shape=box];',
    ...nodes.map((node) => {
      const style = styleOf(node);
      return `  ${node.id} [label="${forDot(labelOf(node))}"${style && ` ${style}`}];`;
    }),
    ...edges.map((edge) => {
      const style = styleOf(edge);
      return `  ${edge.from.id} -> ${edge.to.id}${style && ` [${style}]`};`;
    }),
    '}',
    '',
  ].join('\n');
}

function labelOf({ name, state }: PictureNode): string {
  const label = plainLine(name, maxLabel);
  return state === undefined ? label : `${label} (${state.replaceAll('_', ' ')})`;
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
