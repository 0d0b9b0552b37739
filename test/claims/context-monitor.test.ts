import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ConfigError } from '../../src/errors.ts';
import {
  isStale,
  monitorStateSchema,
  type ContextAction,
  type MonitorState,
} from '../../src/claims/context-usage.ts';
import {
  createContextMonitor,
  initialMonitorState,
  observe,
  type ContextAnswer,
  type MonitorSettings,
} from '../../src/claims/context-monitor.ts';
import { UnusableReport, type ContextUsage } from '../../src/claims/usage.ts';
import { manualClock } from '../support/clock.ts';

const settings: MonitorSettings = { compactAt: 0.8, rotateAt: 0.95 };
const minuteMs = 60_000;

/** Reports of one agent with a window of 1,000 tokens: what it is told, as `compact!` where it is newly crossed. */
function told(uses: readonly number[], everyMs = 10 * minuteMs): string[] {
  const clock = manualClock();
  const monitor = createContextMonitor({ settings, now: clock.now });
  return uses.map((used) => {
    clock.advance(everyMs);
    const { action, crossed } = monitor.observe({ used, limit: 1_000 });
    return crossed ? `${action}!` : action;
  });
}

test.each([
  [0, 'continue'],
  [159_999, 'continue'],
  [160_000, 'compact!'],
  [189_999, 'compact!'],
  [190_000, 'rotate!'],
  [200_000, 'rotate!'],
  [200_001, 'rotate!'],
])('%i of 200,000 tokens: %s', (used, expected) => {
  const { action, crossed } = observeOne({ used, limit: 200_000 });
  expect(crossed ? `${action}!` : action).toBe(expected);
});

test.each([
  [
    'each edge is told once',
    [100, 800, 850, 949, 950, 999],
    'continue compact! compact compact rotate! rotate',
  ],
  [
    'a jump over both tells the upper one alone',
    [100, 960, 960, 900],
    'continue rotate! rotate compact',
  ],
  [
    'swaying around an edge tells nothing again',
    [800, 799, 800, 721, 800],
    'compact! continue compact continue compact',
  ],
  [
    'at the edge of the hysteresis it is not armed yet',
    [800, 720, 800],
    'compact! continue compact',
  ],
  ['below it, it is', [800, 719, 800], 'compact! continue compact!'],
  [
    'a compaction arms both',
    [800, 950, 300, 800, 950],
    'compact! rotate! continue compact! rotate!',
  ],
  [
    'a fall into the band below tells nothing',
    [950, 900, 800, 950],
    'rotate! compact compact rotate!',
  ],
  ['a fall too small for rotate arms nothing', [950, 856, 950], 'rotate! compact rotate'],
  [
    'a fall for rotate alone leaves compact told',
    [950, 730, 800, 950],
    'rotate! continue compact rotate!',
  ],
])('%s', (_name, uses, expected) => {
  expect(told(uses).join(' ')).toBe(expected);
});

test('compact is not told again within 5 minutes, but afterwards if it still holds', () => {
  const answers = told([800, 300, 800, 800, 800, 800, 800], minuteMs);
  expect(answers.join(' ')).toBe('compact! continue compact compact compact compact! compact');
});

test('the history shows when an action was told, also when the figure is the one before', () => {
  const clock = manualClock(0);
  const monitor = createContextMonitor({ settings, now: clock.now });
  for (const used of [800, 300, 800, 800]) {
    monitor.observe({ used, limit: 1_000 });
    clock.advance(2 * minuteMs);
  }
  const shown = monitor
    .state()
    .history.map(({ at, used, crossed }) => [at / minuteMs, used, crossed]);
  expect(shown).toEqual([
    [0, 800, true],
    [2, 300, false],
    [4, 800, false],
    [6, 800, true],
  ]);
});

test('rotate never waits', () => {
  const answers = told([800, 950, 300, 950], 1_000);
  expect(answers.join(' ')).toBe('compact! rotate! continue rotate!');
});

test('a clock that is set back does not lengthen the cooldown', () => {
  const clock = manualClock();
  const monitor = createContextMonitor({ settings, now: clock.now });
  monitor.observe({ used: 800, limit: 1_000 });
  monitor.observe({ used: 100, limit: 1_000 });
  clock.advance(-3_600_000);
  expect(monitor.observe({ used: 800, limit: 1_000 })).toMatchObject({ crossed: true });
});

test.each([
  ['the reported limit', { used: 85, limit: 100 }, { contextWindow: 1_000 }, 100],
  [
    'the window of the profile when none is reported',
    { used: 85 },
    { contextWindow: 1_000 },
    1_000,
  ],
  [
    'at most the limit of the profile',
    { used: 85, limit: 1_000 },
    { contextWindow: 1_000, contextLimit: 100 },
    100,
  ],
  [
    'which counts without a report too',
    { used: 85 },
    { contextWindow: 1_000, contextLimit: 100 },
    100,
  ],
  [
    'and never widens a smaller window',
    { used: 85, limit: 50 },
    { contextWindow: 1_000, contextLimit: 100 },
    50,
  ],
])('shares are of %s', (_name, usage, profile, limit) => {
  const answer = observeOne(usage, { ...settings, profile });
  expect(answer).toMatchObject({ used: 85, limit, ratio: 85 / limit });
});

test('the reason says it in figures', () => {
  const profile = { contextWindow: 1_000_000, contextLimit: 400_000 };
  const texts = [
    observeOne({ used: 162_000, limit: 200_000 }),
    observeOne({ used: 159_999, limit: 200_000 }),
    observeOne({ used: 190_000, limit: 200_000 }),
    observeOne({ used: 1_180_342, limit: 200_000 }),
    observeOne({ used: 330_000 }, { ...settings, profile }),
    observeOne({ used: 410_000 }, { ...settings, profile }),
  ].map(({ reason }) => `${reason.code}: ${reason.text}`);
  expect(texts).toMatchInlineSnapshot(`
    [
      "compact_at: 162,000 of 200,000 tokens (81 %) are in the context: compact from 80 %, rotate from 95 %.",
      "below_compact: 159,999 of 200,000 tokens (79.9 %) are in the context; compact comes at 80 %.",
      "rotate_at: 190,000 of 200,000 tokens (95 %) are in the context: rotate from 95 %.",
      "over_limit: 1,180,342 of 200,000 tokens (590.1 %) are in the context: rotate; a sum over turns is not the context.",
      "compact_at: 330,000 of 400,000 tokens this agent shall use at the most (82.5 %) are in the context: compact from 80 %, rotate from 95 %.",
      "over_limit: 410,000 of 400,000 tokens this agent shall use at the most (102.5 %) are in the context: rotate.",
    ]
  `);
});

test.each([
  ['no usage', { used: NaN, limit: 100 }, 'context_invalid'],
  ['negative usage', { used: -1, limit: 100 }, 'context_invalid'],
  ['half a token', { used: 1.5, limit: 100 }, 'context_invalid'],
  ['endless usage', { used: Infinity, limit: 100 }, 'context_invalid'],
  ['huge usage', { used: 1e300, limit: 100 }, 'context_invalid'],
  ['a limit of 0', { used: 1, limit: 0 }, 'context_invalid'],
  ['nothing of nothing', { used: 0, limit: 0 }, 'context_invalid'],
  ['a negative limit', { used: 1, limit: -100 }, 'context_invalid'],
  ['an endless limit', { used: 1, limit: Infinity }, 'context_invalid'],
  ['a limit that is no number', { used: 1, limit: NaN }, 'context_invalid'],
  ['no limit at all', { used: 1 }, 'context_limit_missing'],
])('%s is refused, in a sentence', (_name, usage, code) => {
  const refusal = refusalOf(() => observeOne(usage));
  expect(refusal).toMatchObject({ code });
  expect(refusal.message).toMatch(/^The .+\.$/);
});

test('a refused report leaves the monitor as it was', () => {
  const monitor = createContextMonitor({ settings, now: manualClock().now });
  monitor.observe({ used: 800, limit: 1_000 });
  const before = monitor.state();
  expect(() => monitor.observe({ used: NaN, limit: 1_000 })).toThrow(UnusableReport);
  expect(monitor.state()).toBe(before);
});

test.each([
  [0, 0.95],
  [-0.1, 0.95],
  [0.9, 0.8],
  [0.8, 1.01],
  [NaN, 0.95],
  [0.8, NaN],
])('thresholds of %d and %d are refused at once', (compactAt, rotateAt) => {
  const create = () =>
    createContextMonitor({ settings: { compactAt, rotateAt }, now: manualClock().now });
  expect(create).toThrow(ConfigError);
});

test('equal thresholds leave no room for compact; low ones work and arm again', () => {
  const clock = manualClock();
  const monitor = createContextMonitor({
    settings: { compactAt: 0.01, rotateAt: 0.01 },
    now: clock.now,
  });
  const answers = [10, 8, 10].map((used) => monitor.observe({ used, limit: 1_000 }));
  expect(answers.map(({ action, crossed }) => [action, crossed])).toEqual([
    ['rotate', true],
    ['continue', false],
    ['rotate', true],
  ]);
});

test('peak and total survive a compaction', () => {
  const uses = [100, 800, 300, 500, 500, 400];
  const state = uses.reduce<MonitorState>(
    (before, used, index) => observe(before, { used, limit: 1_000, at: index }, settings).state,
    initialMonitorState,
  );
  expect(state).toMatchObject({ peak: 800, total: 1_000, lastReportAt: 5 });
  expect(state.history.map(({ used }) => used)).toEqual([100, 800, 300, 500, 400]);
});

test('the history of a long claim is bounded and still reaches from its first report to its last', () => {
  let state = initialMonitorState;
  for (let used = 1; used <= 10_000; used += 1)
    state = observe(state, { used, limit: 1_000_000, at: used }, settings).state;
  expect(state.history.length).toBeLessThanOrEqual(48);
  expect(state.history.length).toBeGreaterThanOrEqual(24);
  expect(state.history[0]?.used).toBe(1);
  expect(state.history.at(-1)?.used).toBe(10_000);
  expect(JSON.stringify(state).length).toBeLessThan(6_000);
});

test.each([
  [0, false],
  [29_999, false],
  [30_000, true],
  [-5_000, false],
])('%i ms after its last report an agent asked every 10 s is stale: %s', (sinceMs, stale) => {
  expect(isStale({ since: 1_000_000, now: 1_000_000 + sinceMs, intervalMs: 10_000 })).toBe(stale);
});

/** Levels in thousandths of the limit, mostly around the edges, and the time since the report before. */
const steps = fc.array(
  fc.record({
    used: fc.oneof(
      fc.integer({ min: 700, max: 1_010 }),
      fc.constantFrom(0, 300, 719, 720, 799, 800, 854, 855, 949, 950, 1_000, 100_000_000),
    ),
    afterMs: fc.constantFrom(0, 1_000, minuteMs, 299_999, 300_000, -minuteMs),
  }),
  { maxLength: 60 },
);
interface Step {
  readonly used: number;
  readonly afterMs: number;
}
interface Told extends ContextAnswer {
  readonly at: number;
}

function run(reports: readonly Step[]): Told[] {
  let state = initialMonitorState;
  let at = 1_700_000_000_000;
  return reports.map(({ used, afterMs }) => {
    at += afterMs;
    const observed = observe(state, { used, limit: 1_000, at }, settings);
    state = observed.state;
    return { ...observed.answer, at };
  });
}

test('the action is the band of the usage, whatever went before', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      for (const { used, action } of run(reports)) expect(action).toBe(bandOf(used));
    }),
  );
});

function bandOf(thousandths: number): ContextAction {
  if (thousandths >= 950) return 'rotate';
  return thousandths >= 800 ? 'compact' : 'continue';
}

test('nothing is told twice unless usage fell a tenth below its edge in between', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      const answers = run(reports);
      for (const [action, armedBelow] of [
        ['compact', 720],
        ['rotate', 855],
      ] as const) {
        const crossings = indexesOf(answers, (one) => one.crossed && one.action === action);
        for (const [order, index] of crossings.slice(1).entries()) {
          const between = answers.slice(crossings[order], index);
          expect(between.some(({ used }) => used < armedBelow)).toBe(true);
        }
      }
      expect(answers.some((one) => one.crossed && one.action === 'continue')).toBe(false);
    }),
  );
});

test('no crossing is lost: rotate is told at once, compact when its cooldown is over', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      const answers = run(reports);
      for (const [index, { action, at }] of answers.entries()) {
        if (action === 'continue') continue;
        const edge = action === 'rotate' ? 855 : 720;
        const fellAt = answers.slice(0, index).findLastIndex(({ used }) => used < edge);
        const since = answers.slice(fellAt + 1, index + 1);
        const isTold = since.some(
          (one) => one.crossed && (one.action === action || one.action === 'rotate'),
        );
        const last = answers.slice(0, index).findLast(({ crossed }) => crossed);
        const elapsedMs = at - (last?.at ?? -Infinity);
        const mayWait = action === 'compact' && elapsedMs >= 0 && elapsedMs < 300_000;
        expect(isTold || mayWait).toBe(true);
      }
    }),
  );
});

test('compact is never told within 5 minutes of what was told before', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      const crossings = run(
        reports.map((step) => ({ ...step, afterMs: Math.abs(step.afterMs) })),
      ).filter(({ crossed }) => crossed);
      for (const [order, { action, at }] of crossings.slice(1).entries())
        if (action === 'compact')
          expect(at - (crossings[order]?.at ?? 0)).toBeGreaterThanOrEqual(300_000);
    }),
  );
});

test('usage that only rises tells each action once at most', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      const rising = reports.toSorted((left, right) => left.used - right.used);
      const crossings = run(rising).filter(({ crossed }) => crossed);
      expect(crossings.length).toBe(new Set(crossings.map(({ action }) => action)).size);
    }),
  );
});

test('a state read back from JSON goes on as if nothing had happened', () => {
  fc.assert(
    fc.property(steps, (reports) => {
      const whole = run(reports);
      let stored = JSON.stringify(initialMonitorState);
      let at = 1_700_000_000_000;
      for (const [index, { used, afterMs }] of reports.entries()) {
        at += afterMs;
        const state = monitorStateSchema.parse(JSON.parse(stored));
        const observed = observe(state, { used, limit: 1_000, at }, settings);
        stored = JSON.stringify(observed.state);
        expect({ ...observed.answer, at }).toEqual(whole[index]);
      }
    }),
  );
});

test('several agents do not touch each other', () => {
  const mixed = fc.array(
    fc.record({
      agent: fc.integer({ min: 0, max: 3 }),
      used: fc.integer({ min: 600, max: 1_000 }),
    }),
  );
  fc.assert(
    fc.property(mixed, (reports) => {
      const monitors = [0, 1, 2, 3].map(() =>
        createContextMonitor({ settings, now: manualClock().now }),
      );
      const together = reports.map(({ agent, used }) =>
        monitors[agent]?.observe({ used, limit: 1_000 }),
      );
      for (const agent of [0, 1, 2, 3]) {
        const alone = createContextMonitor({ settings, now: manualClock().now });
        for (const [index, report] of reports.entries())
          if (report.agent === agent)
            expect(together[index]).toEqual(alone.observe({ used: report.used, limit: 1_000 }));
      }
    }),
  );
});

test('whatever the figures, there is an answer in finite numbers or a refusal, and a sound state', () => {
  const figure = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.nat(),
    fc.maxSafeInteger(),
    fc.constantFrom(0, -0, 1, 1e8),
  );
  const report = fc.record(
    { used: figure, limit: fc.option(figure, { nil: undefined }) },
    { requiredKeys: ['used'] },
  );
  const profile = fc.record(
    {
      contextWindow: fc.integer({ min: 1_000, max: 1e8 }),
      contextLimit: fc.integer({ min: 1_000, max: 1e8 }),
    },
    { requiredKeys: ['contextWindow'] },
  );
  fc.assert(
    fc.property(fc.array(report), fc.option(profile, { nil: undefined }), (reports, agent) => {
      const clock = manualClock();
      const monitor = createContextMonitor({
        settings: { ...settings, profile: agent },
        now: clock.now,
      });
      for (const one of reports) {
        try {
          const answer = monitor.observe(one);
          expect(Number.isFinite(answer.ratio) && answer.ratio >= 0).toBe(true);
          expect(Object.is(answer.used, -0)).toBe(false);
          expect(JSON.stringify(answer)).not.toMatch(/NaN|null|Infinity|undefined/);
        } catch (error) {
          expect(error).toBeInstanceOf(UnusableReport);
        }
      }
      const state = monitor.state();
      expect(monitorStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
      expect(state.total).toBeGreaterThanOrEqual(state.peak);
    }),
  );
});

function observeOne(usage: ContextUsage, over: MonitorSettings = settings): ContextAnswer {
  return observe(initialMonitorState, { ...usage, at: 0 }, over).answer;
}

function refusalOf(act: () => unknown): UnusableReport {
  try {
    act();
  } catch (error) {
    if (error instanceof UnusableReport) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

function indexesOf<T>(items: readonly T[], matches: (item: T) => boolean): number[] {
  return items.flatMap((item, index) => (matches(item) ? [index] : []));
}
