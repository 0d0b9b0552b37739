import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { knownByCodes, type CodedText, type KnownIssues } from './known-issues.ts';
import { readText, type TextReading } from './read-text.ts';
import type { Warning } from '../issue/warnings.ts';
import { readRawDeclarations } from './declarations/read-declarations.ts';
import { knownIssues, type KnownIssue } from './known-issues.ts';

/** Message to the thread: a text to read. */
export interface TextQuestion {
  readonly issue: CodedText;
  readonly agentNames: readonly string[];
  readonly trackerUrl: string | undefined;
  readonly known: readonly KnownIssue[] | undefined;
}

export interface TextThreadOptions {
  readonly agentNames: readonly string[];
  readonly trackerUrl?: string | undefined;
  /** All issues of the tracker; without it no reference is dropped for being unknown. */
  readonly known?: readonly KnownIssue[] | undefined;
  /** Minimum length of a text for the thread; a shorter one is read at once. */
  readonly longFrom?: number;
  readonly deadlineMs?: number;
}

/** Default of `longFrom`: shorter texts are read within milliseconds. */
const longText = 8 * 1024;
const deadline = 10_000;
/** Extension of this file: `.ts` in the source, `.js` in the build. `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));

/**
 * Reads texts without blocking this thread: a long one in a worker thread, which is terminated at the deadline.
 * Then only the template's lines are read, with a warning. Rejects only when aborted.
 */
export function createTextReader(options: TextThreadOptions) {
  const { agentNames, trackerUrl, known, longFrom = longText, deadlineMs = deadline } = options;
  /** Reads one long text at a time: each thread may take as much memory as the whole service. */
  let lastRead: Promise<unknown> = Promise.resolve();

  return async function read(issue: CodedText, signal: AbortSignal): Promise<TextReading> {
    const question = { issue, agentNames, trackerUrl, known };
    if (issue.body.length + issue.title.length < longFrom) return answerTextQuestion(question);
    const reading = lastRead.then(() => {
      signal.throwIfAborted();
      return readInThread(question, deadlineMs, signal);
    });
    lastRead = reading.catch(() => undefined);
    const read = await reading;
    signal.throwIfAborted();
    if (read !== undefined) return read;
    const declared = readRawDeclarations(issue.body, agentNames);
    return { mentions: [], declared, warnings: [textNotParsed] };
  };
}

/** Reads a text, in the worker thread or in this one. */
export function answerTextQuestion({ issue, known, ...context }: TextQuestion): TextReading {
  return readText(issue, { ...context, known: trackerOf(issue, known) });
}

/** The whole tracker where it is listed, else the stored issues that the codes of the text name. */
function trackerOf(issue: CodedText, listed: TextQuestion['known']): KnownIssues | undefined {
  if (listed !== undefined) return knownIssues(listed);
  return issue.known && knownByCodes(issue.repository, issue.known);
}

/** Reads in a worker thread; undefined when it fails or exceeds the deadline. */
async function readInThread(
  question: TextQuestion,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<TextReading | undefined> {
  const worker = new Worker(new URL(`./text-thread-main${extension}`, import.meta.url), {
    // The thread gets neither the secrets nor the options of the process.
    env: {},
    execArgv: [],
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  try {
    return await new Promise((resolve) => {
      const giveUp = () => resolve(undefined);
      worker.once('message', (reading: TextReading) => resolve(reading));
      worker.once('error', giveUp);
      worker.once('exit', giveUp);
      worker.postMessage(question);
      if (stop.aborted) giveUp();
      else stop.addEventListener('abort', giveUp, { once: true });
    });
  } finally {
    await worker.terminate();
  }
}

const textNotParsed: Warning = { code: 'text_not_parsed', params: {} };
