import { dirname } from 'node:path';

import { test } from 'vitest';

import type { Environment } from '../../../src/config.ts';
import { searchPath } from '../../support/process.ts';
import { processesOf } from '../../support/processes.ts';
import { startWorkScene, type SceneOptions } from '../../support/work-scene.ts';
import { findAgent } from './agent-binaries.ts';
import { startScriptedModel } from './scripted-model.ts';

const program = findAgent('claude');

/** In the place of the key of the operator: found nowhere but at the API. */
const keyCanary = 'sk-ant-canary-of-the-operator';

export interface ClaudeSceneOptions extends SceneOptions {
  readonly script: object;
}

export type ClaudeScene = Awaited<ReturnType<typeof startClaudeScene>>;

/** A test with a whole runner and coordinator, and the real Claude Code on a scripted model. */
export function claudeSceneTest(
  name: string,
  options: ClaudeSceneOptions,
  run: (scene: ClaudeScene) => Promise<void>,
): void {
  test.skipIf(program === undefined)(name, async () => {
    await run(await startClaudeScene(options));
  });
}

async function startClaudeScene({ script, ...options }: ClaudeSceneOptions) {
  const model = await startScriptedModel(script);
  const scene = await startWorkScene({
    ...options,
    env: { VERIFIERS: '0', ...options.env },
  });
  return {
    ...scene,
    model,
    /** Starts a runner for one issue with Claude Code. */
    startClaude: (args: readonly string[] = [], environment: Environment = {}) =>
      scene.startRunner(['--once', ...args], {
        PATH: `${dirname(program ?? '')}:${searchPath}`,
        ANTHROPIC_API_KEY: keyCanary,
        ANTHROPIC_BASE_URL: model.url,
        ...environment,
      }),
    /** Processes of agents that are left. */
    agents: () => processesOf(`${scene.place}/homes`),
  };
}

/** A tool that the scripted model calls. */
export const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command } }] });
