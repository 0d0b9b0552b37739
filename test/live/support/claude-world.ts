import { test } from 'vitest';

import { createClaude } from '../../../src/work/adapters/claude.ts';
import { findAgent } from './agent-binaries.ts';
import { openAgentWorld } from './agent-world.ts';
import { startScriptedModel } from './scripted-model.ts';

const program = findAgent('claude');

/** A tool that the scripted model calls. */
export const bash = (command: string) => ({ name: 'Bash', input: { command } });

/** A test with the real Claude Code on a scripted model, in a repository with a red test. */
export function claudeTest(
  name: string,
  script: object,
  run: (world: ClaudeWorld) => Promise<void>,
): void {
  test.skipIf(program === undefined)(name, async () => {
    await run(await startClaudeWorld(script));
  });
}

export type ClaudeWorld = Awaited<ReturnType<typeof startClaudeWorld>>;

async function startClaudeWorld(script: object) {
  const { url, asked } = await startScriptedModel(script);
  const adapter = createClaude({ program: program ?? '' });
  const world = openAgentWorld({ adapter, credential: 'api_key', model: 'opus', api: url });
  return { ...world, asked };
}
