import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { Ago, tokens } from '../../parts/amounts.ts';
import { IssueLines } from '../../parts/issue-lines.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { More } from '../../parts/more.ts';
import { ofChoice, Part, type Shown } from './part.ts';

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
    h(IssueLines, { lines: blocked, now: overview.now }),
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
    h(IssueLines, { lines: found, now: overview.now, withState: true }),
  );
}
