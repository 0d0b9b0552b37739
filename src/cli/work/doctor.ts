import { mkdir, statfs } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import type { Command } from 'commander';
import { execa } from 'execa';
import semver from 'semver';

import { loadWorkConfig, type Environment } from '../../config.ts';
import { CoordinatorError, TryAgainLater } from '../../errors.ts';
import { gitPath } from '../../gates/checkout/git-command.ts';
import { findProgram, missingProgram } from '../../work/agent-program.ts';
import { authorOf } from '../../work/identity.ts';
import { createServiceClient } from '../../work/service-client.ts';
import {
  broken,
  doctorExitCodes,
  hint,
  ok,
  skipped,
  verdictOf,
  warning,
  type DoctorFinding,
  type Outcome,
} from '../doctor/finding.ts';
import { renderFinding, renderVerdict } from '../doctor/render-finding.ts';
import { askHealth } from '../doctor/service.ts';
import { widthOf, type Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { painter } from '../output.ts';
import { chooseAdapter, modelAccessOf } from './choose-adapter.ts';
import { workOptions, type WorkOptions } from './options.ts';
import { checkRepository } from './repository-check.ts';
import { chooseSandbox } from './sandbox.ts';

/** Oldest git that can merge without files. */
const minGit = '2.38';
/** The agents that the runner knows: the package of npm, and the version whose lines and ends the adapter was made from. */
const knownAgents = {
  claude: { package: '@anthropic-ai/claude-code', seen: '2.1.332' },
  codex: { package: '@openai/codex', seen: '0.171.0' },
  opencode: { package: 'opencode-ai', seen: '1.18.33' },
} as const;
const timeoutMs = 20_000;
/** Free space below which checkouts of an ordinary project may not fit. */
const minFreeBytes = 5 * 1024 ** 3;

const help = `
Checks git and its credentials, the agent, the sandbox, the coordinator with the token, and the disk. It changes
nothing. With --repo owner/name it asks the repository, as the runner will, and whether a branch may be pushed: it
tries one that is no commit, which git refuses after the server has looked at the rights.

Exit codes: 0 everything is right, 1 there are warnings, 2 something is broken.`;

/** Adds `work doctor`. */
export function addWorkDoctor(work: Command, io: Io, end: (exitCode: number) => void): void {
  work
    .command('doctor')
    .description('check what agents need on this machine')
    .argument('[command...]', 'after --: the program that is the agent')
    .addHelpText('after', help)
    .action(async (command: readonly string[]) => {
      const options = parseOptions(workOptions, work.opts());
      end(await examine(io, options, command));
    });
}

async function examine(io: Io, options: WorkOptions, command: readonly string[]): Promise<number> {
  const signal = io.signal ?? new AbortController().signal;
  const environment = io.environment();
  const config = loadWorkConfig(environment);
  const style = { width: widthOf(io.stdout), paint: painter(io, io.stdout) };
  const findings: DoctorFinding[] = [];
  const checks: readonly (readonly [string, () => Outcome | Promise<Outcome>])[] = [
    ['coordinator', () => checkService(config, signal)],
    ['verifier', () => checkVerifier(config, signal)],
    ['git', () => checkGit(environment)],
    ['repository', () => checkRepository(options, { environment, signal })],
    ['agent', () => checkAgent(options, command, environment)],
    ['key', () => checkKey(options, command, config)],
    ['sandbox', () => checkSandbox(options, signal)],
    ['disk', () => checkDisk(options)],
  ];
  for (const [name, check] of checks) {
    signal.throwIfAborted();
    const outcome = await outcomeOf(check);
    findings.push({ name, ...outcome });
    io.stdout.write(`${renderFinding({ name, ...outcome }, style)}\n`);
  }
  io.stdout.write(`\n${renderVerdict(findings, style)}\n`);
  return doctorExitCodes[verdictOf(findings)];
}

async function outcomeOf(check: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return broken(error.message, 'See docs/work.md, and run the doctor again.');
  }
}

interface Address {
  readonly url: string;
  readonly token: string;
}

async function checkService({ url, token }: Address, signal: AbortSignal): Promise<Outcome> {
  const client = createServiceClient({ url, token, random: Math.random });
  try {
    await client.check(signal);
    return ok(`${url} answers, and takes the token.`);
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    if (error instanceof TryAgainLater)
      return broken(error.message, 'Start the coordinator, or correct COORDINATOR_URL.');
    if ((await askHealth({ url, token: undefined }, signal)) === 'foreign')
      return broken(
        `${url} answers, but is no coordinator.`,
        'Set COORDINATOR_URL to the address of the coordinator, not to that of Gitea.',
      );
    return broken(
      error.message,
      'COORDINATOR_TOKEN must be a token of API_TOKENS with the role worker.',
    );
  } finally {
    await client.close();
  }
}

/** Whether what agents complete is verified: else nobody tells them what to fix, and no pull request is opened. */
async function checkVerifier(address: Address, signal: AbortSignal): Promise<Outcome> {
  const answer = await askHealth(address, signal);
  const verification =
    typeof answer === 'object' && answer.kind === 'open'
      ? answer.health.checks.verification
      : undefined;
  if (verification === undefined)
    return skipped('The coordinator does not say whether commits are verified.');
  if (verification.status === 'off')
    return warning(
      'Commits are not verified: each issue waits for a person, without gates and pull request.',
      'Give the coordinator GITEA_TOKEN, and VERIFIERS above 0 or a verifier of its own. See docs/verification.md.',
    );
  if (verification.hint !== undefined)
    return warning(verification.hint, 'See docs/verification.md.');
  return ok('Commits are verified.');
}

async function checkGit(environment: Environment): Promise<Outcome> {
  const { stdout } = await execa(await gitPath(), ['--version'], { timeout: timeoutMs });
  const version = semver.coerce(stdout);
  if (version === null || !semver.satisfies(version, `>=${minGit}`))
    return broken(`${stdout} is too old.`, `Install git ${minGit} or newer.`);
  const { name, email } = await authorOf(environment);
  return ok(`${stdout}; commits are by ${name} <${email}>.`);
}

async function checkAgent(
  options: WorkOptions,
  command: readonly string[],
  environment: Environment,
): Promise<Outcome> {
  const adapter = chooseAdapter(options, command);
  if (adapter.name === 'command') return checkOwnAgent(command, environment);
  const result = await execa(adapter.name, ['--version'], {
    env: { PATH: environment['PATH'] ?? '', HOME: '/nonexistent' },
    extendEnv: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    reject: false,
  });
  const known = knownAgents[adapter.name];
  if (result.exitCode !== 0)
    return broken(
      `The program ${adapter.name} does not start: ${result.originalMessage ?? result.stderr.slice(-200)}`,
      `Install it: npm install --global ${known.package}`,
    );
  const version = semver.coerce(result.stdout)?.version ?? result.stdout.slice(0, 100);
  return version === known.seen
    ? ok(`${adapter.name} ${version}`)
    : hint(`${adapter.name} ${version}; the runner was tried with ${known.seen}.`);
}

/** A path is one below the working directory, as for the runner. */
function checkOwnAgent(command: readonly string[], environment: Environment): Outcome {
  const [program = ''] = command;
  const path = program.includes(sep) ? resolve(program) : program;
  if (findProgram(path, environment['PATH'] ?? '') !== undefined)
    return ok(`The agent is ${command.join(' ')}.`);
  const { problem, cure } = missingProgram(path);
  return broken(problem, cure);
}

function checkKey(
  options: WorkOptions,
  command: readonly string[],
  config: ReturnType<typeof loadWorkConfig>,
): Outcome {
  return modelAccessOf(chooseAdapter(options, command), config) === undefined
    ? skipped('An agent of your own has a key of its own.')
    : ok('The key of the model is set; agents never see it.');
}

async function checkSandbox({ sandbox }: WorkOptions, signal: AbortSignal): Promise<Outcome> {
  const { mode } = await chooseSandbox(sandbox, signal);
  return mode === 'none'
    ? warning(
        'Agents run without a sandbox: they can read and write all that you can.',
        'Install bubblewrap, and leave --sandbox none out.',
      )
    : ok(`Agents run in ${mode}.`);
}

async function checkDisk({ directory }: WorkOptions): Promise<Outcome> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const gigabytes = `${(free / 1024 ** 3).toFixed(1)} GiB`;
  return free < minFreeBytes
    ? warning(`Only ${gigabytes} are free in ${path}.`, 'Make room, or name another --directory.')
    : ok(`${gigabytes} are free in ${path}.`);
}
