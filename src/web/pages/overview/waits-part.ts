import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { Ago } from '../../parts/amounts.ts';
import { More } from '../../parts/more.ts';
import { Sentence } from '../../parts/sentence.ts';
import { shownGroups } from './delivery-waits.ts';
import { ofChoice, Part, type Shown } from './part.ts';
import type { Waiting } from './waiting.ts';

/** What waits for a person. */
export function Waits({ waits, overview }: Shown & { readonly waits: readonly Waiting[] }) {
  const { countOf, waiting, inReview, choice, now } = overview;
  const more = {
    person: countOf('needs_human', 'oversized') - waiting.length,
    review: countOf('in_review') - inReview.length,
  };
  const to = (state: 'needs_human' | 'in_review') =>
    pathWith('/issues', { ...ofChoice(choice), state });
  return h(
    Part,
    { id: 'waits', title: 'Waits for you' },
    waits.length === 0
      ? h('p', { class: 'none' }, 'Nothing. All that can go on goes on by itself.')
      : null,
    h(
      'ul',
      { class: 'rows waits' },
      waits.map(({ tone, kind, name, why, since, todo }) =>
        h(
          'li',
          null,
          h('span', { class: `kind ${tone}` }, kind),
          h(
            'div',
            { class: 'what' },
            h('p', { class: 'name' }, name),
            h('p', { class: 'why' }, h(Sentence, { text: why })),
          ),
          h('span', { class: 'since' }, since === undefined ? null : h(Ago, { at: since, now })),
          h('div', { class: 'todo' }, todo),
        ),
      ),
    ),
    h(More, { count: more.person, what: 'that need a person', to: to('needs_human') }),
    h(More, { count: more.review, what: 'in review', to: to('in_review') }),
    (['rejected', 'dead'] as const).map((status) =>
      h(More, {
        count: hiddenDeliveries(overview, status),
        what: `${status} deliveries`,
        to: `/deliveries?status=${status}`,
      }),
    ),
  );
}

function hiddenDeliveries({ deliveries }: Shown['overview'], status: 'dead' | 'rejected'): number {
  return deliveries
    .slice(shownGroups)
    .filter((group) => group.status === status)
    .reduce((sum, { count }) => sum + count, 0);
}
