import { delimiter, dirname } from 'node:path';

import { onTestFinished, test } from 'vitest';

import { createCodex } from '../../../src/work/adapters/codex.ts';
import { createOpencode } from '../../../src/work/adapters/opencode.ts';
import { searchPath } from '../../support/process.ts';
import { findAgent } from './agent-binaries.ts';
import { canary, openAgentWorld } from './agent-world.ts';
import { startScriptedModel } from './scripted-model.ts';
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
    startScriptedModel({
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
  codex: {
    ...{ create: createCodex, model: undefined },
    credential: 'openai_key',
    variables: ['OPENAI_API_KEY', 'OPENAI_BASE_URL'],
  },
  opencode: {
    ...{ create: createOpencode, model: 'claude-sonnet-5-5' },
    credential: 'api_key',
    variables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'],
  },
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

/** A test of the whole command with real agents; it gets the variables and arguments of `work` for the agent. */
export function sceneTest(
  names: readonly ScriptedAgent[],
  what: string,
  answers: readonly Answer[],
  run: (scene: {
    readonly args: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly asked: () => Promise<string>;
  }) => Promise<void>,
): void {
  for (const name of names) {
    const program = findAgent(name);
    test.skipIf(program === undefined)(`${name} ${what}`, async () => {
      const { url, asked } = await apis[name](answers);
      const { model, variables } = kinds[name];
      const [key, address] = variables;
      await run({
        args: ['--adapter', name, ...(model === undefined ? [] : ['--model', model])],
        environment: {
          ...{ PATH: [dirname(program ?? ''), searchPath].join(delimiter) },
          ...{ [key]: canary, [address]: url },
        },
        asked,
      });
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
