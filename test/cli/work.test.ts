import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCommandLine } from '../../src/cli/work/work.ts';
import type { Environment } from '../../src/config.ts';
import { searchPath } from '../support/process.ts';
import { startService, temporaryDirectory } from '../support/service.ts';
import { tokenOf } from '../support/workers.ts';

const settings = { COORDINATOR_URL: 'http://127.0.0.1:9', COORDINATOR_TOKEN: tokenOf('worker-1') };

async function run(args: readonly string[], environment: Environment = settings) {
  const output: string[] = [];
  const write = (text: string) => output.push(text);
  const code = await runCommandLine(['work', ...args], {
    ...{ stdout: { write }, stderr: { write } },
    environment: () => ({ PATH: searchPath, ...environment }),
  });
  return { code, output: output.join('') };
}

const refusals: readonly (readonly [readonly string[], string])[] = [
  [[], 'ANTHROPIC_API_KEY'],
  [['--adapter', 'codex'], 'OPENAI_API_KEY'],
  [['--adapter', 'opencode'], 'OpenCode needs ANTHROPIC_API_KEY'],
  [['--adapter', 'gemini'], 'claude, codex, opencode, command'],
  [['--adapter', 'command'], 'needs a program'],
  [['--adapter', 'claude', '--', './agent.sh'], 'leave --adapter claude out'],
  [['--clone-url', 'https://me:secret@g/{owner}/{repo}', '--', 'x'], 'must not contain a password'],
  [['--jobs', '0', '--', 'x'], '--jobs'],
  [['--max-cost', '-1', '--', 'x'], '--max-cost'],
  [['--max-minutes', '100000', '--', 'x'], '--max-minutes'],
  [['--max-tokens', '1e999', '--', 'x'], '--max-tokens'],
  [['--repo', 'orbit', '--', 'x'], '--repo'],
  [['--sandbox', 'unshare', '--', 'x'], '--sandbox'],
];

test.each(refusals)('work %j is refused with a cure', async (args, words) => {
  const { code, output } = await run(args);
  expect({ code, output }).toMatchObject({ code: 2 });
  expect(output).toContain(words);
});

test('the doctor tells what is there, what is missing, and never shows the token', async () => {
  const service = await startService({ workers: true });
  const directory = temporaryDirectory();
  const options = ['--directory', directory, '--sandbox', 'none'];
  const environment = { ...settings, COORDINATOR_URL: service.url, HOME: directory };
  const fine = await run(['doctor', ...options, '--', './agent.sh'], environment);
  expect(fine.output).toContain(`${service.url} answers, and takes the token.`);
  expect(fine.output).toContain('commits are by Mosaic Agent');
  expect(fine.output).toContain('Agents run without a sandbox');
  expect(fine.code).toBe(1);
  const away = { ...environment, COORDINATOR_TOKEN: 'another-token-0001' };
  const broken = await run(['doctor', ...options], { ...away, PATH: directory });
  expect(broken.code).toBe(2);
  expect(broken.output).toContain('a token of API_TOKENS with the role worker');
  expect(broken.output).toContain('The program claude does not start');
  const codex = join(directory, 'codex');
  writeFileSync(codex, '#!/bin/sh\necho codex-cli 0.1.2\n', { mode: 0o755 });
  writeFileSync(join(directory, 'key'), 'sk-another-token\n');
  const openai = {
    ...environment,
    OPENAI_API_KEY_FILE: join(directory, 'key'),
    PATH: `${directory}:${searchPath}`,
  };
  const other = await run(['doctor', ...options, '--adapter', 'codex'], openai);
  expect(other.output).toContain('codex 0.1.2; the runner was tried with 0.171.0.');
  expect(other.output).toContain('The key of the model is set');
  const missing = await run(['doctor', ...options, '--adapter', 'codex'], {
    ...environment,
    PATH: directory,
  });
  expect(missing.output).toContain('Codex needs OPENAI_API_KEY');
  expect(`${fine.output}${broken.output}${other.output}`).not.toMatch(
    /token-of-worker|another-token/,
  );
});
