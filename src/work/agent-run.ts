import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { CoordinatorError, describeError } from '../errors.ts';
import { killTree, type ProcessTree } from '../gates/process/process-tree.ts';
import type { Sandbox } from '../gates/process/sandbox.ts';
import type { Logger } from '../log.ts';
import type { AgentEnd, AgentExit, AgentReader } from './adapters/adapter.ts';
import { launchAgent, type AgentLaunch } from './agent-launch.ts';
import { createProgress, type AgentProgress } from './agent-progress.ts';
import { readLines } from './line-reader.ts';

export interface AgentRunRequest extends AgentLaunch {
  readonly onProgress: (progress: AgentProgress) => void;
  /** When the allowance comes back, where the forwarder saw it and the stream does not tell. */
  readonly limitedUntil?: () => number | undefined;
  readonly log: Logger;
  /** Time from SIGTERM to SIGKILL; 10 s by default. */
  readonly graceMs?: number;
  /** An agent that shows life is hung after this time without a line while no tool runs; 15 minutes by default. */
  readonly silenceMs?: number;
}

export interface RunningAgent {
  /** False when the agent does not hear while it runs, or its input is closed. */
  readonly say: (text: string) => boolean;
  /** The agent ends when its turn is over. Nothing can be said any more. */
  readonly closeInput: () => void;
  /** SIGTERM, after the grace SIGKILL of every process that it started. Resolves when none is left. */
  readonly stop: () => Promise<void>;
  /** Never rejects. Resolves when no process of the run is left. */
  readonly ended: Promise<AgentEnd>;
}

const graceMs = 10_000;
const silenceMs = 15 * 60_000;
/** Characters that an agent may write to standard output and error in one run. */
const outputLimit = 1024 * 1024 * 1024;
/** Characters of standard error that are kept for the end. */
const stderrLimit = 8_000;
/** Time for the last lines to arrive, once no process of the run is left to write any. */
const drainMs = 2_000;

/**
 * Starts an agent and reads its lines. However it ends, no process is left: not those that its shells started, and not
 * those that left with `setsid`. A problem of the start is an end, too.
 */
export function runAgent(request: AgentRunRequest): RunningAgent {
  const reader = request.adapter.createReader();
  try {
    return watchAgent(request, reader, launchAgent(request));
  } catch (error) {
    const startProblem = error instanceof CoordinatorError ? error.message : describeError(error);
    const end = reader.judge({ code: null, signal: null, stderr: '', startProblem });
    return {
      ...{ say: () => false, closeInput: () => undefined },
      ...{ stop: () => Promise.resolve(), ended: Promise.resolve(end) },
    };
  }
}

function watchAgent(
  request: AgentRunRequest,
  reader: AgentReader,
  { child, tree }: ReturnType<typeof launchAgent>,
): RunningAgent {
  const { adapter, log } = request;
  const progress = createProgress();
  let stopped: AgentExit['stopped'];
  let stopping: Promise<void> | undefined;
  let lingers = false;
  let stderr = '';
  let written = 0;

  let silence = adapter.can.showsLife
    ? setTimeout(suspect, request.silenceMs ?? silenceMs)
    : undefined;
  function suspect(): void {
    if (progress.toolRuns()) return;
    if (!progress.now().turnEnded) void end('hung');
    // One that waits for a message is not hung. One that can get none any more has done, and does not end.
    else if (child.stdin.writableEnded) {
      lingers = true;
      stopping ??= terminate();
    }
  }

  function count(text: string): void {
    written += text.length;
    if (written > outputLimit) void end('flooded');
  }
  readLines(child.stdout, (line) => {
    silence?.refresh();
    for (const event of reader.read(line)) {
      if (event.kind === 'notice') log.info({ notice: event.text }, 'notice of the agent');
      if (progress.apply(event)) tell();
    }
  });
  child.stdout.on('data', count);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    count(text);
    stderr = (stderr + text).slice(-stderrLimit);
  });

  function tell(): void {
    try {
      request.onProgress(progress.now());
    } catch (err) {
      log.error({ err }, 'the progress of an agent was not taken');
    }
  }

  const exit = Promise.withResolvers<Pick<AgentExit, 'code' | 'signal' | 'startProblem'>>();
  child.once('error', (error) =>
    exit.resolve({ code: null, signal: null, startProblem: describeError(error) }),
  );
  child.once('exit', (code, signal) => exit.resolve({ code, signal }));
  const closed = new Promise((resolve) => child.once('close', resolve));
  const ended = finish();

  async function finish(): Promise<AgentEnd> {
    const how = await exit.promise;
    clearTimeout(silence);
    silence = undefined;
    await killTree(tree);
    // Only a process that cannot be killed still holds the streams.
    const drained = new AbortController();
    await Promise.race([
      closed,
      delay(drainMs, undefined, { signal: drained.signal }).catch(() => undefined),
    ]);
    drained.abort();
    child.stdout.destroy();
    child.stderr.destroy();
    const told = lingers ? { code: 0, signal: null } : how;
    const judged = reader.judge({ ...told, stderr, stopped });
    const limitedUntil = judged.limitedUntil ?? request.limitedUntil?.();
    return judged.outcome === 'limited' ? { ...judged, limitedUntil } : judged;
  }

  function end(why: NonNullable<AgentExit['stopped']>): Promise<void> {
    stopped ??= why;
    stopping ??= terminate();
    return stopping;
  }

  async function terminate(): Promise<void> {
    child.stdin.end();
    askToEnd(tree, request.sandbox);
    const late = new AbortController();
    const deadline = delay(request.graceMs ?? graceMs, 'late', { signal: late.signal });
    const first = await Promise.race([exit.promise, deadline.catch(() => 'late')]);
    late.abort();
    if (first === 'late') {
      await killTree(tree);
      // One that even SIGKILL does not end, in the middle of a call to a disk that hangs, is not waited for.
      setTimeout(() => exit.resolve({ code: null, signal: 'SIGKILL' }), drainMs).unref();
    }
    await ended;
  }

  function write(text: string | undefined): boolean {
    if (text === undefined || !adapter.can.hearsWhileRunning || !child.stdin.writable) return false;
    progress.said();
    silence?.refresh();
    child.stdin.write(text);
    return true;
  }

  return {
    say: (text) => write(adapter.say?.(text)),
    closeInput() {
      child.stdin.end();
      silence?.refresh();
    },
    stop: () => end('stopped'),
    ended,
  };
}

/**
 * SIGTERM to all that the agent started. bwrap is left out: it would end at once, and with it, killed, all that runs in
 * it.
 */
function askToEnd(tree: ProcessTree, { mode }: Sandbox): void {
  if (mode !== 'bwrap') {
    tree.signal('SIGTERM');
    return;
  }
  for (const pid of tree.members()) if (nameOf(pid) !== 'bwrap') terminateProcess(pid);
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function terminateProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended by itself.
  }
}
