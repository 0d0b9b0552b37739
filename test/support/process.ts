import { spawn, type ChildProcess } from 'node:child_process';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { readEnvironment, type Environment } from '../../src/config.ts';
import { compileCache, mainPath } from './compile-cache.ts';
import { testEnvironment } from './service.ts';

/** The arguments that run `src/main.ts`, from any folder. */
export const mainArguments: readonly string[] = [mainPath];

/** Search path of programs. */
export const searchPath = readEnvironment()['PATH'] ?? '/usr/bin:/bin';

/** Maximum time that a child may take for any one thing. */
const deadlineMs = 60_000;
/** More output than any of these children writes. */
const outputLimit = 16 * 1024 * 1024;

export interface ChildOptions {
  /** The program; this Node by default. */
  readonly command?: string;
  readonly args: readonly string[];
  /** All the environment it gets, beside the search path and the compile cache. */
  readonly environment: Environment;
  /** Its working folder: one without a `.env`. */
  readonly directory: string;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process; it is killed, by its own id, when the test is over. */
export function startChild({ command, args, environment, directory }: ChildOptions) {
  const child = spawn(command ?? process.execPath, args, {
    cwd: directory,
    env: { PATH: searchPath, NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  let ended: ChildEnd | undefined;
  let failure: Error | undefined;
  function collect(stream: 'stdout' | 'stderr', text: string): void {
    output[stream] = (output[stream] + text).slice(-outputLimit);
    for (const watcher of [...watchers]) watcher();
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => collect('stdout', text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => collect('stderr', text));
  child.on('error', (error) => {
    failure = error;
    for (const watcher of [...watchers]) watcher();
  });
  child.on('close', (code, signal) => {
    ended = { code, signal };
    for (const watcher of [...watchers]) watcher();
  });
  onTestFinished(() => kill(child));

  /** Resolves with the first value `look` finds; looks again whenever the child says something. */
  function until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      function settle(finish: () => void): void {
        clearTimeout(timer);
        watchers.delete(watch);
        finish();
      }
      function giveUp(why: string): void {
        const said = `${output.stdout.slice(-2_000)}\n${output.stderr.slice(-2_000)}`;
        settle(() => reject(new Error(`${why} before ${what}. It said:\n${said}`)));
      }
      function watch(): void {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (failure !== undefined) giveUp(`The child failed (${failure.message})`);
        else if (ended !== undefined) giveUp('The child ended');
      }
      const timer = setTimeout(() => giveUp(`${deadlineMs} ms went by`), deadlineMs);
      watchers.add(watch);
      watch();
    });
  }

  return {
    pid: child.pid,
    output,
    until,
    /** Resolves when the process is gone and its streams are read to their end. */
    exit: () => until('it ended', () => ended),
    hasEnded: () => ended !== undefined,
    send: (signal: NodeJS.Signals) => child.kill(signal),
    /** Sends a signal and waits for the end. */
    kill: (signal: NodeJS.Signals) => {
      child.kill(signal);
      return until('it ended', () => ended);
    },
  };
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string().optional(),
  url: z.string().optional(),
});

/** The whole lines of a child's log so far. */
export function logLines(stdout: string) {
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

/** The real service in a process of its own, on a free port; resolves when it listens. */
export async function startServiceProcess(
  directory: string,
  env: Environment = {},
  args: readonly string[] = [],
) {
  const child = startChild({
    args: [...mainArguments, ...args],
    environment: testEnvironment(directory, env),
    directory,
  });
  const url = await startedAt(child);
  return { ...child, url };
}

/** The address in the line "coordinator started". */
export function startedAt({
  until,
  output,
}: Pick<ReturnType<typeof startChild>, 'until' | 'output'>) {
  return until('the service listened', () => {
    if (!output.stdout.includes('coordinator started')) return undefined;
    return logLines(output.stdout).find(({ msg }) => msg === 'coordinator started')?.url;
  });
}
