import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { IssueText } from '../issue/reading.ts';
import {
  knownByCodes,
  knownIssues,
  type CodedText,
  type KnownIssue,
  type KnownIssues,
} from './known-issues.ts';
import { readText, unreadableText, type TextReading } from './read-text.ts';
import { createTextThread, type TextQuestion } from './text-thread.ts';

export interface TextReaderOptions {
  readonly agentNames: readonly string[];
  readonly trackerUrl?: string | undefined;
  /** Module of the threads. */
  readonly entry?: URL;
  readonly deadlineMs?: number;
}

/**
 * Bounds of a text that is read at once, which costs the event loop at most about 10 ms: of 180 shapes of 2 KB
 * without references the dearest takes 10 ms (`bench -- reading`), and each reference in a sentence of its own
 * takes up to 0.3 ms.
 */
const maxLength = 2 * 1024;
const maxReferences = 24;
/** What looks like a reference: `#1`, `!1`, an address, a code. */
const reference = /[#!]\d|\/(?:issues|pulls?)\/\d|[A-Z\d]-\d/g;
/** Minimum length of a long text: the dearest of this length takes a tenth of a second. */
const longFrom = 64 * 1024;
/** Time after which a thread counts as hanging. */
const hangsAfterMs = 120_000;

/** Extension of this file: `.ts` in the source, `.js` in the build. `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));
const threadEntry = new URL(`./text-thread-main${extension}`, import.meta.url);

/** True for a text that takes long to read, and so must not hold what other issues wait for. */
export function isLongText({ title, body }: Pick<IssueText, 'title' | 'body'>): boolean {
  return title.length + body.length >= longFrom;
}

function isShort(text: string): boolean {
  return text.length < maxLength && (text.match(reference)?.length ?? 0) <= maxReferences;
}

/**
 * Reads texts without blocking this thread: all but the shortest in a worker thread, and long ones in a thread
 * of their own, behind which no other text waits. Rejects only when aborted.
 */
export function createTextReader(options: TextReaderOptions) {
  const { agentNames, trackerUrl, entry = threadEntry, deadlineMs = hangsAfterMs } = options;
  const thread = createTextThread({ entry, deadlineMs });
  const threadOfLong = createTextThread({ entry, deadlineMs });

  /** `known`: all issues of the tracker; without it no reference is dropped for being unknown. */
  return async function read(
    issue: CodedText,
    signal: AbortSignal,
    known?: readonly KnownIssue[],
  ): Promise<TextReading> {
    const { repository, number, title, body, bodyCut } = issue;
    const text = { repository, number, title, body, bodyCut, known: issue.known };
    const question = { issue: text, agentNames, trackerUrl, known };
    if (isShort(title) && isShort(body)) return answerTextQuestion(question);
    const answer = await (isLongText(issue) ? threadOfLong : thread).ask(question, signal);
    return typeof answer === 'string' ? unreadableText(answer) : answer;
  };
}

/** Reads a text, in a worker thread or in this one. */
export function answerTextQuestion({ issue, known, ...context }: TextQuestion): TextReading {
  return readText(issue, { ...context, known: trackerOf(issue, known) });
}

/** The whole tracker where it is listed, else the stored issues that the codes of the text name. */
function trackerOf(issue: CodedText, listed: TextQuestion['known']): KnownIssues | undefined {
  if (listed !== undefined) return knownIssues(listed);
  return issue.known && knownByCodes(issue.repository, issue.known);
}
