import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { IssueLines } from '../../parts/issue-lines.ts';
import { More } from '../../parts/more.ts';
import { ofChoice, Part, type Shown } from './part.ts';

/** What has not started, and what it waits for. */
export function Blocked({ overview }: Shown) {
  const { blocked, countOf, choice, now, stuck } = overview;
  const toldCycles = stuck.flatMap(({ example }) => example?.reason.text ?? []);
  return h(
    Part,
    { id: 'blocked', title: 'Blocked' },
    blocked.length === 0 ? h('p', { class: 'none' }, 'Nothing is blocked.') : null,
    h(IssueLines, { lines: blocked, now, toldCycles }),
    h(More, {
      count: countOf('blocked', 'received') - blocked.length,
      to: pathWith('/issues', { ...ofChoice(choice), state: 'blocked' }),
    }),
  );
}

/** What the search has found. */
export function Found({ overview }: Shown) {
  const { found, choice, now } = overview;
  if (found === undefined) return null;
  const all = h('a', { href: pathWith('/issues', ofChoice(choice)) }, 'As a list');
  return h(
    Part,
    { id: 'found', title: `Found for “${choice.q}”`, aside: all },
    found.length === 0 ? h('p', { class: 'none' }, 'No such issue is known here.') : null,
    h(IssueLines, { lines: found, now, withState: true }),
  );
}
