import { h } from 'preact';

import { amount } from '../../../issue/spending.ts';
import { tokens, usd } from '../../parts/amounts.ts';
import { Head, ScrollBox } from '../../parts/scroll-box.ts';
import type { Overview } from './read-overview.ts';
import { Part } from './part.ts';

const columns = [
  ...(['Agent', 'Handed out', 'Completed', 'Verifications passed', 'Failed'] as const),
  ...(['Tokens', 'Cost', 'Of the budget'] as const),
];

/** What today (UTC) has brought and cost, by agent. */
export function Today({ overview }: { readonly overview: Overview }) {
  const { work, verdicts, spending, choice } = overview;
  const names = new Set([...spending.map(({ agent }) => agent), ...work.map(({ agent }) => agent)]);
  const rows = [...names].sort().map((agent) => {
    const done = work.find((one) => one.agent === agent);
    const spent = spending.find((one) => one.agent === agent);
    const ended = (state: string) =>
      verdicts.find((one) => one.agent === agent && one.state === state)?.count ?? 0;
    return {
      agent,
      handedOut: done?.handedOut ?? 0,
      completed: done?.completed ?? 0,
      passed: ended('passed'),
      failed: ended('failed') + ended('error'),
      tokens: spent?.spent.tokens ?? 0,
      usd: spent?.spent.usd ?? 0,
      budget: spent === undefined ? '' : budgetText(spent),
    };
  });
  const sum = (key: 'handedOut' | 'completed' | 'passed' | 'failed' | 'tokens' | 'usd') =>
    rows.reduce((total, row) => total + row[key], 0);
  const note =
    choice.repository === ''
      ? null
      : h('p', { class: 'help' }, 'Tokens and cost are of all repositories.');
  if (rows.length === 0)
    return h(
      Part,
      { id: 'today', title: 'Today' },
      h('p', { class: 'none' }, 'Nothing was handed out today (UTC), and nothing was spent.'),
    );
  return h(
    Part,
    { id: 'today', title: 'Today' },
    note,
    h(
      ScrollBox,
      { label: 'Figures of today' },
      h(
        'table',
        { class: 'figures' },
        h('caption', { class: 'help' }, 'Since midnight (UTC), by agent'),
        h(Head, { columns }),
        h(
          'tbody',
          null,
          rows.map((row) => h('tr', null, h('th', { scope: 'row' }, row.agent), cells(row))),
        ),
        h(
          'tfoot',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, 'All'),
            cells({
              ...{ handedOut: sum('handedOut'), completed: sum('completed') },
              ...{ passed: sum('passed'), failed: sum('failed') },
              ...{ tokens: sum('tokens'), usd: sum('usd'), budget: '' },
            }),
          ),
        ),
      ),
    ),
  );
}

interface Figures {
  readonly handedOut: number;
  readonly completed: number;
  readonly passed: number;
  readonly failed: number;
  readonly tokens: number;
  readonly usd: number;
  readonly budget: string;
}

function cells({ handedOut, completed, passed, failed, budget, ...spent }: Figures) {
  return [
    ...[String(handedOut), String(completed), String(passed), String(failed)],
    ...[tokens(spent.tokens), usd(spent.usd), budget],
  ].map((text) => h('td', null, text));
}

function budgetText({ spent, budget }: Overview['spending'][number]): string {
  const parts = (['usd', 'tokens'] as const).flatMap((unit) => {
    const cap = budget[unit];
    return cap === null
      ? []
      : [`${Math.round((100 * spent[unit]) / cap)} % of ${amount(unit, cap)}`];
  });
  return parts.length === 0 ? 'no budget' : parts.join(', ');
}
