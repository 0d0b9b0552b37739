import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { createProcessTree } from '../../src/gates/process/process-tree.ts';
import { openSandbox } from '../../src/gates/process/sandbox.ts';
import { createLogger } from '../../src/log.ts';
import { createClaude } from '../../src/work/adapters/claude.ts';
import type { AgentProgress } from '../../src/work/agent-progress.ts';
import { runAgent, type AgentRunRequest } from '../../src/work/agent-run.ts';
import { endAgentLeftBehind } from '../../src/work/left-behind.ts';
import { searchPath } from '../support/process.ts';
import { temporaryDirectory } from '../support/service.ts';

const recorded = readFileSync(
  new URL('../fixtures/claude-code/stream-fix-and-commit.jsonl', import.meta.url),
  'utf8',
);
const lines = recorded.trimEnd().split('\n');
const result = lines.at(-1) ?? '';

const { signal } = new AbortController();
const withoutSandbox = await openSandbox('none', { privateDirectory: tmpdir(), signal });

/** Starts a script in the place of Claude Code; afterwards none of its processes may be left. */
function startScript(script: string, options: Partial<AgentRunRequest> = {}) {
  const directory = temporaryDirectory();
  const home = join(directory, 'home');
  const worktree = join(directory, 'worktree');
  for (const folder of [home, worktree]) mkdirSync(folder);
  const program = join(directory, 'agent.cjs');
  writeFileSync(
    program,
    `#!${process.execPath}\nconst lines = ${JSON.stringify(lines)};\n${script}`,
  );
  chmodSync(program, 0o755);
  const marker = randomUUID();
  const tree = createProcessTree(undefined, marker);
  const seen: AgentProgress[] = [];
  const waiting: (() => void)[] = [];
  const running = runAgent({
    adapter: createClaude({ program }),
    start: { prompt: 'Fix it.', home, directory: worktree, resume: false },
    ...{ marker, environment: {}, inherited: { PATH: searchPath }, sandbox: withoutSandbox },
    ...{ writable: [], readOnly: [], graceMs: 200, silenceMs: 20_000 },
    log: createLogger('error', { write: () => undefined }),
    onProgress(progress) {
      seen.push(progress);
      for (const wake of waiting) wake();
    },
    ...options,
  });
  onTestFinished(async () => {
    await running.stop();
    expect(tree.members()).toEqual([]);
  });
  return {
    ...{ running, seen, home, marker, tree },
    /** Resolves with the first progress that fits. */
    until: async (fits: (progress: AgentProgress) => boolean): Promise<AgentProgress> => {
      for (;;) {
        const found = seen.find(fits);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

/** Speaks lines of the recording. */
const speak = (from: number, to?: number) =>
  `for (const line of lines.slice(${from}, ${to ?? 'undefined'})) console.log(line);`;
/** Starts a program in a session of its own, which ignores SIGTERM and goes on for ever. */
const escapee = `require('node:child_process').spawn(process.execPath,
  ['--eval', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { detached: true, stdio: 'inherit' }).unref();`;
const forEver = 'setInterval(() => {}, 1000);';

test('tells how far an agent is, and how it ended', async () => {
  const { running, seen } = startScript(speak(0));
  const end = await running.ended;
  expect(end.outcome).toBe('completed');
  expect(seen.at(-1)).toMatchObject({
    ...{ session: end.session, used: 30_000, window: 1_000_000, tool: 'Bash', turnEnded: true },
  });
});

test('gives the prompt on standard input, and later messages, until the input is closed', async () => {
  const { running, until } = startScript(`
    const input = require('node:readline').createInterface({ input: process.stdin });
    const said = [];
    input.on('line', (line) => {
      said.push(JSON.parse(line).message.content[0].text);
      ${speak(0, 1)}
      console.log(JSON.stringify({ ...JSON.parse(lines.at(-1)), result: said.join(' | ') }));
    });`);
  await until(({ turnEnded }) => turnEnded);
  expect(running.say('Hand over.')).toBe(true);
  running.closeInput();
  expect(running.say('Too late.')).toBe(false);
  const end = await running.ended;
  expect(end).toMatchObject({ outcome: 'completed', text: 'Fix it. | Hand over.' });
});

test('stops an agent that ignores SIGTERM, with a process that left its session', async () => {
  const { running, until, tree } = startScript(
    `process.on('SIGTERM', () => {}); ${escapee} ${speak(0, 2)} ${forEver}`,
  );
  await until(({ used }) => used !== undefined);
  expect(tree.members()).toHaveLength(2);
  await running.stop();
  expect(tree.members()).toEqual([]);
  expect((await running.ended).outcome).toBe('killed');
});

test('leaves nothing behind when the agent ends by itself', async () => {
  const { running, tree } = startScript(`${escapee} ${speak(0)}`);
  expect((await running.ended).outcome).toBe('completed');
  expect(tree.members()).toEqual([]);
});

test('ends what a dead runner left behind, by its marker alone', async () => {
  const { marker, until, tree, running } = startScript(`${escapee} ${speak(0, 2)} ${forEver}`);
  await until(({ used }) => used !== undefined);
  expect(await endAgentLeftBehind(marker)).toBe(2);
  expect(tree.members()).toEqual([]);
  expect((await running.ended).outcome).toBe('killed');
});

test('an agent without a sign of life is stopped, but not while a tool runs', async () => {
  const silent = startScript(`${speak(0, 1)} ${forEver}`, { silenceMs: 300 });
  const end = await silent.running.ended;
  expect(end.outcome).toBe('killed');
  expect(end.message).toContain('no sign of life');

  const busy = startScript(
    `${speak(0, 3)} setTimeout(() => { ${speak(3)} process.exit() }, 900);`,
    {
      silenceMs: 300,
    },
  );
  expect((await busy.running.ended).outcome).toBe('completed');
});

test('an agent that has said its last words and does not end is ended, and has done its work', async () => {
  const { running, until } = startScript(`${speak(0)} ${escapee} ${forEver}`, { silenceMs: 3_000 });
  await until(({ turnEnded }) => turnEnded);
  running.closeInput();
  expect((await running.ended).outcome).toBe('completed');
});

test('says what is missing when the agent does not start', async () => {
  const { running } = startScript('', { adapter: createClaude({ program: 'no-such-agent' }) });
  const end = await running.ended;
  expect(end.outcome).toBe('setup_fault');
  expect(end.message).toContain('There is no program no-such-agent');
  expect(running.say('Hello?')).toBe(false);
});

test('the end of a limit that only the forwarder saw is told', async () => {
  const limited = { is_error: true, terminal_reason: 'api_error', api_error_status: 429 };
  const line = JSON.stringify({ ...JSON.parse(result), ...limited });
  const script = `console.log(${JSON.stringify(line)}); process.exitCode = 1;`;
  const { running } = startScript(script, { limitedUntil: () => 1_234 });
  expect(await running.ended).toMatchObject({ outcome: 'limited', limitedUntil: 1_234 });
});

test('no secret of the runner is in environment, arguments or files of the agent', async () => {
  const canary = 'canary-7f3a';
  const secrets = [
    ...['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'OPENAI_API_KEY'],
    ...['COORDINATOR_TOKEN', 'CLAIM_TOKEN', 'GITEA_TOKEN', 'GIT_ASKPASS', 'SSH_AUTH_SOCK'],
    ...['AWS_SECRET_ACCESS_KEY', 'NPM_TOKEN', 'NODE_OPTIONS', 'HTTPS_PROXY'],
  ];
  const { running, home } = startScript(
    `const fs = require('node:fs');
     const proc = ['environ', 'cmdline'].map((name) => fs.readFileSync('/proc/self/' + name, 'utf8'));
     fs.writeFileSync(process.env.HOME + '/seen.json', JSON.stringify(proc)); ${speak(0)}`,
    {
      inherited: {
        ...Object.fromEntries(secrets.map((name) => [name, `http://user:${canary}@host`])),
        ...{
          PATH: searchPath,
          LANG: 'C.UTF-8',
          HOME: '/home/operator',
          http_proxy: 'http://proxy',
        },
      },
      environment: { MOSAIC_ISSUE: 'acme/orbit#12' },
    },
  );
  expect((await running.ended).outcome).toBe('completed');
  const seen = readFileSync(join(home, 'seen.json'), 'utf8');
  expect(seen).not.toContain(canary);
  for (const text of [`HOME=${home}`, 'MOSAIC_ISSUE=acme/orbit#12', 'LANG=C.UTF-8', 'http_proxy='])
    expect(seen).toContain(text);
  expect(seen).toContain('NO_PROXY=127.0.0.1,localhost');
});

const bwrap = await openSandbox('bwrap', { privateDirectory: tmpdir(), signal }).catch(
  () => undefined,
);

test.skipIf(bwrap === undefined)(
  'in a sandbox it sees its own folders, and has time to end',
  async () => {
    const { running, until, home } = startScript(
      `const fs = require('node:fs');
     fs.writeFileSync(process.env.HOME + '/seen', String(fs.existsSync(${JSON.stringify(import.meta.filename)})));
     process.on('SIGTERM', () => { console.log(lines.at(-1)); process.exit(7); });
     ${escapee} ${speak(0, 2)} ${forEver}`,
      bwrap === undefined ? {} : { sandbox: bwrap, graceMs: 5_000 },
    );
    await until(({ used }) => used !== undefined);
    await running.stop();
    expect((await running.ended).text).toContain('Fixed');
    expect(readFileSync(join(home, 'seen'), 'utf8')).toBe('false');
  },
);
