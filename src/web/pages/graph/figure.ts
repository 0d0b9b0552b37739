import { h, type ComponentChildren } from 'preact';

import { ScrollBox } from '../../parts/scroll-box.ts';
import type { Drawn } from './drawer.ts';

/** Sizes of a picture: as wide as the page, or a percentage of that at which its text is as large as the page's. */
export const sizes = ['fit', '50', '100', '200'] as const;
export type Size = (typeof sizes)[number];

/** CSS pixels of a point. */
const pixelsPerPoint = 4 / 3;

interface FigureProps {
  readonly drawn: Drawn;
  readonly size: Size;
  readonly sizeLinks: ComponentChildren;
  readonly repository: string;
  /** Whether anything in it is thick. */
  readonly hasPath: boolean;
}

/** The picture in a box that scrolls, with its sizes; a sentence where there is none. */
export function GraphFigure({ drawn, size, sizeLinks, repository, hasPath }: FigureProps) {
  if (typeof drawn === 'string') return h('p', { class: 'notice' }, withoutPicture[drawn]);
  return [
    h('nav', { class: 'sizes', 'aria-label': 'Size of the picture' }, sizeLinks),
    h('a', { class: 'skip', href: '#list' }, 'Skip the picture'),
    h(
      ScrollBox,
      { label: `Picture of what waits for what in ${repository}`, class: 'graph' },
      h(Svg, { svg: drawn.svg, size }),
    ),
    h(
      'p',
      { class: 'help' },
      'An arrow leads from an issue to what waits for it. ',
      hasPath ? 'Thick: the critical path. ' : '',
      'Red: a cycle. The number is the likely size in tokens.',
    ),
  ];
}

const withoutPicture: Readonly<Record<Exclude<Drawn, object>, string>> = {
  time: 'There are so many dependencies that the picture takes too long. The list below has all of them.',
  failed: 'The picture could not be drawn. The list below has the same.',
  later:
    'The picture is being drawn. It is here in a moment, without scripts when you load the page again; the list below has the same.',
};

function Svg({ svg, size }: { readonly svg: string; readonly size: Size }) {
  const { width, height, inner } = partsOf(svg);
  const scale = size === 'fit' ? undefined : (Number(size) / 100) * pixelsPerPoint;
  return h('svg', {
    viewBox: `0 0 ${width} ${height}`,
    // Not an image: its links are for the keyboard, too.
    role: 'group',
    'aria-label': 'Issues and what they wait for; the list below has the same',
    width: scale === undefined ? '100%' : Math.round(width * scale),
    height: scale === undefined ? undefined : Math.round(height * scale),
    // Made by Graphviz, which escapes every text that is in it.
    dangerouslySetInnerHTML: { __html: inner },
  });
}

/** Size in points, and what is inside the element. */
function partsOf(svg: string) {
  const head = /^<svg[^>]*viewBox="0\.00 0\.00 ([\d.]+) ([\d.]+)"[^>]*>/.exec(svg);
  const inner = svg.slice(head?.[0].length ?? svg.length, svg.lastIndexOf('</svg>'));
  return { width: Number(head?.[1] ?? 1), height: Number(head?.[2] ?? 1), inner };
}
