import { Worker } from 'node:worker_threads';

import { threadEnvironment } from '../lib/thread-environment.ts';
import type { CodedText, KnownIssue } from './known-issues.ts';
import type { TextReading } from './read-text.ts';

/** Message to the thread: a text to read. */
export interface TextQuestion {
  readonly issue: CodedText;
  readonly agentNames: readonly string[];
  readonly trackerUrl: string | undefined;
  /** All issues of the tracker, where they are listed. */
  readonly known: readonly KnownIssue[] | undefined;
}

export interface TextThreadOptions {
  /** Module that answers each `TextQuestion` that it gets with a `TextReading`. */
  readonly entry: URL;
  readonly deadlineMs: number;
}

/** How a question ended without an answer. */
export type NoAnswer = 'time' | 'failed';

/** Lifetime of a thread without work: long enough for the issues of one storm, short for the memory it holds. */
const idleMs = 10_000;
/** Maximum heap of a thread in MB. The dearest text of a million characters that is known takes a third. */
const heapLimit = 768;

/**
 * One worker thread that reads one text at a time; it starts with the first one and ends when nothing comes.
 * The deadline is there for a thread that hangs: what a text may cost is limited by steps. Rejects only when
 * aborted.
 */
export function createTextThread({ entry, deadlineMs }: TextThreadOptions) {
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function ask(question: TextQuestion, signal: AbortSignal): Promise<TextReading | NoAnswer> {
    const answer = last.then(() => {
      signal.throwIfAborted();
      return answerOf(question, signal);
    });
    last = answer.catch(() => undefined);
    return answer;
  }

  async function answerOf(
    question: TextQuestion,
    signal: AbortSignal,
  ): Promise<TextReading | NoAnswer> {
    clearTimeout(idle);
    const thread = (worker ??= start());
    thread.ref();
    const deadline = AbortSignal.timeout(deadlineMs);
    const ended = new AbortController();
    try {
      const answer = await new Promise<TextReading | NoAnswer | 'stopped'>((resolve) => {
        const once = { once: true, signal: ended.signal };
        const failed = () => resolve('failed');
        thread.once('message', resolve).once('error', failed).once('exit', failed);
        ended.signal.addEventListener('abort', () => {
          thread.off('message', resolve).off('error', failed).off('exit', failed);
        });
        deadline.addEventListener('abort', () => resolve('time'), once);
        signal.addEventListener('abort', () => resolve('stopped'), once);
        thread.postMessage(question);
      });
      if (typeof answer === 'string') await end(thread);
      signal.throwIfAborted();
      return answer === 'stopped' ? 'failed' : answer;
    } finally {
      ended.abort();
      thread.unref();
      idle = setTimeout(() => void (worker && end(worker)), idleMs).unref();
    }
  }

  function start(): Worker {
    return new Worker(entry, {
      // The thread gets neither the secrets nor the options of the process.
      env: threadEnvironment(),
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapLimit },
    });
  }

  async function end(thread: Worker): Promise<void> {
    if (worker === thread) worker = undefined;
    await thread.terminate();
  }

  return { ask };
}
