import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';
import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import type { ClaimAnswer } from '../../src/issue/claim-answers.ts';
import { createJournal, type JournalEntry } from '../../src/work/journal.ts';
import { runWork } from '../../src/work/runner.ts';
import { WorkspaceError } from '../../src/work/workspace/workspace-error.ts';
import { containing } from '../support/matching.ts';
import { claim, setStage, type ScriptedRun, type StageOptions } from './job-stage.ts';

interface Play extends StageOptions {
  readonly answers: readonly (() => Promise<ClaimAnswer>)[];
  readonly once?: boolean;
  readonly jobs?: number;
  /** What the jobs of a killed runner had noted, by number. */
  readonly left?: Readonly<Record<number, Partial<JournalEntry>>>;
}

const nothing = () => Promise.resolve({ claim: null });
const handOut = () => Promise.resolve({ claim });
const away = () => Promise.reject(new TryAgainLater('service_unreachable', 'It is away.'));

/** A runner whose calls for a claim get these answers in turn; it is stopped when there is no further one. */
async function play(script: readonly ScriptedRun[], { answers, ...options }: Play) {
  const asked: string[] = [];
  const ended: string[] = [];
  const left = [...answers];
  const stage = setStage(script, {
    ...options,
    client: {
      claim: (_wish, key) => {
        asked.push(key);
        const answer = left.shift();
        if (answer !== undefined) return answer();
        stage.stop.abort();
        return Promise.reject(new Error('The runner is stopped.'));
      },
      ...options.client,
    },
  });
  const { deps, stop, abandon } = stage;
  const journals = join(deps.directory, 'journal');
  for (const [number, entry] of Object.entries(options.left ?? {})) {
    const journal = createJournal(journals, Number(number));
    await journal.begin('key-before', {});
    await journal.note(entry);
  }
  mkdirSync(join(deps.directory, 'homes', 'of-an-old-claim'), { recursive: true });
  const logged: unknown[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const problem = await runWork({
    ...{ deps: { ...deps, log }, wish: { agents: ['sonnet'] }, jobs: options.jobs ?? 1 },
    once: options.once ?? false,
    endAgentLeftBehind: (marker) => {
      ended.push(marker);
      return Promise.resolve(1);
    },
    ...{ show: () => undefined, stop: stop.signal, abandon: abandon.signal, random: () => 0 },
  });
  return {
    ...stage,
    logged,
    problem,
    asked,
    ended,
    journals,
    homes: join(deps.directory, 'homes'),
  };
}

test('a runner that finds nothing ends when it is to work once, and clears up', async () => {
  const { problem, asked, journals, homes } = await play([], { answers: [nothing], once: true });
  expect(problem).toBeUndefined();
  expect(asked).toEqual(['uuid-1']);
  expect([readdirSync(journals), readdirSync(homes)]).toEqual([[], []]);
});

test('why there is no issue is said, and said again when it changes', async () => {
  const held = (reasons: Readonly<Record<string, number>>) => () =>
    Promise.resolve({ claim: null, waiting: reasons });
  const answers = [held({ just_failed: 1 }), held({ just_failed: 1 }), held({ paused: 2 })];
  const { logged } = await play([], { answers });
  expect(logged).toMatchObject([
    { msg: 'no issue to hand out', waiting: { just_failed: 1 } },
    { msg: 'no issue to hand out', waiting: { paused: 2 } },
  ]);
});

test('issue after issue is worked on until the runner is stopped', async () => {
  const answers = [handOut, nothing, handOut];
  const { calls, asked, problem } = await play([{ commits: '1' }, { commits: '2' }], { answers });
  expect(calls).toHaveLength(2);
  // Every call for a new claim has a key of its own.
  expect(new Set(asked).size).toBe(4);
  expect(problem).toBeUndefined();
});

test('a claim that a killed runner left is gone on with, without its agent', async () => {
  const left = { 1: { claim, marker: 'marker-1' }, 7: { claim, isDone: true } };
  const { calls, ended, asked } = await play([{ commits: '1' }, { commits: '2' }], {
    ...{ answers: [], left },
  });
  expect(ended).toContain('marker-1');
  expect(calls).toHaveLength(2);
  // The job of a number that is not wanted any more ends with what it had.
  expect(asked).toHaveLength(1);
});

test('a call for a claim whose answer was lost is made again with its key', async () => {
  const { asked } = await play([], { answers: [nothing], once: true, left: { 1: {} } });
  expect(asked).toEqual(['key-before']);
});

test('a service that does not answer is asked again with the same key', async () => {
  const { asked } = await play([], { answers: [away, nothing], once: true });
  expect(asked).toEqual(['uuid-1', 'uuid-1']);
});

test('what the operator has to mend stops all jobs, and is said', async () => {
  const { problem } = await play([{ end: { outcome: 'key_refused', message: 'The key.' } }], {
    ...{ answers: [handOut], jobs: 1 },
  });
  expect(problem).toBe('The key.');
});

test('a fault of the network is said by a runner that works once', async () => {
  const { problem } = await play([], {
    ...{ answers: [handOut], once: true },
    open: () => Promise.reject(new WorkspaceError('remote', 'The repository does not answer.')),
  });
  expect(problem).toEqual(containing('does not answer'));
});

test('a fault of the program ends the runner, and all its jobs', async () => {
  const broken = () => Promise.reject(new RangeError('a fault'));
  await expect(play([], { answers: [broken, broken], jobs: 2 })).rejects.toThrow('a fault');
});
