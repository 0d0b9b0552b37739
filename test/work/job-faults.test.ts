import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import { CallRefused, LeaseLost } from '../../src/lib/service-calls.ts';
import { WorkspaceError } from '../../src/work/workspace/workspace-error.ts';
import { containing } from '../support/matching.ts';
import { playJob } from './job-stage.ts';

const hash = (digit: string) => digit.repeat(40);
const refuse = (code: string) => () => Promise.reject(new CallRefused(`refused: ${code}`, code));

test('a repository that cannot be reached gives the issue back, and is no fault of it', async () => {
  const { end, calls, runs } = await playJob([], {
    open: () => Promise.reject(new WorkspaceError('remote', 'The repository does not answer.')),
  });
  expect(end).toMatchObject({ kind: 'released', isFault: true });
  expect(calls).toMatchObject([{ release: { reason: 'The repository does not answer.' } }]);
  expect(runs).toEqual([]);
});

test('a fault of the program is not hidden', async () => {
  const open = () => Promise.reject(new RangeError('a fault'));
  await expect(playJob([], { open })).rejects.toThrow('a fault');
});

test('a claim that has ended while its repository was fetched is left alone', async () => {
  const open = () => Promise.reject(new LeaseLost('The lease is lost.'));
  const { end, calls } = await playJob([], { open });
  expect(end).toMatchObject({ kind: 'lost', message: containing('lost') });
  expect(calls).toEqual([]);
});

test('a claim that ends before a fault could be told is lost as well', async () => {
  const { end } = await playJob([], {
    open: () => Promise.reject(new WorkspaceError('no_space', 'The disk is full.')),
    client: { release: () => Promise.reject(new LeaseLost('gone')) },
  });
  expect(end.kind).toBe('lost');
});

test('a release that is refused, or does not arrive, is said', async () => {
  const limited = [{ end: { outcome: 'limited' as const } }];
  const refused = await playJob(limited, { client: { release: refuse('invalid_request') } });
  expect(refused.end.kind).toBe('lost');
  const away = () => Promise.reject(new TryAgainLater('service_unreachable', 'It is away.'));
  const waits = await playJob(limited, { client: { release: away } });
  expect(waits.end.kind).toBe('waits');
});

test('work of others on the branch is merged by the agent, three times at most', async () => {
  const conflict = { kind: 'conflict' as const };
  const merged = await playJob([{ commits: '1' }, { commits: '2' }], { pushes: [conflict] });
  expect(merged.runs[1]).toMatchObject({ resume: true });
  expect(merged.end.kind).toBe('accepted');
  const script = ['1', '2', '3', '4'].map((commits) => ({ commits }));
  const never = await playJob(script, { pushes: Array(5).fill(conflict) });
  expect(never.end).toMatchObject({ kind: 'released', message: containing('Others push') });
});

test('a commit that is no change for the coordinator goes back', async () => {
  const { end, calls } = await playJob([{ commits: '1' }], {
    client: { complete: refuse('commit_no_change') },
  });
  expect(end.kind).toBe('released');
  expect(calls).toMatchObject([{ release: { handoff: containing(hash('1')) } }]);
});

test('a refusal of another kind is a fault that the operator sees', async () => {
  const { end } = await playJob([{ commits: '1' }], {
    client: { complete: refuse('forbidden') },
  });
  expect(end).toMatchObject({ kind: 'released', isFault: true });
});

test('where nothing is verified a person looks at the commit', async () => {
  const { end } = await playJob([{ commits: '1' }], {
    client: { complete: () => Promise.resolve(undefined) },
  });
  expect(end.kind).toBe('awaits_verification');
});

test('a verification that cannot be done gives the issue back, with the words of its cause', async () => {
  const cause = { code: 'no_network', message: 'The network is away.' };
  const { end, calls } = await playJob([{ commits: '1' }], {
    verdicts: [{ state: 'error', cause }],
  });
  expect(end.kind).toBe('released');
  expect(calls.at(-1)).toMatchObject({ release: { reason: cause.message } });
});

test('a heartbeat without an answer after a refused commit holds nothing up', async () => {
  let beats = 0;
  const { end } = await playJob([{ commits: '1' }, { commits: '2' }], {
    verdicts: [{ state: 'failed', findings: 'test: red' }, {}],
    client: {
      heartbeat: () => {
        beats += 1;
        return Promise.reject(new TryAgainLater('service_unreachable', 'It is away.'));
      },
    },
  });
  expect(beats).toBeGreaterThan(1);
  expect(end.kind).toBe('accepted');
});

test('a runner goes on where it was killed', async () => {
  const waited = await playJob([], { noted: { verification: { id: 'v1', commit: hash('1') } } });
  expect(waited.end.kind).toBe('accepted');
  const resumed = await playJob([{ commits: '1' }], { noted: { session: 'session-1' } });
  expect(resumed.runs).toMatchObject([{ resume: true, prompt: containing('interrupted') }]);
  const done = await playJob([{}, {}], { noted: { isDone: true, session: 'session-1' } });
  expect(done.runs).toHaveLength(1);
});
