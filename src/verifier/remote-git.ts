import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { gitPath } from '../gates/checkout/git-command.ts';
import { VerifierError } from './verifier-error.ts';

/** Where a repository is reached, and the headers that open it. */
export interface Remote {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RemoteGitOptions {
  readonly remote: Remote;
  readonly signal: AbortSignal;
  /** An empty directory, which is the home of git. */
  readonly home: string;
  readonly limits?: RemoteLimits;
}

export interface RemoteLimits {
  readonly timeoutMs: number;
  /** Bytes that a mirror may grow by in one fetch. */
  readonly bytes: number;
}

const remoteLimits: RemoteLimits = { timeoutMs: 120_000, bytes: 1024 ** 3 };

/** Interval at which the size is looked at; the limit can be exceeded for that long. */
const checkEveryMs = 250;
/** Maximum bytes of the list of refs, and of messages. */
const outputBytes = 16 * 1024 * 1024;

/** Settings for the network, beside those for a repository that is not trusted. They hold for the program that git starts, too. */
const settings: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.attributesFile', '/dev/null'],
  ['core.pager', 'cat'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['protocol.http.allow', 'always'],
  ['protocol.https.allow', 'always'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '30'],
  ['transfer.fsckObjects', 'true'],
  // Always a pack, which git puts in its place as a whole.
  ['fetch.unpackLimit', '1'],
  ['fetch.recurseSubmodules', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['safe.directory', '*'],
];

/**
 * Runs a git that reaches the network, on a repository of ours. Beside the one of the gates, which never does, it may
 * speak http and https to one address. Headers are in its environment alone: other users can read arguments, and a
 * file stays. Resolves with the output; throws a `VerifierError` for everything else.
 */
export async function remoteGit(
  directory: string,
  args: readonly string[],
  { remote, signal, home, limits = remoteLimits }: RemoteGitOptions,
): Promise<string> {
  const sizeBefore = await sizeOfObjects(directory);
  const enough = new AbortController();
  const watch = setInterval(() => {
    void sizeOfObjects(directory).then((size) => {
      if (size - sizeBefore > limits.bytes) enough.abort();
    });
  }, checkEveryMs);
  try {
    const result = await execa(await gitPath(), args, {
      cwd: directory,
      env: environment(remote, home),
      extendEnv: false,
      stdin: 'ignore',
      maxBuffer: outputBytes,
      timeout: limits.timeoutMs,
      cancelSignal: AbortSignal.any([signal, enough.signal]),
      killDescendants: true,
      reject: false,
    });
    const grown = (await sizeOfObjects(directory)) - sizeBefore;
    if (result.exitCode === 0 && grown <= limits.bytes) return result.stdout;
    await removeUnfinished(directory);
    signal.throwIfAborted();
    throw failure(result, {
      args,
      limits,
      tooLarge: enough.signal.aborted || grown > limits.bytes,
    });
  } finally {
    clearInterval(watch);
  }
}

function environment({ headers }: Remote, home: string): Record<string, string> {
  const all = [
    ...settings,
    ...Object.entries(headers).map(
      ([name, value]) => ['http.extraHeader', `${name}: ${value}`] as const,
    ),
  ];
  return {
    PATH: '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_PROTOCOL: 'version=2',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_CONFIG_COUNT: `${all.length}`,
    ...Object.fromEntries(
      all.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

interface Ended {
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly stderr?: string | undefined;
}

/** What git says when it does not reach the other side. */
const unreached =
  /Could not resolve|Failed to connect|Connection (refused|reset|timed out)|Empty reply|Operation too slow|returned error: 5\d\d|unexpected disconnect|early EOF|timed out/i;
const full = /No space left on device|Disk quota exceeded/i;

function failure(
  { timedOut, isMaxBuffer, stderr = '' }: Ended,
  {
    args,
    limits,
    tooLarge,
  }: {
    readonly args: readonly string[];
    readonly limits: RemoteLimits;
    readonly tooLarge: boolean;
  },
): VerifierError {
  const command = `git ${args[0] ?? ''}`;
  if (tooLarge)
    return new VerifierError('too_large', `${command} fetched more than ${limits.bytes} bytes.`);
  if (timedOut)
    return new VerifierError(
      'no_network',
      `${command} did not end within ${limits.timeoutMs / 1_000} s.`,
    );
  if (isMaxBuffer)
    return new VerifierError('too_large', `${command} wrote more than ${outputBytes} bytes.`);
  const words = stderr.trim().replace(/\s+/g, ' ').slice(0, 300);
  if (full.test(stderr)) return new VerifierError('no_space', `${command}: ${words}`);
  return new VerifierError(
    unreached.test(stderr) ? 'no_network' : 'git_failed',
    `${command} failed: ${words}`,
  );
}

const packs = 'objects/pack';

/** Bytes of all packs, finished or not. */
async function sizeOfObjects(directory: string): Promise<number> {
  const names = await readdir(join(directory, packs)).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(join(directory, packs, name)).catch(() => undefined);
      return stats?.size ?? 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What a git that was killed leaves behind. */
export async function removeUnfinished(directory: string): Promise<void> {
  const names = await readdir(join(directory, packs)).catch(() => []);
  for (const name of names)
    if (name.startsWith('tmp_') || name.startsWith('.tmp-'))
      await rm(join(directory, packs, name), { force: true });
}
