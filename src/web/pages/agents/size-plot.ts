import { h } from 'preact';

import type { SizePair } from '../../../claims/agent-figures.ts';
import { tokens } from '../../parts/amounts.ts';

/** Size of the plot, and its margin on the left and below, in its own units. */
const side = 320;
const margin = 52;
/** Claims within this factor of their estimate are between the dashed lines. */
const factor = 2;
/** Least and greatest size that has a place, in tokens. */
const least = 1_000;
const most = 100_000_000;

/** Estimates beside what issues took, both by powers of ten: above the diagonal is what took more than thought. */
export function SizePlot({ sizes }: { readonly sizes: readonly SizePair[] }) {
  const all = sizes.flatMap(({ estimated, actual }) => [estimated, actual]).map(bounded);
  const from = Math.floor(Math.log10(Math.min(...all)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...all))));
  const place = (count: number) => ((Math.log10(bounded(count)) - from) / (to - from)) * side;
  const x = (count: number) => margin + place(count);
  const y = (count: number) => side - place(count) + 8;
  const powers = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  const [low, high] = [10 ** from, 10 ** to];
  const near = sizes.filter(isNear).length;
  const says = `${near} of ${sizes.length} claims took between half and twice their estimate`;
  return h(
    'svg',
    {
      ...{ class: 'plot', viewBox: `0 0 ${side + margin + 16} ${side + margin}` },
      ...{ role: 'img', 'aria-label': `Estimated and actual tokens: ${says}` },
    },
    ...powers.flatMap((power) => [
      h('line', { class: 'grid', x1: x(power), x2: x(power), y1: y(low), y2: y(high) }),
      h('line', { class: 'grid', x1: x(low), x2: x(high), y1: y(power), y2: y(power) }),
      h('text', { x: x(power), y: side + 24, 'text-anchor': 'middle' }, short(power)),
      h('text', { x: margin - 6, y: y(power) + 4, 'text-anchor': 'end' }, short(power)),
    ]),
    h('line', { class: 'even', x1: x(low), y1: y(low), x2: x(high), y2: y(high) }),
    h('line', {
      class: 'near',
      x1: x(low),
      y1: y(low * factor),
      x2: x(high / factor),
      y2: y(high),
    }),
    h('line', {
      class: 'near',
      x1: x(low * factor),
      y1: y(low),
      x2: x(high),
      y2: y(high / factor),
    }),
    ...sizes.map((pair) =>
      h(
        'circle',
        {
          class: isNear(pair) ? 'dot' : 'dot far',
          cx: x(pair.estimated),
          cy: y(pair.actual),
          r: 5,
        },
        h(
          'title',
          null,
          `${pair.issue}: estimated ${tokens(pair.estimated)}, took ${tokens(pair.actual)}`,
        ),
      ),
    ),
    h('text', { x: margin + side / 2, y: side + 44, 'text-anchor': 'middle' }, 'estimated tokens'),
    h(
      'text',
      { transform: `translate(12 ${side / 2}) rotate(-90)`, 'text-anchor': 'middle' },
      'tokens it took',
    ),
  );
}

/** What the marks of the plot stand for. */
export function PlotKey() {
  return h(
    'ul',
    { class: 'key' },
    keys.map(([name, mark]) =>
      h(
        'li',
        null,
        h('svg', { class: 'plot', viewBox: '0 0 24 12', 'aria-hidden': true }, mark),
        name,
      ),
    ),
  );
}

const line = (of: string) => h('line', { class: of, x1: 0, y1: 6, x2: 24, y2: 6 });
const dot = (of: string) => h('circle', { class: of, cx: 12, cy: 6, r: 5 });
const keys = [
  ['a claim that took between half and twice its estimate', dot('dot')],
  ['a claim that took more or less than that', dot('dot far')],
  ['as much as estimated; above it is what took more', line('even')],
  ['twice as much, and half', line('near')],
] as const;

/** Whether a claim took between half and twice its estimate. */
export function isNear({ estimated, actual }: SizePair): boolean {
  return actual <= estimated * factor && actual * factor >= estimated;
}

function bounded(count: number): number {
  return Math.min(most, Math.max(least, count));
}

/** `100k`, `1M`. */
function short(power: number): string {
  return power >= 1_000_000 ? `${power / 1_000_000}M` : `${power / 1_000}k`;
}
