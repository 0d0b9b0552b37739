import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { usd } from '../../parts/amounts.ts';
import { countTroubles } from '../../trouble.ts';
import { ofChoice, type Shown } from './part.ts';

/** The five answers as numbers, each a link to where they are told in full. */
export function Summary({ overview, waits }: Shown & { readonly waits: number }) {
  const { countOf, health, spending, choice } = overview;
  const troubled = countTroubles(health);
  const dollars = spending.reduce((sum, { spent }) => sum + spent.usd, 0);
  const review = pathWith('/issues', { ...ofChoice(choice), state: 'in_review' });
  const done = pathWith('/issues', { ...ofChoice(choice), state: 'done' });
  return h(
    'section',
    { id: 'summary', 'data-live': true, 'aria-label': 'At a glance' },
    h(
      'ul',
      { class: 'tiles' },
      h(Tile, {
        to: '#waits',
        value: whole(waits),
        name: 'wait for you',
        tone: waits > 0 ? 'bad' : '',
      }),
      h(Tile, { to: '#at-work', value: whole(countOf('in_progress')), name: 'in progress' }),
      h(Tile, { to: review, value: whole(countOf('in_review')), name: 'in review' }),
      h(Tile, { to: '#ready', value: whole(countOf('ready')), name: 'ready' }),
      h(Tile, { to: '#blocked', value: whole(countOf('blocked', 'received')), name: 'blocked' }),
      h(Tile, { to: done, value: whole(countOf('done')), name: 'done' }),
      h(Tile, { to: '#today', value: usd(dollars), name: 'spent today' }),
      h(Tile, {
        to: '/status',
        value: troubled === 0 ? 'OK' : whole(troubled),
        name: troubled === 0 ? 'nothing is broken' : troubled === 1 ? 'check fails' : 'checks fail',
        tone: troubled === 0 ? 'good' : 'bad',
      }),
    ),
  );
}

interface TileProps {
  readonly to: string;
  readonly value: string;
  readonly name: string;
  readonly tone?: string;
}

function Tile({ to, value, name, tone = '' }: TileProps) {
  return h(
    'li',
    null,
    h('a', { href: to, class: tone }, h('strong', null, value), ' ', h('span', null, name)),
  );
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}
