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
/** Far above what a busy machine takes to hand out an issue, far below every pause and long poll of a runner. */
const longestIdleMs = 8_000;

test('runners work off issues that wait for each other: in order, once each, nobody idle beside ready work', async () => {
  const bench = inject('fleet');
  const run = await runFleet({
    ...{
      blockers: bench === undefined ? small : twentyIssues,
      runners: 2,
      verifiers: 1,
      agentMs: 300,
    },
    ...{ deadlineMs: bench === undefined ? 100_000 : 600_000, ...bench },
  });
  if (bench !== undefined) process.stdout.write(`${describeFleet(run).join('\n')}\n`);
  expect(objections(run)).toEqual([]);
  expect(idleWhileReady(run).longestMs).toBeLessThan(longestIdleMs);
}, 700_000);
