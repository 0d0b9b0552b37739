import { mkdir, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';
import { execa } from 'execa';
import semver from 'semver';

import { loadWorkConfig, type Environment } from '../../config.ts';
import { CoordinatorError, TryAgainLater } from '../../errors.ts';
import { gitPath } from '../../gates/checkout/git-command.ts';
import { authorOf } from '../../work/identity.ts';
import { createServiceClient } from '../../work/service-client.ts';
import { cloneUrlOf } from '../../work/workspace/clone-url.ts';
import { operatorGit } from '../../work/workspace/operator-git.ts';
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
import { widthOf, type Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { painter } from '../output.ts';
import { chooseAdapter, modelAccessOf } from './choose-adapter.ts';
import { workOptions, type WorkOptions } from './options.ts';
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
nothing. With --repo owner/name it asks the repository, as the runner will.

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
    ['git', () => checkGit(environment)],
    ['repository', () => checkRepository(options, io, signal)],
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

async function checkService(
  { url, token }: { readonly url: string; readonly token: string },
  signal: AbortSignal,
): Promise<Outcome> {
  const client = createServiceClient({ url, token, random: Math.random });
  try {
    await client.check(signal);
    return ok(`${url} answers, and takes the token.`);
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return error instanceof TryAgainLater
      ? broken(error.message, 'Start the coordinator, or correct COORDINATOR_URL.')
      : broken(
          error.message,
          'COORDINATOR_TOKEN must be a token of API_TOKENS with the role worker.',
        );
  } finally {
    await client.close();
  }
}

async function checkGit(environment: Environment): Promise<Outcome> {
  const { stdout } = await execa(await gitPath(), ['--version'], { timeout: timeoutMs });
  const version = semver.coerce(stdout);
  if (version === null || !semver.satisfies(version, `>=${minGit}`))
    return broken(`${stdout} is too old.`, `Install git ${minGit} or newer.`);
  const { name, email } = await authorOf(environment);
  return ok(`${stdout}; commits are by ${name} <${email}>.`);
}

async function checkRepository(
  { repo, cloneUrl }: WorkOptions,
  io: Io,
  signal: AbortSignal,
): Promise<Outcome> {
  const [name] = repo ?? [];
  const environment = io.environment();
  const gitea = environment['GITEA_URL'] ?? '';
  if (name === undefined || (cloneUrl === undefined && gitea === ''))
    return skipped(
      'Name a repository by --repo owner/name, with --clone-url or GITEA_URL, to try the credentials of git.',
    );
  const issue = { ref: `${name}#1`, url: `${gitea.replace(/\/+$/, '')}/${name}/issues/1` };
  const url = cloneUrlOf(issue, cloneUrl);
  const cure = `Try it yourself: git ls-remote ${url}. Give git a credential helper, or a key for ssh; nobody can type a password here.`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const heads = await operatorGit('/', ['ls-remote', '--', url, 'HEAD'], {
      environment,
      signal: limit,
    });
    if (heads === '') return warning(`${url} has no commit.`, 'Push a first commit.');
    return ok(`git can read ${url}. Whether it may push is seen at the first push.`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CoordinatorError) return broken(error.message, cure);
    return broken(`${url} does not answer.`, cure);
  }
}

async function checkAgent(
  options: WorkOptions,
  command: readonly string[],
  environment: Environment,
): Promise<Outcome> {
  const adapter = chooseAdapter(options, command);
  if (adapter.name === 'command') return ok(`The agent is ${command.join(' ')}.`);
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
