import { startVitest } from 'vitest/node';

/**
 * Twenty issues that wait for each other, and three runners on this machine: `npm run bench -- fleet [runners] [ms]
 * [verifiers]`, `ms` being what an agent works on an average issue. Coordinator, verifier, runners, agents and git are
 * real, the agents follow a script, and a person merges at once. It is the test of the fleet, with more to do. Ends
 * with an error when an issue is claimed too early or twice, or a runner is idle for seconds while an issue is ready.
 */
const [, , runners = '3', agentMs = '3000', verifiers = '1'] = process.argv;

const vitest = await startVitest(['test/scenarios/work/fleet.test.ts'], {
  ...{ watch: false, reporters: ['default'] },
  provide: {
    fleet: {
      runners: Number(runners),
      agentMs: Number(agentMs),
      verifiers: Number(verifiers),
    },
  },
});
await vitest.close();
