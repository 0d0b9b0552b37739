import { createHash } from 'node:crypto';

import type { AskFailure } from '../issue/warnings.ts';
import { groundAnswer } from './model/grounding.ts';
import { mergeAnswer } from './model/merge.ts';
import {
  answerFormat,
  answerSchema,
  answerVersion,
  modelQuestion,
  promptVersion,
  systemPrompt,
  type ModelAnswer,
} from './model/question.ts';
import { readOffline } from './offline-reading.ts';
import type { CodedText } from './known-issues.ts';
import type { TextReading } from './read-text.ts';
import type { Reading } from '../issue/reading.ts';
import { askFailureSentences } from '../issue/warning-sentences.ts';
import type { Warning } from '../issue/warnings.ts';

/** Result of asking a model; `ok` carries the answer, every other kind is the reason of a fallback. */
export type AskResult =
  { readonly kind: 'ok'; readonly value: ModelAnswer } | { readonly kind: AskFailure };

export interface Question {
  readonly model: string;
  readonly system: string;
  readonly user: string;
  readonly format: ReturnType<typeof answerFormat>;
  readonly schema: typeof answerSchema;
}

/** Access to Claude, and to the cache of its answers. */
export interface ClaudeDeps {
  readonly model: string;
  readonly fallbackModel: string;
  readonly ask: (question: Question, signal: AbortSignal) => Promise<AskResult>;
  readonly recall: (key: string) => Promise<ModelAnswer | undefined>;
  readonly remember: (key: string, answer: ModelAnswer) => Promise<void>;
  /** True when a text read without Claude will be read again. */
  readonly asksAgain: boolean;
}

export interface ReaderDeps {
  readonly agentNames: readonly string[];
  /** Reads the text with the grammar; rejects only when aborted. */
  readonly readText: (issue: CodedText, signal: AbortSignal) => Promise<TextReading>;
  /** Without it the text alone is read. */
  readonly claude: ClaudeDeps | undefined;
}

export type ReadIssue = (issue: CodedText, signal: AbortSignal) => Promise<Reading>;

/**
 * Reads an issue with the grammar first and Claude, where it is configured, second. Answers are cached by
 * content, so an unchanged text costs no second call. A failure is not cached; its reading has the outcome
 * `fallback`.
 */
export function createReader({ agentNames, readText, claude }: ReaderDeps): ReadIssue {
  if (claude !== undefined) return createClaudeReader({ agentNames, readText, claude });
  return async (issue, signal) =>
    readOffline(issue, agentNames, { text: await readText(issue, signal) });
}

interface ClaudeReaderDeps extends ReaderDeps {
  readonly claude: ClaudeDeps;
}

function createClaudeReader({ agentNames, readText, claude }: ClaudeReaderDeps): ReadIssue {
  /** Reads the text without the model, and builds the question about it. */
  async function prepare(issue: CodedText, signal: AbortSignal) {
    const text = await readText(issue, signal);
    const { mentions } = text;
    const question = modelQuestion({ issue, mentions, agentNames });
    return { issue, mentions, question, offline: readOffline(issue, agentNames, { text }) };
  }
  type Prepared = Awaited<ReturnType<typeof prepare>>;

  /** The cached answer of the model, or of the fallback model for a text that the model refused. */
  async function recalled(prepared: Prepared): Promise<Reading | undefined> {
    for (const models of [[claude.model], [claude.model, claude.fallbackModel]]) {
      const answer = await claude.recall(cacheKey(models, prepared.question.text, agentNames));
      if (answer !== undefined) return merged(prepared, answer, models);
    }
    return undefined;
  }

  function ask(model: string, { question }: Prepared, signal: AbortSignal): Promise<AskResult> {
    const format = answerFormat(agentNames);
    const { text: user } = question;
    return claude.ask({ model, system: systemPrompt, user, format, schema: answerSchema }, signal);
  }

  function merged(prepared: Prepared, answer: ModelAnswer, models: readonly string[]): Reading {
    const model = models.at(-1) ?? claude.model;
    const reading = mergeAnswer({ ...prepared, answer, model, agentNames });
    const { cut } = prepared.question;
    return cut ? { ...reading, warnings: [...reading.warnings, textCut] } : reading;
  }

  return async function read(issue: CodedText, signal: AbortSignal): Promise<Reading> {
    const prepared = await prepare(issue, signal);
    // A text of which the grammar knows nothing has no references to ask about.
    if (prepared.offline.unreadable !== null) return prepared.offline;
    const known = await recalled(prepared);
    if (known !== undefined) return known;
    let models = [claude.model];
    let asked = await ask(claude.model, prepared, signal);
    if (asked.kind === 'refused') {
      models = [claude.model, claude.fallbackModel];
      asked = await ask(claude.fallbackModel, prepared, signal);
    }
    if (asked.kind !== 'ok') return fallbackReading(prepared.offline, asked.kind, claude.asksAgain);
    const answer = groundAnswer(prepared, asked.value, agentNames);
    await claude.remember(cacheKey(models, prepared.question.text, agentNames), answer);
    return merged(prepared, answer, models);
  };
}

/**
 * Cache key of an answer. `models`: the models asked, in order; the last one answered. `user`: the user turn
 * of the question.
 */
export function cacheKey(
  models: readonly string[],
  user: string,
  agentNames: readonly string[],
): string {
  const parts = [models, promptVersion, answerVersion, agentNames, user];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function fallbackReading(offline: Reading, failure: AskFailure, asksAgain: boolean): Reading {
  const warnings: Warning[] = [
    ...offline.warnings,
    { code: 'read_without_claude', params: { failure, asksAgain } },
  ];
  return { ...offline, outcome: 'fallback', reason: askFailureSentences[failure], warnings };
}

const textCut: Warning = { code: 'model_text_cut', params: {} };
