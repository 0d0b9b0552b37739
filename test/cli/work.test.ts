import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

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
  const agent = join(directory, 'agent.sh');
  writeFileSync(agent, '#!/bin/sh\n', { mode: 0o755 });
  const fine = await run(['doctor', ...options, '--', agent], environment);
  expect(fine.output).toContain(`The agent is ${agent}.`);
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

test('the doctor refuses an agent of your own that is not there, or may not be run', async () => {
  const directory = temporaryDirectory();
  const agent = join(directory, 'agent.sh');
  writeFileSync(agent, '#!/bin/sh\n', { mode: 0o644 });
  const options = ['doctor', '--directory', directory, '--sandbox', 'none', '--'];
  const plain = await run([...options, agent]);
  expect(plain.output).toContain(`There is no program ${agent} that may be run.`);
  expect(plain.output).toContain(`chmod +x ${agent}`);
  const name = await run([...options, 'no-such-agent']);
  expect(name.output).toContain('There is no program no-such-agent in the search path');
});

test('the doctor knows another server that answers at the address of the coordinator', async () => {
  const other = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"message":"invalid username, password or token"}');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const url = `http://127.0.0.1:${port}`;
  const directory = temporaryDirectory();
  const options = ['doctor', '--directory', directory, '--sandbox', 'none', '--', 'sh'];
  const { output, code } = await run(options, { ...settings, COORDINATOR_URL: url });
  expect(code).toBe(2);
  expect(output).toContain(`${url} answers, but is no coordinator.`);
});

test('a token that the coordinator does not know ends the runner, which names the variable', async () => {
  const service = await startService({ workers: true });
  const directory = temporaryDirectory();
  const { code, output } = await run(
    ['--once', '--directory', directory, '--sandbox', 'none', '--', 'true'],
    { COORDINATOR_URL: service.url, COORDINATOR_TOKEN: 'another-token-0001', HOME: directory },
  ).catch((error: unknown) => ({ code: 1, output: String(error) }));
  expect(code).toBe(1);
  expect(output).toContain('401: Send one of API_TOKENS');
  expect(output).toContain('Correct COORDINATOR_TOKEN, or COORDINATOR_URL');
});

test('the doctor says whether commits are verified', async () => {
  const directory = temporaryDirectory();
  const options = ['doctor', '--directory', directory, '--sandbox', 'none', '--', 'sh'];
  const service = await startService({ workers: true });
  const off = await run(options, { ...settings, COORDINATOR_URL: service.url });
  expect(off.output).toContain('Commits are not verified: each issue waits for a person');
});

/** A bare repository with one commit, and what its server does with a push. */
function repositoryWith(hook: string): string {
  const directory = temporaryDirectory();
  const bare = join(directory, 'acme', 'orbit');
  mkdirSync(bare, { recursive: true });
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: bare });
  git('init', '--quiet', '--bare', '.');
  const tree = git('hash-object', '-t', 'tree', '-w', '/dev/null').toString().trim();
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@acme.test'];
  const commit = git(...who, 'commit-tree', tree, '-m', 'Start')
    .toString()
    .trim();
  git('update-ref', 'HEAD', commit);
  writeFileSync(join(bare, 'hooks', 'pre-receive'), hook, { mode: 0o755 });
  return directory;
}

const pushes: readonly (readonly [string, string, string])[] = [
  ['lets branches in', '#!/bin/sh\nexit 0\n', 'and push branches to it.'],
  [
    'takes no push',
    '#!/bin/sh\necho User permission denied for writing. >&2\nexit 1\n',
    'but not push to it',
  ],
];

test.each(pushes)(
  'the doctor tries to push to a repository that %s',
  async (_what, hook, words) => {
    const directory = repositoryWith(hook);
    const { output } = await run(
      [
        ...['doctor', '--directory', directory, '--sandbox', 'none', '--repo', 'acme/orbit'],
        ...['--clone-url', `${directory}/{owner}/{repo}`, '--', 'sh'],
      ],
      { ...settings, HOME: directory },
    );
    expect(output.replaceAll(/\s+/g, ' ')).toContain(words);
    const refs = execFileSync('git', ['for-each-ref'], { cwd: join(directory, 'acme', 'orbit') });
    expect(refs.toString().trim().split('\n')).toHaveLength(1);
  },
);
