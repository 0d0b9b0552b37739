import { expect, test } from 'vitest';

import { ConfigError } from '../../src/errors.ts';
import type { MonitorState } from '../../src/claims/monitor-state.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type MonitorSettings,
} from '../../src/claims/context-monitor.ts';
import { readStatusLine, UnusableReport, type ContextUsage } from '../../src/claims/usage.ts';
import { manualClock } from '../support/clock.ts';
import { monitorOf, monitorSettings as settings } from '../support/context-monitor.ts';

const minuteMs = 60_000;

/** Reports of one agent with a window of 1,000 tokens: what it is told, as `compact!` where it is newly crossed. */
function told(uses: readonly number[], everyMs = 10 * minuteMs): string[] {
  const clock = manualClock();
  const monitor = monitorOf({ settings, now: clock.now });
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
  const monitor = monitorOf({ settings, now: clock.now });
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
  const monitor = monitorOf({ settings, now: clock.now });
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
    { used: 85, limit: 90 },
    { contextWindow: 1_000, contextLimit: 100 },
    90,
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
      "compact_at: 330,000 of 400,000 tokens this agent may use (82.5 %) are in the context: compact from 80 %, rotate from 95 %.",
      "over_limit: 410,000 of 400,000 tokens this agent may use (102.5 %) are in the context: rotate.",
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
  const monitor = monitorOf({ settings, now: manualClock().now });
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
])('thresholds of %d and %d are refused', (compactAt, rotateAt) => {
  const observeAny = () => observeOne({ used: 1, limit: 1_000 }, { compactAt, rotateAt });
  expect(observeAny).toThrow(ConfigError);
});

test('equal thresholds leave no room for compact; low ones work and arm again', () => {
  const clock = manualClock();
  const monitor = monitorOf({
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

const million = { ...settings, profile: { contextWindow: 1_000_000 } };
const small = { ...settings, profile: { contextWindow: 200_000 } };

/** Status lines one after the other: what each says is used, its limit and its action. */
function lines(over: MonitorSettings, ...bodies: readonly object[]) {
  let state = initialMonitorState;
  return bodies.map((body, at) => {
    const usage = readStatusLine(body);
    if (usage === undefined) return undefined;
    const observed = observe(state, { ...usage, at }, over);
    state = observed.state;
    const { used, limit, action, warning } = observed.answer;
    return [used, limit, action, ...(warning === undefined ? [] : [warning.code])];
  });
}

const understated = 'window_understated';
function line(tokens: number, more: object = {}, size = 200_000) {
  const current_usage = { input_tokens: 500, cache_read_input_tokens: tokens - 500 };
  return {
    session_id: 's1',
    ...more,
    context_window: { context_window_size: size, current_usage },
  };
}

// Case window-smaller-than-what-is-in-it.
test('more tokens than the stated window prove it wrong: the larger known window counts', () => {
  const body = {
    session_id: 's1',
    model: { id: 'claude-opus-5-5' },
    exceeds_200k_tokens: true,
    context_window: {
      context_window_size: 200_000,
      used_percentage: 100,
      remaining_percentage: 0,
      total_input_tokens: 310_000,
      total_output_tokens: 900,
      current_usage: {
        input_tokens: 500,
        output_tokens: 900,
        cache_creation_input_tokens: 1_500,
        cache_read_input_tokens: 308_000,
      },
    },
  };
  expect(lines(million, body)).toEqual([[310_000, 1_000_000, 'continue', understated]]);
  expect(lines(small, body)).toEqual([[310_000, 200_000, 'rotate']]);
  expect(lines(million, line(160_000))).toEqual([[160_000, 200_000, 'compact']]);
  expect(observeOne({ used: 310_000, limit: 200_000 }, million)).toMatchObject({
    limit: 1_000_000,
    ratio: 0.31,
    action: 'continue',
    warning: { code: understated },
  });
});

test('a window that was proved wrong stays so for its session, also after a compaction', () => {
  expect(
    lines(
      million,
      line(310_000),
      line(195_000),
      line(195_000, { session_id: 's2' }),
      line(195_000, {}, 100_000),
      line(990_000),
    ),
  ).toEqual([
    [310_000, 1_000_000, 'continue', understated],
    [195_000, 1_000_000, 'continue', understated],
    [195_000, 200_000, 'rotate'],
    [195_000, 1_000_000, 'continue', understated],
    [990_000, 1_000_000, 'rotate', understated],
  ]);
});

test('a status line without counts is believed as far as it goes', () => {
  const flag = { exceeds_200k_tokens: true, session_id: 's1' };
  const full = { context_window_size: 200_000, used_percentage: 100 };
  const cases: [object, unknown][] = [
    [{ ...flag, context_window: full }, [200_001, 1_000_000, 'continue', understated]],
    [{ context_window: full }, [200_000, 200_000, 'rotate']],
    [
      { context_window: { ...full, used_percentage: 155 } },
      [310_000, 1_000_000, 'continue', understated],
    ],
    // The totals may be sums over the session, and a percentage of nothing is none.
    [{ ...flag, context_window: { total_input_tokens: 310_000 } }, undefined],
    [{ context_window: { used_percentage: 90 } }, undefined],
    [{ context_window: { context_window_size: 0, used_percentage: 90 } }, undefined],
    [line(310_000, {}, 0), [310_000, 1_000_000, 'continue']],
    [line(150_000, flag), [150_000, 1_000_000, 'continue', understated]],
  ];
  for (const [body, expected] of cases) expect(lines(million, body)).toEqual([expected]);
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
