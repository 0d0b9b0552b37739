import { h } from 'preact';

import { Ago } from './amounts.ts';
import { IssueLink } from './issue-link.ts';
import { Sentence } from './sentence.ts';
import { StateBadge } from './state.ts';
import type { ShownLine } from '../shown-lines.ts';

interface LinesProps {
  readonly lines: readonly ShownLine[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly withState?: boolean;
  /** A cycle that the page tells above: its issues only say so. */
  readonly toldCycles?: readonly string[];
}

/** Issues with their sentences. */
export function IssueLines({ lines, now, withState = false, toldCycles = [] }: LinesProps) {
  return h(
    'ul',
    { class: 'rows lines' },
    lines.map((line) => {
      const { ref, title, state, reason, place, changedAt, isHeldUp } = line;
      const isTold = reason.code === 'cycle' && toldCycles.some((text) => names(text, ref));
      return h(
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
            { class: isHeldUp ? 'held' : 'why' },
            isTold
              ? ['Waits for itself in ', h('a', { href: '#waits' }, 'the cycle told above'), '.']
              : h(Sentence, {
                  text: reason.text,
                  // It has no page here.
                  isStored: () => reason.code !== 'unknown_blockers',
                }),
            place === undefined ? null : [' Ready ', h(Ago, { at: changedAt, now }), `${place}.`],
          ),
        ),
        h('span', { class: 'since' }, h(Ago, { at: changedAt, now })),
      );
    }),
  );
}

/** Whether the sentence names the issue, and not one whose number only begins alike. */
function names(text: string, ref: string): boolean {
  return text.split(/\s+/).some((word) => word.replace(/\.$/, '') === ref);
}
