import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { Action } from '../../parts/action.ts';
import { Ago, tokens, usd } from '../../parts/amounts.ts';
import { ContextBar } from '../../parts/context-bar.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { More } from '../../parts/more.ts';
import { ofChoice, Part, type Shown } from './part.ts';

/** Who works on what. */
export function AtWork({ overview }: Shown) {
  const { atWork, countOf, now, thresholds, choice, caller, agents, pauses } = overview;
  const isPaused = pauses.some(({ agent, source }) => agent === null && source === 'person');
  const pause = caller.role === 'operator' && !isPaused ? h(PauseForm, { agents }) : null;
  return h(
    Part,
    { id: 'at-work', title: 'In progress', aside: pause },
    atWork.length === 0 ? h('p', { class: 'none' }, 'Nobody works on an issue.') : null,
    h(
      'ul',
      { class: 'rows work' },
      atWork.map((line) => {
        const { issue, title, agent, worker, context, verifying, leaseExpiresAt, spent } = line;
        const report = context === null ? null : h(Ago, { at: context.reportedAt, now });
        const bar =
          context === null
            ? h('span', { class: 'faint' }, 'no report yet')
            : h(ContextBar, { ...context, thresholds });
        const holds =
          verifying === null
            ? leaseExpiresAt === null
              ? null
              : h('span', null, 'lease ends ', h(Ago, { at: leaseExpiresAt, now }))
            : h(
                'span',
                { class: 'verifying' },
                verifying.isRunning
                  ? 'verification runs, began '
                  : 'verification is queued, asked ',
                h(Ago, { at: verifying.since, now }),
              );
        return h(
          'li',
          null,
          h(
            'div',
            { class: 'what' },
            h('p', { class: 'name' }, h(IssueLink, { issue }), ' ', title),
          ),
          h('div', { class: 'who' }, h('b', null, agent), ` · ${worker}`),
          h('div', { class: 'bar' }, bar),
          h(
            'div',
            { class: 'facts' },
            holds,
            report === null ? null : h('span', null, 'reported ', report),
            line.stale ? h('span', { class: 'kind warn' }, 'silent') : null,
            line.failures > 0
              ? h('span', { class: 'kind warn' }, `failed verification: ${line.failures}`)
              : null,
            line.isBudgetNearlyUsed
              ? h('span', { class: 'kind warn' }, 'budget nearly used')
              : null,
            spent === null
              ? null
              : h(
                  'span',
                  null,
                  `${tokens(spent.tokens)} tokens, ${usd(spent.usd)}${spent.estimated ? ' (estimated)' : ''}`,
                ),
          ),
        );
      }),
    ),
    h(More, {
      count: caller.role === 'worker' ? 0 : countOf('in_progress') - atWork.length,
      to: pathWith('/issues', { ...ofChoice(choice), state: 'in_progress' }),
    }),
  );
}

function PauseForm({ agents }: { readonly agents: readonly string[] }) {
  return h(
    Action,
    {
      ...{ to: '/pause', name: 'Pause' },
      effect: 'Nothing more is handed out until it is resumed. What is claimed goes on.',
    },
    h(
      'label',
      null,
      h('span', null, 'What'),
      h(
        'select',
        { name: 'agent' },
        h('option', { value: '' }, 'everything'),
        agents.map((agent) => h('option', { value: agent }, `agent ${agent}`)),
      ),
    ),
    h(
      'label',
      null,
      h('span', null, 'Why'),
      h('input', { name: 'reason', maxLength: 500, autocomplete: 'off' }),
    ),
  );
}
