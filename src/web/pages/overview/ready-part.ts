import { h } from 'preact';

import { pathWith } from '../../filter.ts';
import { Ago, tokens } from '../../parts/amounts.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { More } from '../../parts/more.ts';
import { Sentence } from '../../parts/sentence.ts';
import { ofChoice, Part, type Shown } from './part.ts';

/** Said once instead of with each issue. */
const order = 'first: the longest ready, sooner when others wait for it';

/** What is handed out next, in order, or why it is not. */
export function Ready({ overview }: Shown) {
  const { ready, countOf, choice, now } = overview;
  const common = commonObstacle(overview);
  return h(
    Part,
    { id: 'ready', title: 'Ready', aside: h('span', { class: 'faint' }, order) },
    common === undefined
      ? h(FirstWorker, { overview })
      : h('p', { class: 'fault' }, h(Sentence, { text: common })),
    ready.length === 0 ? h('p', { class: 'none' }, 'Nothing is ready.') : null,
    h(
      'ol',
      { class: 'rows queue' },
      ready.map(({ ref, title, agent, likely, place, changedAt, isHeldUp, reason }) =>
        h(
          'li',
          null,
          h(
            'div',
            { class: 'what' },
            h('p', { class: 'name' }, h(IssueLink, { issue: ref }), ' ', title),
            isHeldUp && common === undefined
              ? h('p', { class: 'held' }, h(Sentence, { text: reason.text }))
              : null,
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

/** What keeps all that is shown from being handed out: told once, above the list. */
function commonObstacle({ ready }: Shown['overview']): string | undefined {
  const [first] = ready;
  const isCommon = ready.every(({ reason }) => reason.text === first?.reason.text);
  return first?.isHeldUp === true && isCommon ? first.reason.text : undefined;
}

function FirstWorker({ overview }: Shown) {
  const { ready, wasEverClaimed } = overview;
  if (ready.length === 0 || wasEverClaimed) return null;
  return h(
    'p',
    { class: 'notice' },
    'No worker has ever been given an issue. Start one: ',
    h('code', null, 'mosaic-coordinator work'),
    '.',
  );
}
