import { h } from 'preact';

import type { Overview } from './read-overview.ts';

/** What the front page says while there is no issue yet: what to do next. */
export function FirstSteps({ overview }: { readonly overview: Overview }) {
  const { isAgentEnabled, wasEverClaimed } = overview;
  const { webhook, gitea } = overview.health;
  const taken = ['accepted', 'duplicate', 'ignored'].some((key) => Number(webhook?.[key]) > 0);
  const hasToken = gitea?.status !== 'off';
  const steps: readonly (readonly [isDone: boolean, name: string, how: string, command: string])[] =
    [
      [
        hasToken,
        'Give the service a token of its own user on Gitea',
        'Set GITEA_TOKEN. Without it the service believes what webhooks say, and writes nothing.',
        '',
      ],
      [
        taken,
        'Let Gitea tell of changes by a webhook',
        'This creates the webhook and the labels; --dry-run only says what it would do.',
        'mosaic-coordinator setup --org ORGANISATION --url http://THIS-HOST:8000/webhook/gitea',
      ],
      [
        isAgentEnabled,
        'Enable an agent',
        'All profiles in AGENTS_FILE are switched off: set "enabled" in one of them.',
        'mosaic-coordinator agents list',
      ],
      [
        false,
        'Assign an issue to the bot',
        'It is read within seconds, and its plan appears here.',
        '',
      ],
      [
        wasEverClaimed,
        'Start a worker',
        'It claims ready issues and runs an agent on each. Its token is one of API_TOKENS with the role worker.',
        'mosaic-coordinator work',
      ],
    ];
  return h(
    'section',
    { id: 'first-steps', class: 'part', 'data-live': true, 'aria-labelledby': 'first-steps-title' },
    h('h2', { id: 'first-steps-title' }, 'No issue yet: what to do next'),
    h(
      'ol',
      { class: 'steps' },
      steps.map(([isDone, name, how, command]) =>
        h(
          'li',
          { class: isDone ? 'done' : '' },
          h('p', { class: 'name' }, name, isDone ? h('span', { class: 'kind go' }, 'done') : null),
          isDone ? null : h('p', { class: 'why' }, how),
          isDone || command === '' ? null : h('pre', { tabIndex: 0 }, h('code', null, command)),
        ),
      ),
    ),
    h(
      'p',
      { class: 'help' },
      'Then run ',
      h('code', null, 'mosaic-coordinator doctor'),
      ' beside the service: it says what is wrong and what to do.',
    ),
  );
}
