import { h } from 'preact';

import { oneLine, withoutInvisible } from '../../../lib/text.ts';
import { At, tokens } from '../../parts/amounts.ts';
import { GiteaIssue } from '../../parts/gitea-link.ts';
import { Box, Section } from '../../parts/section.ts';
import { Sentence } from '../../parts/sentence.ts';
import type { PartProps } from './read-issue.ts';

/** Characters of one sentence, and words listed that are not in the text. */
const maxSentence = 400;
const maxMissing = 20;

/** What happened, the newest first. */
export function History({ timeline, now, visit }: PartProps) {
  const { items, cut } = timeline;
  const isOperator = visit.caller.role === 'operator';
  const more = 'Older things are not shown here';
  return h(
    Section,
    { id: 'history', title: 'History' },
    h(
      'ol',
      { class: 'timeline' },
      items.map(({ at, what, link }) =>
        h(
          'li',
          null,
          h('span', { class: 'when' }, h(At, { at, now })),
          h(
            'span',
            null,
            h(Sentence, { text: oneLine(what, maxSentence) }),
            link === undefined ? null : [' ', h('a', { href: link.to }, link.name)],
          ),
        ),
      ),
    ),
    h(
      'p',
      { class: 'help' },
      'Times are UTC. Of readings, states, handoffs, our comment and our label only the last of each is kept, and deliveries for some time.',
    ),
    cut
      ? h('p', { class: 'help' }, isOperator ? [more, ': see ', deliveries, '.'] : `${more}.`)
      : null,
  );
}

const deliveries = h('a', { href: '/deliveries' }, 'the deliveries');

/** The text as it was read, with the words marked that gave something. */
export function Text({ text, issue, giteaUrl }: PartProps) {
  const { pieces, missing, length, isMissing, cut } = text;
  const link = h(GiteaIssue, { giteaUrl, issue });
  if (length === 0)
    return h(
      Section,
      { id: 'text', title: 'Text' },
      h(
        'p',
        null,
        isMissing ? 'Its text is not stored: it is ' : 'It has no text. It is ',
        link,
        '.',
      ),
    );
  const hidden = pieces.reduce((sum, piece) => sum + (piece.kind === 'gap' ? piece.length : 0), 0);
  return h(
    Section,
    { id: 'text', title: 'Text' },
    h(
      Box,
      { label: 'Text of the issue', class: 'text' },
      pieces.map((piece) => {
        if (piece.kind === 'gap')
          return h('p', { class: 'gap' }, `… ${tokens(piece.length)} characters …`);
        if (piece.gives.length === 0) return h('span', null, piece.text);
        return [
          h('mark', null, piece.text),
          h('span', { class: 'gives' }, withoutInvisible(piece.gives.join('; '))),
        ];
      }),
    ),
    hidden > 0
      ? h(
          'p',
          { class: 'help' },
          `${tokens(hidden)} of ${tokens(length)} characters are not shown: the whole text is `,
          link,
          '.',
        )
      : null,
    cut
      ? h('p', { class: 'help' }, 'Only the first million characters are stored and read.')
      : null,
    missing.length === 0
      ? null
      : [
          h(
            'p',
            { class: 'help' },
            'These words gave something. They are not marked: they stand in the text several times, elsewhere or no longer.',
          ),
          h(
            'ul',
            { class: 'help' },
            missing
              .slice(0, maxMissing)
              .map(({ words, gives }) =>
                h('li', null, h('q', null, oneLine(words, maxSentence)), ` ${gives}`),
              ),
          ),
        ],
  );
}
