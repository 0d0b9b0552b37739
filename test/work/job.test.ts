import { expect, test } from 'vitest';

import { LeaseLost } from '../../src/lib/service-calls.ts';
import { consequenceOf } from '../../src/work/outcomes.ts';
import { rotationEdge } from '../../src/work/session.ts';
import { containing } from '../support/matching.ts';
import { now, playJob, type ScriptedRun } from './job-stage.ts';

const hash = (digit: string) => digit.repeat(40);
const branch = 'agent/issue-12-add-a-queue';
const hour = '2026-11-30T11:00:00.000Z';

test('findings go to the same session until the commit passes', async () => {
  const verdicts = [{ state: 'failed' as const, findings: 'test: red' }, {}];
  const { end, calls, runs } = await playJob([{ commits: '1' }, { commits: '2' }], { verdicts });
  expect(end.kind).toBe('accepted');
  expect(calls).toMatchObject([
    { complete: { commit: hash('1'), branch } },
    { complete: { commit: hash('2'), branch } },
  ]);
  expect(runs.map(({ resume }) => resume)).toEqual([false, true]);
  expect(runs[1]?.prompt).toContain('test: red');
});

test('an agent that cannot resume gets the whole prompt again, with the findings', async () => {
  const verdicts = [{ state: 'failed' as const, findings: 'test: red' }, {}];
  const script = [{ commits: '1' }, { commits: '2' }];
  const { runs } = await playJob(script, { verdicts, can: { resumes: false } });
  expect(runs.map(({ resume }) => resume)).toEqual([false, false]);
  expect(runs[1]?.prompt).toContain('Add a queue');
  expect(runs[1]?.prompt).toContain('test: red');
});

test('after ten refused commits the issue goes back with what was found', async () => {
  const failed = { state: 'failed' as const, findings: 'test: red' };
  const script = Array.from({ length: 11 }, (_, n) => ({ commits: n.toString(16) }));
  const { end, calls } = await playJob(script, { verdicts: Array(11).fill(failed) });
  expect(end.kind).toBe('released');
  expect(calls.at(-1)).toMatchObject({ release: { handoff: containing('test: red') } });
});

test('what is not committed is asked for once more, and no change is not called done', async () => {
  const first = await playJob([{ commits: '1', uncommitted: ['a.js'] }, { uncommitted: [] }]);
  expect(first.runs[1]).toMatchObject({ resume: true, prompt: containing('`a.js`') });
  expect(first.end.kind).toBe('accepted');
  const other = await playJob([{ uncommitted: ['a.js'] }], { can: { resumes: false } });
  expect(other.calls).toMatchObject([{ complete: { commit: hash('d') } }]);
  const nothing = await playJob([{}, {}]);
  expect(nothing.runs[1]).toMatchObject({ resume: true, prompt: containing('no new commit') });
  // Without a handoff it is a failed attempt.
  expect(nothing.calls).toEqual([
    { release: { reason: containing('no new commit'), spent: { tokens: 0 } } },
  ]);
});

test('the title of an issue, which may say "Closes #7", is not in the message of a commit', async () => {
  const messages: string[] = [];
  const commitAll = (message: string) => {
    messages.push(message);
    return Promise.resolve(hash('d'));
  };
  await playJob([{ uncommitted: ['a.js'] }], { can: { resumes: false }, checkout: { commitAll } });
  expect(messages).toEqual(['Changes of the agent for #12']);
});

const ends: readonly (readonly [string, ScriptedRun, object])[] = [
  [
    'a limit with a time',
    { end: { outcome: 'limited', limitedUntil: now + 60_000 } },
    { release: { limitedUntil: now + 60_000, handoff: containing('It ended.') } },
  ],
  [
    'a limit without one',
    { end: { outcome: 'limited' } },
    { release: { limitedUntil: Date.parse(hour) } },
  ],
  [
    'a refused key',
    { end: { outcome: 'key_refused' } },
    { release: { limitedUntil: Date.parse(hour) } },
  ],
  ['no money', { end: { outcome: 'no_money' } }, { release: { limitedUntil: Date.parse(hour) } }],
  [
    'no set-up',
    { end: { outcome: 'setup_fault' } },
    { release: { handoff: containing('It ended.') } },
  ],
  [
    'denied tools',
    { end: { outcome: 'permission_denied' } },
    { block: { reason: containing('denied') } },
  ],
  ['a question', { question: 'Which colour?' }, { block: { reason: 'Which colour?' } }],
  [
    'a crash with work',
    { commits: '1', end: { outcome: 'crashed', text: 'half way' } },
    { release: { handoff: containing(hash('1')) } },
  ],
  [
    'a service that is away',
    { end: { outcome: 'api_unavailable' } },
    { release: { handoff: containing('It ended.') } },
  ],
];

test.each(ends)('%s', async (_name, run, call) => {
  const { calls } = await playJob([run, run]);
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject(call);
});

test('who has to act is said, and what the network did is no fault of the issue', async () => {
  const { end } = await playJob([{ end: { outcome: 'key_refused' } }]);
  expect(end.needsOperator).toBe(true);
  expect((await playJob([{ end: { outcome: 'api_unavailable' } }])).end.isFault).toBe(true);
  expect(consequenceOf('max_turns')).toBe('hand_back');
});

test('a crash without any work is a failed attempt, and what was left before stays', async () => {
  const crash = { end: { outcome: 'crashed' as const } };
  expect((await playJob([crash, crash])).calls[0]).not.toHaveProperty('release.handoff');
  const limited = { end: { outcome: 'limited' as const } };
  const { calls } = await playJob([limited], { handoff: { position: 'half way' } });
  expect(calls[0]).toMatchObject({ release: { handoff: { position: 'half way' } } });
});

test('an agent that crashed goes on once where it was', async () => {
  const { runs, end } = await playJob([{ end: { outcome: 'crashed' } }, { commits: '1' }]);
  expect(runs[1]).toMatchObject({ resume: true, prompt: containing('interrupted') });
  expect(end.kind).toBe('accepted');
});

test('a full context goes on in a fresh session with the handoff of the agent', async () => {
  const full = { used: 950_000, window: 1_000_000, compactsAt: 967_000 };
  const { calls, runs, end } = await playJob([
    { progress: [full, full], commits: '1', end: { text: 'Half is done.' } },
    { commits: '2' },
  ]);
  expect(runs[0]?.said).toHaveLength(1);
  expect(calls[0]).toMatchObject({ rotate: { handoff: 'Half is done.', nth: 1 } });
  expect(runs[1]).toMatchObject({ resume: false, prompt: containing('Half is done.') });
  expect(end.kind).toBe('accepted');
});

test('an agent that does not hear is stopped at the edge, and asked in a last run', async () => {
  const full = { used: 195_000, window: 200_000 };
  const { calls, runs } = await playJob(
    [{ progress: [full], endless: true }, { end: { text: 'Half is done.' } }, { commits: '1' }],
    { can: { hearsWhileRunning: false } },
  );
  expect(runs.map(({ resume }) => resume)).toEqual([false, true, false]);
  expect(calls[0]).toMatchObject({ rotate: { handoff: 'Half is done.' } });
});

test('a fresh session begins at 95 %, or below the compaction of the agent', () => {
  const edge = (window: number, compactsAt?: number) => rotationEdge({ window, compactsAt });
  expect(edge(1_000_000, 967_000)).toEqual({ tokens: 950_000, edge: 'window' });
  expect(edge(200_000, 167_000)).toEqual({ tokens: 161_000, edge: 'own compaction' });
  expect(edge(200_000)).toEqual({ tokens: 190_000, edge: 'window' });
});

test('a limit of the operator stops the agent, and its work goes back', async () => {
  const spent = { tokens: 1_000, costUsd: 2 };
  const run = { progress: [{ spent }], endless: true, commits: '1' };
  const { calls, work } = await playJob([run], { limits: { costUsd: 2 } });
  expect(calls).toMatchObject([{ release: { reason: containing('--max-cost'), spent } }]);
  expect(work.pushed).toBe(hash('1'));
});

test('a claim that ends meanwhile stops the agent; its handoff is sent, its work stays here', async () => {
  const calls: unknown[] = [];
  const lost = (body: unknown) => {
    calls.push(body);
    return Promise.reject(new LeaseLost('gone'));
  };
  const { end, work } = await playJob([{ endless: true, commits: '1' }], {
    client: {
      heartbeat: () => Promise.reject(new LeaseLost('gone')),
      release: (_, body) => lost(body),
    },
  });
  expect(end.kind).toBe('lost');
  expect(calls).toMatchObject([{ handoff: containing('alone') }]);
  expect(work.pushed).toBe('');
});
