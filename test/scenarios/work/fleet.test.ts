import { expect, inject, test } from 'vitest';

import {
  describeFleet,
  idleWhileReady,
  objections,
  runFleet,
  twentyIssues,
  type FleetPlan,
} from './fleet.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Given by `npm run bench -- fleet`. */
    readonly fleet?: Pick<FleetPlan, 'runners' | 'verifiers' | 'agentMs'>;
  }
}

/** Six issues: two chains that meet. */
const small = [[], [], [1], [2], [3, 4], [2]];
/** Above what an overloaded machine takes to hand out an issue; a runner that pauses or misses its call waits longer. */
const longestIdleMs = 20_000;

test('runners work off issues that wait for each other: in order, once each, nobody idle beside ready work', async () => {
  const bench = inject('fleet');
  const run = await runFleet({
    ...{
      blockers: bench === undefined ? small : twentyIssues,
      runners: 2,
      verifiers: 1,
      agentMs: 300,
    },
    ...{ deadlineMs: bench === undefined ? 240_000 : 600_000, ...bench },
  });
  if (bench !== undefined) process.stdout.write(`${describeFleet(run).join('\n')}\n`);
  expect(objections(run)).toEqual([]);
  expect(idleWhileReady(run).longestMs).toBeLessThan(longestIdleMs);
}, 700_000);

test('a claim that is too early, doubled or late is seen in the record', () => {
  const claim = (number: number, worker: string, claimedAt: number, endedAt: number) => ({
    ...{ number, worker, claimedAt, endedAt, outcome: 'completed' },
  });
  const run = {
    ...{ blockers: [[], [1], []], workers: ['a', 'b'], verifiers: 1, startedAt: 0, pulls: 3 },
    openedAt: new Map([1, 2, 3].map((number) => [number, 0] as const)),
    mergedAt: new Map([1, 2, 3].map((number) => [number, number * 1_000] as const)),
    ...{ claims: [claim(1, 'a', 0, 900), claim(3, 'b', 0, 2_000)], work: [] },
  };
  const late = { ...run, claims: [...run.claims, claim(2, 'a', 1_700, 2_500)] };
  expect(objections(late)).toEqual([]);
  expect(idleWhileReady(late)).toEqual({ sumMs: 700, longestMs: 700 });
  const early = { ...run, claims: [...run.claims, claim(2, 'a', 950, 2_500)] };
  expect(objections(early)).toEqual(['#2 was claimed 50 ms too early']);
  const twice = { ...late, claims: [...late.claims, claim(3, 'a', 2_600, Infinity)] };
  expect(objections(twice)).toEqual(['4 claims of 3 issues', '#3 was claimed 2 times']);
});
