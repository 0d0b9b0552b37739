import { randomUUID } from 'node:crypto';

import type { Command } from 'commander';

import { loadWorkConfig } from '../../config.ts';
import { CoordinatorError } from '../../errors.ts';
import { takePlace } from '../../lib/places.ts';
import { createLogger } from '../../log.ts';
import { runAgent } from '../../work/agent-run.ts';
import { openForwarder } from '../../work/forwarder.ts';
import { authorOf } from '../../work/identity.ts';
import { endAgentLeftBehind, endGitLeftBehind } from '../../work/left-behind.ts';
import { runWork } from '../../work/runner.ts';
import { createServiceClient } from '../../work/service-client.ts';
import { createWorkspace } from '../../work/workspace/workspace.ts';
import type { Io } from '../io.ts';
import { listenForStop } from '../listen-for-stop.ts';
import { parseOptions } from '../options.ts';
import { exitCodes, runProgram } from '../program.ts';
import { chooseAdapter, filesAmong, modelAccessOf, modelOf } from './choose-adapter.ts';
import { directoryOf } from './directory.ts';
import { addWorkDoctor } from './doctor.ts';
import { workOptions, type WorkOptions } from './options.ts';
import { chooseSandbox } from './sandbox.ts';
import { openScreen } from './screen.ts';

const help = `
Reads COORDINATOR_URL and COORDINATOR_TOKEN (or COORDINATOR_TOKEN_FILE): a token with the role worker.
git fetches and pushes with your own credentials. Claude Code needs ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN,
Codex OPENAI_API_KEY, OpenCode ANTHROPIC_API_KEY (each also with _FILE), which the agent itself never sees.

  mosaic-coordinator work                       Claude Code, until Ctrl-C
  mosaic-coordinator work -- ./my-agent.sh      any program: the prompt on standard input, exit code 0 for done

An agent runs what its issue and the repository make it run. What each sandbox cannot hold back is in docs/work.md.`;

/** Time for what is under way to be saved after the first Ctrl-C; the second one ends at once. */
const stopMs = 120_000;

/** Adds `work`: takes issues, runs an agent on each, and hands in its commits. */
export function addWorkCommand(program: Command, io: Io, end: (exitCode: number) => void): void {
  const work = program
    .command('work')
    .description('run agents on issues, until stopped')
    .argument('[command...]', 'after --: the program that is the agent')
    .option('--agent <names>', 'only issues of these agents: sonnet,haiku', split)
    .option('--repo <names>', 'only issues of these repositories: acme/orbit,acme/pad', split)
    .option('--jobs <number>', 'issues that are worked on side by side (default: 1)')
    .option('--once', 'work on at most one issue a job: wait once for it, and end')
    .option('--adapter <name>', 'claude (the default), codex, opencode or command')
    .option('--model <id>', 'model of the agent (default: by the agent of the issue)')
    .option('--directory <dir>', 'for checkouts and agents (default: below ~/.local/share)')
    .option('--sandbox <mode>', 'auto (the default: bwrap, or an error), bwrap or none')
    .option(
      '--max-minutes <number>',
      'for one issue: then it goes back to the queue (default: 480)',
    )
    .option('--max-tokens <number>', 'the same')
    .option('--max-cost <usd>', 'the same, in US dollars')
    .option('--clone-url <template>', 'where to clone: git@git.example.org:{owner}/{repo}.git')
    .option('--allow-project-settings', 'let hooks and MCP servers of the repository run')
    .addHelpText('after', help)
    .action(async (command: readonly string[], given: unknown) => {
      const problem = await runAgents(io, command, parseOptions(workOptions, given));
      if (problem === undefined) return;
      io.stderr.write(`mosaic-coordinator: ${problem}\n`);
      end(exitCodes.failed);
    });
  addWorkDoctor(work, io, end);
}

function split(names: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...names.split(',')];
}

/** Resolves to what the operator has to do; undefined when the runner ended as it was told to. */
async function runAgents(
  io: Io,
  command: readonly string[],
  options: WorkOptions,
): Promise<string | undefined> {
  const environment = io.environment();
  const config = loadWorkConfig(environment);
  const { url, token, logLevel } = config;
  const adapter = chooseAdapter(options, command);
  const access = modelAccessOf(adapter, config);
  const screen = openScreen(io, Date.now);
  const log = createLogger(logLevel, screen);
  const abandon = new AbortController();
  const stop = listenForStop(
    io.signal,
    () => {
      log.info('stopping: the work goes back to the queue; Ctrl-C again ends at once');
      setTimeout(() => abandon.abort(), stopMs).unref();
    },
    () => abandon.abort(),
  );
  const client = createServiceClient({ url, token, random: Math.random });
  try {
    const sandbox = await chooseSandbox(options.sandbox, stop.signal);
    const place = await takePlace(directoryOf(options.directory, url));
    try {
      await endGitLeftBehind(place.path);
      const author = await authorOf(environment);
      const workspace = createWorkspace({ directory: place.path, environment, author, log });
      log.info(
        { url, adapter: adapter.name, sandbox: sandbox.mode, place: place.path },
        'waiting for issues',
      );
      return await runWork({
        deps: {
          ...{ client, workspace, adapter, runAgent, sandbox, environment, log },
          directory: place.path,
          readOnly: filesAmong(command),
          ...(access && { openModel: () => openForwarder({ ...access, now: Date.now, log }) }),
          modelOf: modelOf(options, adapter.name),
          projectSettings: options.allowProjectSettings,
          cloneUrl: options.cloneUrl,
          limits: {
            ...{ minutes: options.maxMinutes, tokens: options.maxTokens, costUsd: options.maxCost },
          },
          ...{ uuid: randomUUID, now: Date.now },
        },
        wish: { agents: options.agent, repositories: options.repo },
        ...{ jobs: options.jobs, once: options.once, endAgentLeftBehind, show: screen.show },
        ...{ stop: stop.signal, abandon: abandon.signal, random: Math.random },
      });
    } finally {
      await place.release();
    }
  } catch (error) {
    if (!stop.signal.aborted || error instanceof CoordinatorError) throw error;
    return undefined;
  } finally {
    stop.release();
    screen.close();
    await client.close();
  }
}

/** Runs a command line that begins with `work`, without loading what the service needs. */
export function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  return runProgram(args, io, ({ program, end }) => addWorkCommand(program, io, end));
}
