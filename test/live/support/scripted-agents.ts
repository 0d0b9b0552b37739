import { onTestFinished, test } from 'vitest';

import { createCodex } from '../../../src/work/adapters/codex.ts';
import { createOpencode } from '../../../src/work/adapters/opencode.ts';
import { findAgent } from './agent-binaries.ts';
import { openAgentWorld } from './agent-world.ts';
import { startScriptedClaude } from './claude-world.ts';
import { startResponsesApi } from './responses-api.ts';

/** One answer of the model, whatever its API. */
export interface Answer {
  readonly text?: string;
  readonly command?: string;
  readonly expect?: string;
  readonly error?: { readonly status: number; readonly retryAfter?: number };
  readonly times?: number;
}

const apis = {
  async codex(answers: readonly Answer[]) {
    const api = await startResponsesApi(
      answers.map(({ command, error, ...turn }) => ({
        ...turn,
        ...(command !== undefined && { commands: [command] }),
        ...(error && { error: { status: error.status, headers: waitOf(error) } }),
      })),
    );
    onTestFinished(() => api.close());
    return { url: api.url, asked: () => Promise.resolve(JSON.stringify(api.asked())) };
  },
  opencode: (answers: readonly Answer[]) =>
    startScriptedClaude({
      turns: answers.map(({ command, ...turn }) => ({
        ...turn,
        ...(command !== undefined && {
          tools: [{ name: 'bash', input: { command, description: 'A step' } }],
        }),
      })),
    }),
};

function waitOf({ retryAfter }: NonNullable<Answer['error']>): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` };
}

const kinds = {
  codex: { create: createCodex, credential: 'openai_key', model: undefined },
  opencode: { create: createOpencode, credential: 'api_key', model: 'claude-sonnet-5-5' },
} as const;

export type ScriptedAgent = keyof typeof kinds;

export type ScriptedWorld = Awaited<ReturnType<typeof startScriptedWorld>>;

/** A test with real agents on a scripted model, in a repository with a red test. */
export function agentTest(
  names: readonly ScriptedAgent[],
  what: string,
  answers: readonly Answer[],
  run: (world: ScriptedWorld) => Promise<void>,
): void {
  for (const name of names) {
    const program = findAgent(name);
    test.skipIf(program === undefined)(`${name} ${what}`, async () => {
      await run(await startScriptedWorld(name, program ?? '', answers));
    });
  }
}

async function startScriptedWorld(
  name: ScriptedAgent,
  program: string,
  answers: readonly Answer[],
) {
  const { create, credential, model } = kinds[name];
  const { url, asked } = await apis[name](answers);
  const world = openAgentWorld({ adapter: create({ program }), credential, model, api: url });
  return { ...world, name, asked };
}
