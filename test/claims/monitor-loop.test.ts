import { expect, onTestFinished, test } from 'vitest';

import { ConfigError } from '../../src/errors.ts';
import {
  runMonitorLoop,
  type AgentReport,
  type MonitorLoopOptions,
} from '../../src/claims/monitor-loop.ts';
import { manualClock } from '../support/clock.ts';
import { manualTimer } from '../support/timer.ts';

type Round = readonly AgentReport[] | Error | 'hangs';

/** The loop over what the source says round by round; the last is repeated. `said` is what it called back. */
function startLoop(rounds: readonly Round[], over: Partial<MonitorLoopOptions> = {}) {
  const clock = manualClock(0);
  const timer = manualTimer(clock);
  const stopping = new AbortController();
  const said: string[] = [];
  const signals: AbortSignal[] = [];
  let asked = 0;
  const ended = runMonitorLoop({
    source: (signal) => {
      signals.push(signal);
      const round = rounds[Math.min(asked, rounds.length - 1)];
      asked += 1;
      if (round === 'hangs') return new Promise(() => undefined);
      // As a source does that is no async function.
      if (round instanceof Error) throw round;
      return Promise.resolve(round ?? []);
    },
    thresholds: { compactAt: 0.8, rotateAt: 0.95 },
    signal: stopping.signal,
    now: clock.now,
    sleep: timer.sleep,
    onAnswer: (agent, { action, crossed }) => said.push(`${agent} ${action}${crossed ? '!' : ''}`),
    onStale: (agent, since) => said.push(`${agent} silent since ${since / 1_000} s`),
    onError: (error, agent) => said.push(`${agent ?? 'source'}: ${nameOf(error)}`),
    ...over,
  });
  onTestFinished(async () => {
    stopping.abort();
    await ended;
    expect(timer.pending()).toBe(0);
  });

  /** What was called back in the round that begins now, and the time up to the next. */
  async function round(): Promise<string[]> {
    await timer.sleeping(over.intervalMs ?? 10_000);
    const heard = said.splice(0);
    timer.advance(over.intervalMs ?? 10_000);
    return heard;
  }
  return { clock, timer, stopping, said, signals, ended, round, asked: () => asked };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

function of(agent: string, used: number, over: Partial<AgentReport> = {}): AgentReport {
  return { agent, usage: { used, limit: 1_000 }, ...over };
}

test('every 10 s each agent is answered on its own, and each crossing once', async () => {
  const { round, clock } = startLoop([
    [of('ada', 100), of('bob', 960)],
    [of('ada', 850), of('bob', 970)],
    [of('ada', 860), of('bob', 300)],
  ]);
  expect(await round()).toEqual(['ada continue', 'bob rotate!']);
  expect(clock.now()).toBe(10_000);
  expect(await round()).toEqual(['ada compact!', 'bob rotate']);
  expect(await round()).toEqual(['ada compact', 'bob continue']);
  expect(clock.now()).toBe(30_000);
});

test('the interval can be chosen', async () => {
  const { round, clock } = startLoop([[of('ada', 1)]], { intervalMs: 2_000 });
  await round();
  await round();
  expect(clock.now()).toBe(4_000);
});

test.each([0, -1, NaN, Infinity, 2 ** 31])(
  'an interval of %d ms is refused',
  async (intervalMs) => {
    const run = runMonitorLoop({
      source: () => Promise.resolve([]),
      thresholds: { compactAt: 0.8, rotateAt: 0.95 },
      signal: AbortSignal.abort(),
      intervalMs,
      now: () => 0,
      onAnswer: () => undefined,
      onStale: () => undefined,
      onError: () => undefined,
    });
    await expect(run).rejects.toThrow(ConfigError);
  },
);

test('a source that fails is told of, and asked again', async () => {
  const { round } = startLoop([new Error('down'), new TypeError('odd'), [of('ada', 800)]]);
  expect(await round()).toEqual(['source: Error']);
  expect(await round()).toEqual(['source: TypeError']);
  expect(await round()).toEqual(['ada compact!']);
});

test('a source that hangs is given up after 3 intervals, and told so', async () => {
  const { timer, round, signals } = startLoop(['hangs', [of('ada', 800)]]);
  await timer.sleeping(30_000);
  expect(signals[0]?.aborted).toBe(false);
  timer.advance(30_000);
  expect(await round()).toEqual(['source: TryAgainLater']);
  expect(signals[0]?.aborted).toBe(true);
  expect(await round()).toEqual(['ada compact!']);
});

test('absurd figures of one agent keep nothing from the others', async () => {
  const { round } = startLoop([
    [of('ada', NaN), { agent: 'bob', usage: { used: 5 } }, of('cy', 960)],
  ]);
  expect(await round()).toEqual(['ada: UnusableReport', 'bob: UnusableReport', 'cy rotate!']);
});

test('each agent has its own profile', async () => {
  const profile = { contextWindow: 1_000, contextLimit: 500 };
  const { round } = startLoop([[of('ada', 480, { profile }), of('bob', 480)]]);
  expect(await round()).toEqual(['ada rotate!', 'bob continue']);
});

test('callbacks that throw, at once or later, stop nothing', async () => {
  const failed: unknown[] = [];
  const { round } = startLoop([[of('ada', 800), of('bob', 800)]], {
    onAnswer: (agent) => (agent === 'ada' ? Promise.reject(new Error(agent)) : failing(agent)),
    onError: (error, agent) => {
      failed.push(agent);
      throw error;
    },
  });
  await round();
  await round();
  expect(failed).toEqual(['ada', 'bob', 'ada', 'bob']);
});

function failing(what: string): never {
  throw new Error(what);
}

test('an agent that is silent for 3 intervals is found once, and again after it spoke', async () => {
  const listed: AgentReport = { agent: 'ada' };
  const { round } = startLoop([
    [of('ada', 850)],
    [listed],
    [listed],
    [listed],
    [listed],
    [of('ada', 850)],
    [listed],
    [listed],
    [listed],
  ]);
  const heard: string[][] = [];
  for (let index = 0; index < 9; index += 1) heard.push(await round());
  expect(heard).toEqual([
    ['ada compact!'],
    [],
    [],
    ['ada silent since 0 s'],
    [],
    ['ada compact'],
    [],
    [],
    ['ada silent since 50 s'],
  ]);
});

test('an agent that is listed and never says a usable figure is found too', async () => {
  const { round } = startLoop([[{ agent: 'ada' }, of('bob', -1)]]);
  await round();
  await round();
  await round();
  expect(await round()).toEqual([
    'bob: UnusableReport',
    'ada silent since 0 s',
    'bob silent since 0 s',
  ]);
});

test('while the source fails, agents fall silent and are not forgotten', async () => {
  const down = new Error('down');
  const { round } = startLoop([[of('ada', 850)], down, down, down, down, [of('ada', 850)]]);
  await round();
  await round();
  await round();
  expect(await round()).toEqual(['source: Error', 'ada silent since 0 s']);
  expect(await round()).toEqual(['source: Error']);
  expect(await round()).toEqual(['ada compact']);
});

test('an agent that is gone is forgotten once it was found silent, and told anew when it is back', async () => {
  const { round } = startLoop([[of('ada', 850)], [], [], [], [of('ada', 850)]]);
  await round();
  await round();
  await round();
  expect(await round()).toEqual(['ada silent since 0 s']);
  expect(await round()).toEqual(['ada compact!']);
});

test('a report that is only repeated is no news, and its agent falls silent', async () => {
  const { round } = startLoop([[of('ada', 850, { reportedAt: 0 })]]);
  expect(await round()).toEqual(['ada compact!']);
  expect(await round()).toEqual([]);
  expect(await round()).toEqual([]);
  expect(await round()).toEqual(['ada silent since 0 s']);
});

test('an agent whose clock is ahead falls silent like any other', async () => {
  const { round } = startLoop([[of('ada', 850, { reportedAt: 3_600_000 })]]);
  expect(await round()).toEqual(['ada compact!']);
  await round();
  await round();
  expect(await round()).toEqual(['ada silent since 0 s']);
});

test('a clock that is set back hides no silent agent for longer', async () => {
  const { round, clock } = startLoop([[of('ada', 1)], []]);
  await round();
  clock.advance(-3_600_000);
  await round();
  await round();
  await round();
  expect(await round()).toEqual([expect.stringContaining('ada silent since')]);
});

test('an abort ends the wait between two rounds', async () => {
  const { timer, stopping, ended, asked } = startLoop([[of('ada', 1)]]);
  await timer.sleeping(10_000);
  stopping.abort();
  await ended;
  expect(asked()).toBe(1);
});

test('an abort reaches a source that is being asked, and is no error', async () => {
  const { timer, stopping, ended, signals, said } = startLoop(['hangs']);
  await timer.sleeping(30_000);
  stopping.abort();
  await ended;
  expect(signals[0]?.aborted).toBe(true);
  expect(said).toEqual([]);
});

test('after an abort within a round nobody is called back', async () => {
  const answered: string[] = [];
  const { ended, stopping } = startLoop([[of('ada', 1), of('bob', 1)]], {
    onAnswer: (agent) => {
      answered.push(agent);
      stopping.abort();
    },
  });
  await ended;
  expect(answered).toEqual(['ada']);
});

test('with the real timer it waits, asks again and stops', async () => {
  const stopping = new AbortController();
  let rounds = 0;
  await runMonitorLoop({
    source: () => Promise.resolve([of('ada', 1)]),
    thresholds: { compactAt: 0.8, rotateAt: 0.95 },
    signal: stopping.signal,
    intervalMs: 1,
    now: () => 0,
    onAnswer: () => {
      rounds += 1;
      if (rounds === 3) stopping.abort();
    },
    onStale: () => undefined,
    onError: () => undefined,
  });
  expect(rounds).toBe(3);
});
