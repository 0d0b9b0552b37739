import { access, constants } from 'node:fs/promises';

import { execa } from 'execa';

import { CoordinatorError } from '../../errors.ts';

/** Paths of git. No search path is used, because the checkout could influence it. */
const gitPaths = ['/usr/bin/git', '/usr/local/bin/git', '/opt/homebrew/bin/git', '/bin/git'];

/** Default timeout of one command: listing a large repository takes less. The gate's own deadline may come earlier. */
const deadlineMs = 60_000;

/**
 * Settings that override the repository's own configuration, which an attacker may have written: it must not
 * start a program, reach a network or choose other files. So the owner of the directory does not matter.
 */
const hardening = [
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.pager=cat',
  'core.quotePath=false',
  'protocol.allow=never',
  'safe.directory=*',
].flatMap((setting) => ['-c', setting]);

const environment = {
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
};

export interface GitOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly input?: string | Uint8Array;
  /** Variables beside the fixed ones: another index, more objects. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** In a session of its own, which Ctrl-C does not reach; the caller ends it by the signal. */
  readonly apart?: boolean;
}

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git by its absolute path on a repository that is not trusted. Rejects when git is missing, writes
 * more than `maxBytes`, hangs or dies; an exit code of any kind is an answer.
 */
export async function git(
  directory: string,
  args: readonly string[],
  { signal, maxBytes, input, variables, timeoutMs = deadlineMs, apart = false }: GitOptions,
): Promise<GitOutput> {
  const result = await execa(await gitPath(), ['--no-pager', ...hardening, ...args], {
    cwd: directory,
    env: { ...environment, ...variables },
    extendEnv: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: maxBytes,
    timeout: timeoutMs,
    cancelSignal: signal,
    killDescendants: true,
    detached: apart,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  signal.throwIfAborted();
  const command = `git ${args[0] ?? ''}`;
  if (result.timedOut) {
    throw new CoordinatorError('git_timeout', `${command} did not end in ${timeoutMs / 1000} s`);
  }
  if (result.isMaxBuffer) {
    throw new CoordinatorError('git_flooded', `${command} wrote more than ${maxBytes} bytes`);
  }
  if (result.exitCode === undefined) {
    throw new CoordinatorError('git_died', `${command} did not end by itself`, {
      cause: result.cause,
    });
  }
  return {
    exitCode: result.exitCode,
    stdout: Buffer.from(result.stdout),
    stderr: Buffer.from(result.stderr).toString('utf8').trim(),
  };
}

/** The absolute path of git; rejects when there is none. */
export async function gitPath(): Promise<string> {
  for (const path of gitPaths) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Try the next path.
    }
  }
  throw new CoordinatorError(
    'git_missing',
    `git is missing, install it: there is none of ${gitPaths.join(', ')}`,
  );
}
