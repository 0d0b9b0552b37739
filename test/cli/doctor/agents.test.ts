import { expect, test } from 'vitest';

import { describeAgents } from '../../../src/cli/doctor/configuration.ts';
import { examineConfig } from '../../../src/config.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';

test('no agent that is enabled is a warning', () => {
  const config = examineConfig(testEnvironment(temporaryDirectory()));
  const agents = (config.agents?.agents ?? []).map((agent) => ({ ...agent, enabled: false }));
  expect(describeAgents({ ...config, agents: { asOf: undefined, agents } }, true)).toMatchObject({
    mark: 'warning',
    text: 'No agent is enabled (from AGENTS_FILE), so no issue can be assigned to an agent.',
  });
});
