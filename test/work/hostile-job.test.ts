import { setTimeout as delay } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import { LeaseLost } from '../../src/lib/service-calls.ts';
import type { AgentEnd } from '../../src/work/adapters/adapter.ts';
import { runSession } from '../../src/work/session.ts';
import { WorkspaceError } from '../../src/work/workspace/workspace-error.ts';
import { containing } from '../support/matching.ts';
import { now, playJob, setStage, type StageOptions } from './job-stage.ts';

const full = { used: 950_000, window: 1_000_000, compactsAt: 967_000 };
const rotated = { progress: [full], end: { text: 'Half is done; never touch the cache.' } };
const lost = () => Promise.reject(new LeaseLost('gone'));

test('what a session handed over is not lost when the next one is stopped', async () => {
  const { calls } = await playJob(
    [rotated, { commits: '1', progress: [{ spent: { tokens: 10 } }], endless: true }],
    { limits: { tokens: 10 }, handoff: 'An older one.' },
  );
  const release = { handoff: containing('never touch the cache'), reason: containing('tokens') };
  expect(calls).toMatchObject([{ rotate: {} }, { release }]);
});

test('what was left before is left again by a job that got a little further', async () => {
  const run = { commits: '1', progress: [{ spent: { tokens: 10 } }], endless: true };
  const { calls } = await playJob([run], { limits: { tokens: 10 }, handoff: 'Never do X.' });
  expect(calls).toMatchObject([{ release: { handoff: containing('Never do X.') } }]);
});

test('a commit that could not be pushed is in the handoff, and so are the words of the agent', async () => {
  const push = () => Promise.reject(new WorkspaceError('remote', 'No right to push.'));
  const { end, calls } = await playJob([{ commits: '1' }], { checkout: { push } });
  expect(end).toMatchObject({ kind: 'released', isFault: true });
  const handoff = containing(`${'1'.repeat(40)}, on the machine of its runner alone`);
  expect(calls).toMatchObject([{ release: { reason: 'No right to push.', handoff } }]);
});

test('an agent that leaves what cannot be read fails, and does not make the runner wait', async () => {
  const unusable = () => Promise.reject(new WorkspaceError('unusable', 'A link.'));
  const checkout = { find: unusable, commitAll: unusable };
  const { end, calls } = await playJob([{}], { checkout });
  expect(end).toEqual({ kind: 'released', message: 'A link.' });
  expect(calls).toEqual([{ release: { reason: 'A link.', spent: { tokens: 0 } } }]);
});

test('an error of a file gives the issue back, and does not end the runner', async () => {
  const error = Object.assign(new Error('ENAMETOOLONG'), { errno: -36, syscall: 'unlink' });
  const fails = () => Promise.reject(error);
  const { end } = await playJob([{}], { checkout: { find: fails, commitAll: fails } });
  expect(end.kind).toBe('released');
  expect((await playJob([], { open: fails })).end).toMatchObject({ isFault: true });
});

test('a verification that could not be done leaves the work, and not that there is none', async () => {
  const { calls } = await playJob([{ commits: '1' }], { verdicts: [{ state: 'error' }] });
  expect(calls.at(-1)).toMatchObject({ release: { handoff: containing('1'.repeat(40)) } });
});

test('findings that come after the time of the issue are left to the next one', async () => {
  const { calls } = await playJob([], {
    limits: { minutes: 1 },
    noted: { verification: { id: 'v1', commit: '1'.repeat(40) }, startedAt: now - 3_600_000 },
    client: {
      // A later timer than that of the limit.
      verdict: () => delay(50, { state: 'failed', cause: null, findings: 'test: red', errors: 1 }),
    },
  });
  const release = { reason: containing('--max-minutes'), handoff: containing('test: red') };
  expect(calls).toMatchObject([{ release }]);
});

test('a rotation that nobody answers does not hold up a runner that is to stop', async () => {
  const stage: { current?: ReturnType<typeof setStage> } = {};
  const options: StageOptions = {
    client: {
      rotate: (_claim, _body, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          stage.current?.stop.abort();
        }),
      release: () => Promise.reject(new TryAgainLater('service_unreachable', 'away')),
    },
    onStage: (made) => (stage.current = made),
  };
  expect((await playJob([rotated], options)).end.kind).toBe('waits');
});

test('what both runs of a session used counts when an agent is asked afterwards', async () => {
  const { calls } = await playJob(
    [
      { progress: [{ used: 195_000, window: 200_000, spent: { tokens: 700 } }], endless: true },
      { progress: [{ spent: { tokens: 50, costUsd: 1 } }], end: { text: 'Half is done.' } },
      { commits: '1' },
    ],
    { can: { hearsWhileRunning: false } },
  );
  expect(calls[0]).toMatchObject({ rotate: { spent: { tokens: 750, costUsd: 1 } } });
});

test('a claim that is lost in the middle of handing in leaves its handoff', async () => {
  const releases: unknown[] = [];
  const { end } = await playJob([{ commits: '1' }], {
    client: {
      complete: lost,
      release: (_claim, body) => {
        releases.push(body);
        return lost();
      },
    },
  });
  expect(end.kind).toBe('lost');
  expect(releases).toMatchObject([{ handoff: containing('1'.repeat(40)) }]);
});

test('a clock that was set back does not end the time of an issue at once', async () => {
  const { end } = await playJob([{ commits: '1' }], {
    limits: { minutes: 10 },
    noted: { startedAt: now + 3_650 * 24 * 3_600_000 },
    client: { issueText: () => delay(50, undefined) },
  });
  expect(end.kind).toBe('accepted');
});

test('a stop between the end of an agent and its last run is not missed', async () => {
  const stop = new AbortController();
  const { deps } = setStage([]);
  let runs = 0;
  const end = await runSession({
    ...{ adapter: { ...deps.adapter, can: { ...deps.adapter.can, hearsWhileRunning: false } } },
    ...{ sandbox: deps.sandbox, log: deps.log, onProgress: () => undefined },
    start: { prompt: '', session: 's', resume: false, home: '/', directory: '/' },
    run: { environment: {}, inherited: {}, readOnly: [] },
    mark: () => {
      if ((runs += 1) === 2) stop.abort();
      return Promise.resolve('marker');
    },
    runAgent: ({ onProgress }) => {
      const ended = Promise.withResolvers<AgentEnd>();
      setImmediate(() => onProgress({ ...full, spent: { tokens: 0 }, turnEnded: false }));
      return {
        ...{ say: () => false, closeInput: () => undefined },
        stop() {
          ended.resolve({ outcome: 'killed', message: '', session: 's', text: '' });
          return Promise.resolve();
        },
        ended: ended.promise,
      };
    },
    ...{ onRotate: () => undefined, stop: stop.signal, stopCause: () => undefined },
  });
  expect(end).toMatchObject({ cause: 'rotated', handoff: undefined });
});
