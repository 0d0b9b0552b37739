import { expect, test } from 'vitest';

import type { AgentEnd, AgentExit } from '../../../src/work/adapters/adapter.ts';
import { createClaude } from '../../../src/work/adapters/claude.ts';

/** Ends that no recorded stream has: an error of the API, as the result and the message before it tell it. */
const init = '{"type":"system","subtype":"init","session_id":"s-1","model":"claude-opus-5-5"}';
const result = (fields: object) =>
  JSON.stringify({
    type: 'result',
    subtype: 'success',
    session_id: 's-1',
    result: 'Words.',
    ...fields,
  });
const apiError = (error: string, fields: object) => [
  init,
  JSON.stringify({
    ...{ type: 'assistant', parent_tool_use_id: null, error },
    message: { id: 'm', model: '<synthetic>', content: [{ type: 'text', text: 'Words.' }] },
  }),
  result({ is_error: true, terminal_reason: 'api_error', api_error_status: null, ...fields }),
];
const failed = (reason: string) => [init, result({ is_error: true, terminal_reason: reason })];

const ends: readonly (readonly [
  string,
  readonly string[],
  Partial<AgentExit>,
  AgentEnd['outcome'],
])[] = [
  [
    'a refused key',
    apiError('authentication_failed', { api_error_status: 401 }),
    { code: 1 },
    'key_refused',
  ],
  [
    'a forbidden key',
    apiError('authentication_failed', { api_error_status: 403 }),
    { code: 1 },
    'key_refused',
  ],
  ['no key', apiError('authentication_failed', {}), { code: 1 }, 'key_refused'],
  [
    'no money, by status',
    apiError('unknown', { api_error_status: 402, api_error_type: 'billing_error' }),
    { code: 1 },
    'no_money',
  ],
  [
    'no money, by code',
    apiError('billing_error', { api_error_status: 400 }),
    { code: 1 },
    'no_money',
  ],
  [
    'a fault of the API',
    apiError('server_error', { api_error_status: 500 }),
    { code: 1 },
    'api_unavailable',
  ],
  [
    'an overloaded API',
    apiError('overloaded', { api_error_status: 529 }),
    { code: 1 },
    'api_unavailable',
  ],
  ['a refused connection', apiError('unknown', {}), { code: 1 }, 'api_unavailable'],
  [
    'an unknown model',
    apiError('invalid_request', { api_error_status: 404 }),
    { code: 1 },
    'setup_fault',
  ],
  [
    'a request that is refused',
    apiError('invalid_request', { api_error_status: 400 }),
    { code: 1 },
    'crashed',
  ],
  ['a spent budget', failed('budget_exhausted'), { code: 1 }, 'budget'],
  ['a prompt that is too long', failed('prompt_too_long'), { code: 1 }, 'context_full'],
  ['a full window', failed('blocking_limit'), { code: 1 }, 'context_full'],
  ['three compactions', failed('rapid_refill_breaker'), { code: 1 }, 'context_full'],
  ['a reason that is new', failed('something_new'), { code: 1 }, 'crashed'],
  [
    'a hook that stopped it',
    [init, result({ is_error: false, terminal_reason: 'hook_stopped' })],
    {},
    'interrupted',
  ],
  ['SIGINT while the model is awaited', [init], {}, 'interrupted'],
  ['the same, with a result', failed('aborted_streaming'), {}, 'interrupted'],
  [
    'success, but not exit 0',
    [init, result({ is_error: false, terminal_reason: 'completed' })],
    { code: 1 },
    'crashed',
  ],
  [
    'an unknown session',
    [result({ is_error: true, errors: ['No conversation found'] })],
    { code: 1 },
    'setup_fault',
  ],
  [
    'an unknown option',
    [],
    { code: 1, stderr: "error: unknown option '--nonsense'" },
    'setup_fault',
  ],
  ['no result after the start', [init], { code: 1 }, 'crashed'],
  ['SIGHUP', [init], { code: 129 }, 'killed'],
  ['SIGKILL', [init], { code: null, signal: 'SIGKILL' }, 'killed'],
  [
    'a stop by the runner',
    [init, result({ is_error: false, terminal_reason: 'completed' })],
    { stopped: 'stopped' },
    'killed',
  ],
  ['no sign of life', [init], { code: 143, stopped: 'hung' }, 'killed'],
  ['no program', [], { code: null, startProblem: 'There is no program claude.' }, 'setup_fault'],
];

test.each(ends)('%s', (_what, lines, exit, outcome) => {
  const reader = createClaude().createReader();
  for (const line of lines) reader.read(line);
  const end = reader.judge({ code: 0, signal: null, stderr: '', ...exit });
  expect(end.outcome).toBe(outcome);
  expect(end.message).toMatch(/^[A-Z].*[.…]$/s);
});

test('a message that is still queued does not end the turn', () => {
  const reader = createClaude().createReader();
  const events = [
    init,
    result({ is_error: false, terminal_reason: 'completed', queued_turn_count: 1 }),
  ].flatMap(reader.read);
  expect(events.at(-1)).toEqual({ kind: 'working' });
});
