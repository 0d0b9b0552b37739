import { h, type ComponentChildren } from 'preact';

import { pathWith } from '../../filter.ts';
import { Action } from '../../parts/action.ts';
import { Ago, tokens, usd } from '../../parts/amounts.ts';
import { ContextBar } from '../../parts/context-bar.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { More } from '../../parts/more.ts';
import { Sentence } from '../../parts/sentence.ts';
import { StateBadge } from '../../parts/state.ts';
import { countTroubles } from '../../trouble.ts';
import type { Overview, ShownLine } from './read-overview.ts';
import type { Waiting } from './waits.ts';

/** Props of every section of the overview. */
interface Shown {
  readonly overview: Overview;
}

interface PartProps {
  readonly id: string;
  readonly title: string;
  readonly children?: ComponentChildren;
  /** Beside the heading. */
  readonly aside?: ComponentChildren;
}

/** A section that is refreshed while somebody looks. */
function Part({ id, title, aside = null, children }: PartProps) {
  const label = `${id}-title`;
  return h(
    'section',
    { id, class: 'part', 'data-live': true, 'aria-labelledby': label },
    h('div', { class: 'head' }, h('h2', { id: label }, title), aside),
    children,
  );
}

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
  );
}

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

/** Said once instead of with each issue. */
const order = 'the longest ready goes first';

/** What is handed out next, in order. */
export function Ready({ overview }: Shown) {
  const { ready, countOf, choice, wasEverClaimed, now } = overview;
  const hint =
    ready.length > 0 && !wasEverClaimed
      ? h(
          'p',
          { class: 'notice' },
          'No worker has ever asked for an issue. Start one: ',
          h('code', null, 'mosaic-coordinator work'),
          '.',
        )
      : null;
  return h(
    Part,
    { id: 'ready', title: 'Ready', aside: h('span', { class: 'faint' }, order) },
    hint,
    ready.length === 0 ? h('p', { class: 'none' }, 'Nothing is ready.') : null,
    h(
      'ol',
      { class: 'rows queue' },
      ready.map(({ ref, title, agent, likely, place, changedAt }) =>
        h(
          'li',
          null,
          h(
            'div',
            { class: 'what' },
            h('p', { class: 'name' }, h(IssueLink, { issue: ref }), ' ', title),
            h('p', { class: 'why' }, 'Ready ', h(Ago, { at: changedAt, now }), place ?? ''),
          ),
          h(
            'div',
            { class: 'who' },
            h('b', null, agent ?? ''),
            likely === null ? null : ` ${tokens(likely)} tokens`,
          ),
        ),
      ),
    ),
    h(More, {
      count: countOf('ready') - ready.length,
      to: pathWith('/issues', { ...ofChoice(choice), state: 'ready' }),
    }),
  );
}

/** What has not started, and what it waits for. */
export function Blocked({ overview }: Shown) {
  const { blocked, countOf, choice } = overview;
  return h(
    Part,
    { id: 'blocked', title: 'Blocked' },
    blocked.length === 0 ? h('p', { class: 'none' }, 'Nothing is blocked.') : null,
    h(Lines, { lines: blocked, overview }),
    h(More, {
      count: countOf('blocked', 'received') - blocked.length,
      to: pathWith('/issues', { ...ofChoice(choice), state: 'blocked' }),
    }),
  );
}

/** What the search has found. */
export function Found({ overview }: Shown) {
  const { found, choice } = overview;
  if (found === undefined) return null;
  const all = h('a', { href: pathWith('/issues', ofChoice(choice)) }, 'As a list');
  return h(
    Part,
    { id: 'found', title: `Found for “${choice.q}”`, aside: all },
    found.length === 0 ? h('p', { class: 'none' }, 'No such issue is known here.') : null,
    h(Lines, { lines: found, overview, withState: true }),
  );
}

interface LinesProps extends Pick<Shown, never> {
  readonly lines: readonly ShownLine[];
  readonly overview: Pick<Overview, 'now'>;
  readonly withState?: boolean;
}

/** Issues with their sentences. */
export function Lines({ lines, overview: { now }, withState = false }: LinesProps) {
  return h(
    'ul',
    { class: 'rows lines' },
    lines.map(({ ref, title, state, reason, place, changedAt }) =>
      h(
        'li',
        null,
        h(
          'div',
          { class: 'what' },
          h(
            'p',
            { class: 'name' },
            withState || state === 'received' ? [h(StateBadge, { state }), ' '] : null,
            h(IssueLink, { issue: ref }),
            ' ',
            title,
          ),
          h(
            'p',
            { class: 'why' },
            h(Sentence, { text: reason.text }),
            place === undefined ? null : [' Ready ', h(Ago, { at: changedAt, now }), `${place}.`],
          ),
        ),
        h('span', { class: 'since' }, h(Ago, { at: changedAt, now })),
      ),
    ),
  );
}

/** What of the choice holds for another page. */
function ofChoice({ repository, agent, q }: Overview['choice']) {
  return { repository, agent, q };
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}

export { Part };
