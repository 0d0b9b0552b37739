import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { usd } from '../../parts/amounts.ts';
import { countTroubles } from '../../trouble.ts';
import { ofChoice, type Shown } from './part.ts';

/** The five answers as numbers, each a link to where they are told in full. */
export function Summary({ overview, waits }: Shown & { readonly waits: number }) {
  const { countOf, spending, choice, work } = overview;
  const dollars = spending.reduce((sum, { spent }) => sum + spent.usd, 0);
  const completed = work.reduce((sum, { completed: count }) => sum + count, 0);
  const review = pathWith('/issues', { ...ofChoice(choice), state: 'in_review' });
  const spent = choice.repository === '' ? 'spent today' : 'spent today, in all repositories';
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
      h(Tile, { to: '#today', value: whole(completed), name: 'completed today' }),
      h(Tile, { to: '#today', value: usd(dollars), name: spent }),
      h(Health, { overview }),
    ),
  );
}

/** Whether anything is broken: what fails, and what could not be handled. */
function Health({ overview }: Shown) {
  const { health, deliveries } = overview;
  const failing = countTroubles(health);
  const failed = deliveries.reduce((sum, { count }) => sum + count, 0);
  if (failing > 0)
    return h(Tile, {
      ...{ to: '/status', value: whole(failing), tone: 'bad' },
      name: failing === 1 ? 'check fails' : 'checks fail',
    });
  if (failed > 0)
    return h(Tile, {
      ...{ to: '#waits', value: whole(failed), tone: 'bad' },
      name: failed === 1 ? 'failed delivery' : 'failed deliveries',
    });
  return h(Tile, { to: '/status', value: 'OK', name: 'all checks pass', tone: 'good' });
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
