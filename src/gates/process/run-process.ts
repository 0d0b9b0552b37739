import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { execa } from 'execa';

import { describeError } from '../../errors.ts';
import { captureOutput, type CapturedOutput } from './captured-output.ts';
import { runMarker } from './environment.ts';
import type { ToolRun } from '../gate.ts';
import { createProcessTree, killTree, memoryOf, type ProcessTree } from './process-tree.ts';

export interface ProcessLimits {
  readonly outputBytes: number;
  readonly processes: number;
  /** Memory of all processes together; undefined for no limit. */
  readonly memoryBytes?: number | undefined;
}

export const processLimits: ProcessLimits = { outputBytes: 50 * 1024 * 1024, processes: 512 };

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** The whole environment: nothing is inherited. Contains the marker of the run. */
  readonly environment: Readonly<Record<string, string>>;
  /** A fresh private directory for the two streams. */
  readonly outputDirectory: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** True when a launcher starts the tool: it reports a fatal signal as exit code 128 + its number. */
  readonly signalsAsExitCodes?: boolean;
  readonly limits?: ProcessLimits;
}

/** Interval at which output and processes are counted; the limits can be exceeded for that long. */
const checkEveryMs = 100;
/** Time for a process to clean up after SIGTERM. */
const graceMs = 500;

type RunEnd = Pick<ToolRun, 'end' | 'exitCode'> & { readonly note?: string };

/**
 * Runs one command in a process group of its own. Never rejects. Settles at most 2 s after its deadline or
 * the abort, with every descendant killed, whether the command ended by itself or was ended.
 */
export async function runProcess(request: ProcessRequest): Promise<ToolRun> {
  const startedAt = Date.now();
  const started = performance.now();
  let texts = { stdout: '', stderr: '' };
  let runEnd: RunEnd;
  try {
    const output = captureOutput(request.outputDirectory);
    try {
      runEnd = await run(request, output);
    } finally {
      texts = output.finish();
    }
  } catch (error) {
    runEnd = withoutProcess(describeError(error));
  }
  const { end, exitCode, note } = runEnd;
  return {
    end,
    exitCode,
    stdout: texts.stdout,
    stderr: note === undefined ? texts.stderr : `${texts.stderr}\n${note}`.trimStart(),
    startedAt,
    durationMs: Math.round(performance.now() - started),
  };
}

/** A run that could not be started; `why` is a sentence. */
export function notStarted(why: string): ToolRun {
  const nothing = { exitCode: null, stdout: '', durationMs: 0 };
  return { end: 'not_started', ...nothing, stderr: why, startedAt: Date.now() };
}

function withoutProcess(note: string): RunEnd {
  return { end: 'not_started', exitCode: null, note };
}

async function run(request: ProcessRequest, output: CapturedOutput): Promise<RunEnd> {
  if (request.signal.aborted) return { end: 'cancelled', exitCode: null };
  const subprocess = execa(request.command, request.args, {
    cwd: request.directory,
    env: request.environment,
    extendEnv: false,
    stdin: 'ignore',
    stdout: output.stdout,
    stderr: output.stderr,
    reject: false,
    killDescendants: true,
  });
  const ended = subprocess.then((result) => result);
  if (subprocess.pid === undefined)
    return withoutProcess((await ended).originalMessage ?? 'The process could not be started.');

  const tree = createProcessTree(subprocess.pid, request.environment[runMarker] ?? '');
  const watch = watchLimits(request, { tree, output });
  const first = await Promise.race([ended, watch.exceeded]);
  watch.close();
  if ('limit' in first) {
    if (first.gently) await terminate(tree, ended);
    await killTree(tree);
    return { end: first.limit, exitCode: null, ...(first.note && { note: first.note }) };
  }
  await killTree(tree);
  const { signal, exitCode } = first;
  if (signal !== undefined || (request.signalsAsExitCodes && isFatal(exitCode)))
    return {
      end: 'killed',
      exitCode: null,
      note: `Killed by ${signal ?? `exit code ${exitCode ?? ''}`}.`,
    };
  if (exitCode === undefined) return withoutProcess(first.originalMessage ?? 'It did not start.');
  return { end: 'exited', exitCode };
}

/** A limit that the run exceeded. */
interface LimitBreach {
  readonly limit: 'timeout' | 'cancelled' | 'flooded';
  /** True to allow time for cleaning up; false for a process that uses up the machine. */
  readonly gently: boolean;
  readonly note?: string;
}

/** Resolves with the first limit that the run exceeds; watches until closed. */
function watchLimits(
  { signal, timeoutMs, limits = processLimits }: ProcessRequest,
  { tree, output }: { readonly tree: ProcessTree; readonly output: CapturedOutput },
) {
  const { promise, resolve } = Promise.withResolvers<LimitBreach>();
  const cancel = () => resolve({ limit: 'cancelled', gently: true });
  const deadline = setTimeout(() => resolve({ limit: 'timeout', gently: true }), timeoutMs);
  const check = setInterval(() => {
    if (output.size() > limits.outputBytes) flood(`wrote more than ${limits.outputBytes} bytes`);
    else {
      const members = tree.members();
      if (members.length > limits.processes)
        flood(`ran more than ${limits.processes} processes at once`);
      else if (limits.memoryBytes !== undefined && memoryOf(members) > limits.memoryBytes)
        flood(`used more than ${limits.memoryBytes} bytes of memory`);
    }
  }, checkEveryMs);
  function flood(what: string): void {
    resolve({ limit: 'flooded', gently: false, note: `Stopped: it ${what}.` });
  }
  signal.addEventListener('abort', cancel, { once: true });
  return {
    exceeded: promise,
    close() {
      clearTimeout(deadline);
      clearInterval(check);
      signal.removeEventListener('abort', cancel);
    },
  };
}

async function terminate(tree: ProcessTree, ended: Promise<unknown>): Promise<void> {
  tree.signal('SIGTERM');
  await Promise.race([ended, delay(graceMs)]);
}

/** A launcher (shell, bwrap) reports a signal that ended the tool as exit code 128 + its number. */
function isFatal(exitCode: number | undefined): boolean {
  const { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGKILL, SIGSEGV } = constants.signals;
  return [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGKILL, SIGSEGV].some(
    (signal) => exitCode === 128 + signal,
  );
}
