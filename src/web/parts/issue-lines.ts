import { h } from 'preact';

import { maskSentence } from '../../api/mask.ts';
import type { Caller } from '../../api/roles.ts';
import { viewReason } from '../../issue/plan.ts';
import type { IssueLine } from '../../plans/issue-lines.ts';
import { Ago } from './amounts.ts';
import { IssueLink } from './issue-link.ts';
import { Sentence } from './sentence.ts';
import { StateBadge } from './state.ts';

/** An issue of a list, as the caller may see it. */
export type ShownLine = ReturnType<typeof maskLine>;

export function maskLine(line: IssueLine, caller: Caller) {
  const { params } = line.reason;
  return {
    ...line,
    reason: maskSentence(viewReason(line.reason), caller),
    /** The pull request that its reason names. */
    pull: 'pull' in params ? params.pull : null,
  };
}

interface LinesProps {
  readonly lines: readonly ShownLine[];
  readonly now: number;
  readonly withState?: boolean;
}

/** Issues with their sentences. */
export function IssueLines({ lines, now, withState = false }: LinesProps) {
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
