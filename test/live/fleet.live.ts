import { expect, test } from 'vitest';

import { describeFleet, objections, runFleet, twentyIssues } from '../scenarios/work/fleet.ts';
import { findAgent } from './support/agent-binaries.ts';

const claude = findAgent('claude');

test.skipIf(claude === undefined)(
  'three runners with the real Claude Code work off twenty issues that wait for each other',
  async () => {
    const run = await runFleet({
      ...{ blockers: twentyIssues, runners: 3, verifiers: 1, agentMs: 3_000, claude: claude ?? '' },
      deadlineMs: 1_200_000,
    });
    process.stdout.write(`${describeFleet(run).join('\n')}\n`);
    expect(objections(run)).toEqual([]);
  },
  1_300_000,
);
