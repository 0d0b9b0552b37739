import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { test } from 'vitest';

import { createClaude } from '../../../src/work/adapters/claude.ts';
import { startChild } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { openAgentWorld } from './agent-world.ts';
import { findAgent } from './agent-binaries.ts';

const program = findAgent('claude');

/** A tool that the scripted model calls. */
export const bash = (command: string) => ({ name: 'Bash', input: { command } });

/** Starts the stand-in for the API of Anthropic. */
export async function startScriptedClaude(script: object) {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'script.json'), JSON.stringify(script));
  const model = startChild({
    args: [
      fileURLToPath(new URL('../../support/scripted-claude.mjs', import.meta.url)),
      ...['--quiet', '--script', join(directory, 'script.json')],
    ],
    ...{ environment: {}, directory },
  });
  const url = await model.until(
    'it listens',
    () => /"(http:[^"]+)"/.exec(model.output.stdout)?.[1],
  );
  return {
    url,
    /** Bodies of the requests that the model got. */
    asked: async () => (await fetch(`${url}/_scripted/requests?full=1`)).text(),
  };
}

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
  const { url, asked } = await startScriptedClaude(script);
  const adapter = createClaude({ program: program ?? '' });
  const world = openAgentWorld({ adapter, credential: 'api_key', model: 'opus', api: url });
  return { ...world, asked };
}
