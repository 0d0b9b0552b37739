import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import type { Attributes, Edge, Graph, Node } from '@viz-js/viz';

import { thousands } from '../../lib/text.ts';
import { threadEnvironment } from '../../lib/thread-environment.ts';
import { plainLine, type Picture } from './picture.ts';

/** Longest line of a label, and its lines, in characters. */
const lineLength = 26;
const maxLines = 3;

/** The extension differs between source and build; `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));

/** How to draw a picture. */
export interface Drawing {
  /** Name of a state for people. */
  readonly nameOf: (state: string) => string;
  /** Where a node leads to; undefined: nowhere. */
  readonly pathOf: (ref: string) => string | undefined;
  /** True: colours in the picture itself, for where no stylesheet gives them. */
  readonly coloured?: boolean;
}

/** The graph for Graphviz, as an object: no text is ever put together to its language. */
export function vizGraph({ nodes, edges }: Picture, drawing: Drawing): Graph {
  return {
    directed: true,
    graphAttributes: {
      ...{ rankdir: 'LR', bgcolor: 'transparent', nodesep: 0.15, ranksep: 0.45, pad: 0.1 },
      // What stands apart is laid out apart, and then put beside each other.
      ...{ pack: 16, packmode: 'array_t4', nslimit: 4, nslimit1: 4, mclimit: 0.5 },
    },
    nodeAttributes: {
      ...{ shape: 'box', style: 'rounded', fontname: 'Helvetica', fontsize: 11 },
      ...{ height: 0.3, margin: '0.1,0.05' },
    },
    edgeAttributes: { arrowsize: 0.6 },
    nodes: nodes.map((node): Node => {
      const path = drawing.pathOf(node.ref);
      const state = node.state ?? 'unknown';
      const size = node.tokens === null ? '' : ` · ${thousands(node.tokens)}`;
      const cycle = node.inCycle ? ' · in a cycle' : '';
      const lines = [...wrap(plainLine(node.name, 300)), `${drawing.nameOf(state)}${size}${cycle}`];
      return {
        name: node.ref,
        attributes: {
          label: lines.map(escaped).join('\\n'),
          class: classesOf(node, state),
          // Graphviz reads a backslash twice here.
          tooltip: escaped(plainLine(node.name, 300).replaceAll('\\', '\u2216')),
          ...(path === undefined ? {} : { URL: escaped(path) }),
          ...emphasis(node, drawing.coloured === true),
        },
      };
    }),
    edges: edges.map((edge): Edge => ({
      tail: edge.from.ref,
      head: edge.to.ref,
      attributes: { class: classesOf(edge), ...emphasis(edge, drawing.coloured === true) },
    })),
  };
}

interface Marks {
  readonly inCycle: boolean;
  readonly isCritical: boolean;
}

function classesOf({ inCycle, isCritical }: Marks, state = ''): string {
  const classes = [state, inCycle ? 'cycle' : '', isCritical ? 'critical' : ''];
  return classes.filter((name) => name !== '').join(' ');
}

function emphasis({ inCycle, isCritical }: Marks, coloured: boolean): Attributes {
  return {
    ...(isCritical ? { penwidth: 3 } : {}),
    ...(inCycle && coloured ? { color: 'red' } : {}),
  };
}

/** Graphviz reads `\N` and entities of HTML in a text, though not quotes. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('&', '&amp;');
}

/** A name in a few short lines; what is cut ends with an ellipsis. */
function wrap(name: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of name.split(' ').flatMap(piecesOf)) {
    if (line !== '' && line.length + 1 + word.length > lineLength) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  if (lines.length <= maxLines) return lines;
  return [...lines.slice(0, maxLines - 1), `${lines[maxLines - 1] ?? ''} …`];
}

/** A word that is longer than a line, in parts. */
function piecesOf(word: string): string[] {
  const characters = Array.from(word);
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += lineLength)
    pieces.push(characters.slice(at, at + lineLength).join(''));
  return pieces;
}

/** A picture as SVG; `time`: it took too long; `failed`: Graphviz did not manage, or was stopped. */
export type LaidOut = { readonly svg: string } | 'time' | 'failed';

/**
 * Lays a graph out in a thread of its own, which is stopped at the deadline: some graphs take Graphviz minutes. The
 * SVG is without head, comments, links to a stylesheet, or scripts; all texts in it are escaped by Graphviz.
 */
export async function layOut(
  graph: Graph,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<LaidOut> {
  const entry = new URL(`./lay-out-thread${extension}`, import.meta.url);
  const worker = new Worker(entry, { env: threadEnvironment(), execArgv: [] });
  const ended = new AbortController();
  try {
    return await new Promise<LaidOut>((resolve) => {
      const once = { once: true, signal: ended.signal };
      const deadline = AbortSignal.timeout(deadlineMs);
      deadline.addEventListener('abort', () => resolve('time'), once);
      signal?.addEventListener('abort', () => resolve('failed'), once);
      if (signal?.aborted === true) resolve('failed');
      worker.once('message', (svg: unknown) =>
        resolve(typeof svg === 'string' ? { svg: withoutHead(svg) } : 'failed'),
      );
      worker.postMessage(graph);
      worker.once('error', () => resolve('failed')).once('exit', () => resolve('failed'));
    });
  } finally {
    ended.abort();
    await worker.terminate();
  }
}

/** The element alone. Graphviz escapes texts, so that no title has a `<`. */
function withoutHead(svg: string): string {
  return svg.slice(svg.indexOf('<svg')).replaceAll(/<!--[^<>]*-->\n?/g, '');
}
