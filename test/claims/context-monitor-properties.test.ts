import fc from 'fast-check';
import { expect, test } from 'vitest';

import { monitorStateSchema, type ContextAction } from '../../src/claims/monitor-state.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
} from '../../src/claims/context-monitor.ts';
import { UnusableReport } from '../../src/claims/usage.ts';
import { manualClock } from '../support/clock.ts';
import { monitorOf, monitorSettings as settings } from '../support/context-monitor.ts';

const minuteMs = 60_000;

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
      const monitors = [0, 1, 2, 3].map(() => monitorOf({ settings, now: manualClock().now }));
      const together = reports.map(({ agent, used }) =>
        monitors[agent]?.observe({ used, limit: 1_000 }),
      );
      for (const agent of [0, 1, 2, 3]) {
        const alone = monitorOf({ settings, now: manualClock().now });
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
      const monitor = monitorOf({
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

function indexesOf<T>(items: readonly T[], matches: (item: T) => boolean): number[] {
  return items.flatMap((item, index) => (matches(item) ? [index] : []));
}
