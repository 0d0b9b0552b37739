import { describe, expect, test } from 'vitest';

import type { JobEnd } from '../../src/work/outcomes.ts';
import { anyText, containing } from '../support/matching.ts';
import { playRealJob, recorded, type Play } from './real-job.ts';

/**
 * How Claude Code ends, row by row of what was recorded of it (exit code, `terminal_reason`), and what a whole job
 * makes of it: outcome of each run, calls to the coordinator, what is left on the machine.
 */

const init = '{"type":"system","subtype":"init","session_id":"s-1","model":"claude-opus-5-5"}';
const result = (fields: object) =>
  JSON.stringify({
    ...{ type: 'result', subtype: 'success', session_id: 's-1', result: 'Words.', is_error: true },
    ...fields,
  });
const reason = (terminal_reason: string) => [init, result({ terminal_reason })];
const apiError = (error: string, status: number | null) => [
  init,
  JSON.stringify({
    ...{ type: 'assistant', parent_tool_use_id: null, error },
    message: { id: 'm', model: '<synthetic>', content: [{ type: 'text', text: 'Words.' }] },
  }),
  result({ terminal_reason: 'api_error', api_error_status: status }),
];

const done: Play = { lines: recorded('stream-fix-and-commit'), exit: 0, work: 'commit' };
const half = (lines: readonly string[], exit: Play['exit'], more: Partial<Play> = {}): Play => ({
  ...{ lines, exit, work: 'leave a file' as const },
  ...more,
});

interface Row {
  readonly plays: readonly Play[];
  /** Of each run. */
  readonly outcomes: readonly string[];
  readonly calls: readonly object[];
  readonly end: Partial<JobEnd>;
  /** Commits beyond the base, all of them on the remote. */
  readonly commits: number;
}

const handsBack = { release: { reason: anyText, handoff: containing('on the branch') } };
const untilHour = Date.parse('2026-11-30T11:00:00Z');
const pauses = [{ release: { limitedUntil: untilHour, handoff: containing('on the branch') } }];
const byOperator = { calls: pauses, end: { kind: 'released', needsOperator: true } } as const;
const isFault = { end: { kind: 'released', isFault: true } } as const;
const completes = { complete: { commit: anyText } };
const again = (play: Play, outcome: string): Row => ({
  // It goes on once where it was; then the issue goes back with what there is.
  ...{ plays: [play], outcomes: [outcome, outcome], calls: [handsBack] },
  ...{ end: { kind: 'released' }, commits: 1 },
});
const once = (play: Play, outcome: string, more: Partial<Row> = {}): Row => ({
  ...{ plays: [play], outcomes: [outcome], calls: [handsBack] },
  ...{ end: { kind: 'released' }, commits: 1, ...more },
});
const rotates = (lines: readonly string[]): Row => ({
  ...{ plays: [half(lines, 1), done], outcomes: ['context_full', 'completed'] },
  ...{ calls: [{ rotate: { nth: 1, handoff: containing('context') } }, completes] },
  ...{ end: { kind: 'accepted' }, commits: 2 },
});

const denied: Play = { lines: recorded('stream-permission-denied'), exit: 0 };
const blocked = recorded('stream-stop-block-cap');
const failedAttempt = { release: { reason: containing('no new commit') } };

const rows: readonly (readonly [string, Row])[] = [
  [
    'done',
    {
      ...{ plays: [done], outcomes: ['completed'], calls: [completes] },
      ...{ end: { kind: 'accepted' }, commits: 1 },
    },
  ],
  [
    'nothing allowed, nothing done, the model says "committed"',
    {
      ...{ plays: [denied], outcomes: ['permission_denied'], end: { kind: 'blocked' }, commits: 0 },
      calls: [{ block: { reason: containing('denied') } }],
    },
  ],
  [
    'Stop hook blocked 9 times, no commit',
    {
      ...{ plays: [{ lines: blocked, exit: 0 }], outcomes: ['completed', 'completed'] },
      ...{ calls: [failedAttempt], end: { kind: 'released' }, commits: 0 },
    },
  ],
  [
    'Stop hook blocked 9 times, with a commit',
    {
      ...{ plays: [{ lines: blocked, exit: 0, work: 'commit' }], outcomes: ['completed'] },
      ...{ calls: [completes], end: { kind: 'accepted' }, commits: 1 },
    },
  ],
  [
    'a hook answered continue:false',
    again(
      half([init, result({ is_error: false, terminal_reason: 'hook_stopped' })], 0),
      'interrupted',
    ),
  ],
  ['SIGINT while a command runs', again(half(recorded('stream-sigint'), 0), 'interrupted')],
  ['SIGINT while the model is awaited', again(half([init], 0), 'interrupted')],
  ['SIGTERM', again(half(recorded('stream-sigterm'), 143), 'killed')],
  ['SIGHUP', again(half([init], 129), 'killed')],
  ['SIGKILL', again(half([init], 'SIGKILL'), 'killed')],
  ['--max-turns reached', once(half(recorded('stream-max-turns'), 1), 'max_turns')],
  ['--max-budget-usd reached', once(half(reason('budget_exhausted'), 1), 'budget')],
  [
    '429 with an API key',
    once(half(recorded('stream-rate-limit-key'), 1), 'limited', { calls: pauses }),
  ],
  [
    '429 with a subscription',
    once(half(recorded('stream-usage-limit-subscription'), 1), 'limited', {
      calls: [{ release: { limitedUntil: Date.parse('2026-11-29T13:40:05Z') } }],
    }),
  ],
  ['529', once(half(apiError('overloaded', 529), 1), 'api_unavailable', isFault)],
  ['401', once(half(apiError('authentication_failed', 401), 1), 'key_refused', byOperator)],
  ['no money', once(half(apiError('billing_error', 400), 1), 'no_money', byOperator)],
  ['a refused connection', once(half(apiError('unknown', null), 1), 'api_unavailable', isFault)],
  [
    'refused by the model and its fallback',
    once(half(recorded('stream-refusal'), 1), 'refused_by_model'),
  ],
  ['prompt too long, cannot compact', rotates(reason('prompt_too_long'))],
  ['window full, automatic compaction off', rotates(reason('blocking_limit'))],
  ['three compactions in quick succession', rotates(reason('rapid_refill_breaker'))],
  ['no key', once(half(apiError('authentication_failed', null), 1), 'key_refused', byOperator)],
  [
    'a start that fails: unknown option, session in use, no settings file, bypassPermissions as root',
    {
      ...{ plays: [{ lines: [], exit: 1, stderr: "error: unknown option '--nonsense'" }] },
      ...{ outcomes: ['setup_fault'], end: { kind: 'released', needsOperator: true }, commits: 0 },
      calls: [{ release: { reason: containing('unknown option'), handoff: anyText } }],
    },
  ],
];

const untouched = { processes: 0, locks: [], homes: [], marker: undefined, uncommitted: '' };

describe('a job whose agent ends by', () => {
  test.each(rows)('%s', async (_name, { plays, outcomes, calls, end, commits }) => {
    const job = await playRealJob(plays);
    expect(job.outcomes).toEqual(outcomes);
    expect(job.calls).toMatchObject(calls);
    expect(job.calls).toHaveLength(calls.length);
    expect(job.end).toMatchObject(end);
    expect(job.left).toEqual({ ...untouched, commits, isPushed: commits > 0 });
  });

  test('--resume of an unknown id: a fresh session of the same claim', async () => {
    const unknown = result({ subtype: 'error_during_execution', errors: ['No conversation'] });
    const job = await playRealJob([{ lines: [unknown], exit: 1 }, done], { session: 'gone' });
    expect(job.outcomes).toEqual(['setup_fault', 'completed']);
    expect(job.calls).toMatchObject([completes]);
    expect(job.left).toEqual({ ...untouched, commits: 1, isPushed: true });
  });
});

test('without any work a crash is a failed attempt, and a fault of the API is none', async () => {
  const crashed = await playRealJob([{ lines: [init], exit: 'SIGKILL' }]);
  expect(crashed.calls).toMatchObject([{ release: { reason: containing('SIGKILL') } }]);
  expect(crashed.calls[0]).not.toHaveProperty('release.handoff');
  const away = await playRealJob([{ lines: apiError('overloaded', 529), exit: 1 }]);
  expect(away.calls[0]).toHaveProperty('release.handoff');
});
