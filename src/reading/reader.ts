import { createHash } from 'node:crypto';

import type { AskFailure } from '../issue/warnings.ts';
import { answerFormat, answerSchema, answerVersion, type ModelAnswer } from './model/answer.ts';
import { groundAnswer } from './model/grounding.ts';
import { mergeAnswer } from './model/merge.ts';
import {
  modelQuestion,
  promptVersion,
  systemPrompt,
  userTurn,
  type KnownReference,
  type ModelQuestion,
} from './model/question.ts';
import { edgesToConfirm, withSecondOpinion } from './model/second-opinion.ts';
import { readOffline } from './offline-reading.ts';
import type { CodedText } from './known-issues.ts';
import type { TextReading } from './read-text.ts';
import type { IssueText, Reading } from '../issue/reading.ts';
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
  /** Maximum output tokens; the deadline of the call follows from it. */
  readonly answerTokens: number;
  /** A second opinion: a reading is complete without it, and its failure says nothing of the model asked first. */
  readonly optional?: boolean;
}

/** Access to Claude, and to the cache of its answers. */
export interface ClaudeDeps {
  readonly model: string;
  readonly fallbackModel: string;
  /** The fallback model is asked, too, about each blocker that the first model alone names. */
  readonly secondOpinion: boolean;
  readonly ask: (question: Question, signal: AbortSignal) => Promise<AskResult>;
  readonly recall: (key: string) => Promise<ModelAnswer | undefined>;
  readonly remember: (key: string, answer: ModelAnswer) => Promise<void>;
  /** What is known of these references (`#7`), for the question alone; without it nothing is. */
  readonly describe?: (
    issue: IssueText,
    refs: readonly string[],
  ) => Promise<ReadonlyMap<string, KnownReference>>;
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
  async function ask(
    model: string,
    question: ModelQuestion,
    signal: AbortSignal,
    optional = false,
  ) {
    const refs = question.references.map(({ ref }) => ref);
    const known = refs.length === 0 ? undefined : await claude.describe?.(question.issue, refs);
    const user = userTurn(question, known);
    const { answerTokens } = question;
    const asked = { model, system: systemPrompt, user, schema: answerSchema, answerTokens };
    return claude.ask({ ...asked, format: answerFormat(agentNames), optional }, signal);
  }

  function keyOf(models: readonly string[], question: ModelQuestion): string {
    return cacheKey(models, question.key, agentNames);
  }

  /** The cached answer of the model, or of the fallback model for a text that the model refused. */
  async function recalled(question: ModelQuestion): Promise<Answered | undefined> {
    for (const models of [[claude.model], [claude.model, claude.fallbackModel]]) {
      const answer = await claude.recall(keyOf(models, question));
      if (answer !== undefined) return { answer, model: models.at(-1) ?? claude.model };
    }
    return undefined;
  }

  async function asked(
    question: ModelQuestion,
    signal: AbortSignal,
  ): Promise<Answered | AskFailure> {
    let models = [claude.model];
    let result = await ask(claude.model, question, signal);
    if (result.kind === 'refused') {
      models = [claude.model, claude.fallbackModel];
      result = await ask(claude.fallbackModel, question, signal);
    }
    if (result.kind !== 'ok') return result.kind;
    const answer = groundAnswer(question, result.value);
    await claude.remember(keyOf(models, question), answer);
    return { answer, model: models.at(-1) ?? claude.model };
  }

  /** The answer of the fallback model about these references alone; undefined where it gives none. */
  async function secondAnswer(question: ModelQuestion, signal: AbortSignal) {
    const key = keyOf(['second opinion', claude.fallbackModel], question);
    const known = await claude.recall(key);
    if (known !== undefined) return known;
    const result = await ask(claude.fallbackModel, question, signal, true);
    if (result.kind !== 'ok') return undefined;
    const answer = groundAnswer(question, result.value);
    await claude.remember(key, answer);
    return answer;
  }

  return async function read(issue: CodedText, signal: AbortSignal): Promise<Reading> {
    const text = await readText(issue, signal);
    const { mentions } = text;
    const offline = readOffline(issue, agentNames, { text });
    // A text of which the grammar knows nothing has no references to ask about.
    if (offline.unreadable !== null) return offline;
    const question = modelQuestion({ issue, mentions, agentNames });
    const first = (await recalled(question)) ?? (await asked(question, signal));
    if (typeof first === 'string') return fallbackReading(offline, first, claude.asksAgain);
    const reading = mergeAnswer({ question, offline, ...first });
    const unsure = edgesToConfirm(issue, reading.dependencies);
    // A model is no second opinion on itself.
    if (!claude.secondOpinion || unsure.size === 0 || first.model === claude.fallbackModel)
      return reading;
    const again = modelQuestion({ issue, mentions, agentNames, only: unsure });
    const second = await secondAnswer(again, signal);
    return second === undefined ? reading : withSecondOpinion(issue, reading, second);
  };
}

/** An answer, grounded in the text, and the model that gave it. */
interface Answered {
  readonly answer: ModelAnswer;
  readonly model: string;
}

/**
 * Cache key of an answer. `models`: the models asked, in order; the last one answered. `question`: all that
 * it depends on, as one text.
 */
export function cacheKey(
  models: readonly string[],
  question: string,
  agentNames: readonly string[],
): string {
  const parts = [models, promptVersion, answerVersion, agentNames, question];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function fallbackReading(offline: Reading, failure: AskFailure, asksAgain: boolean): Reading {
  const warnings: Warning[] = [
    ...offline.warnings,
    { code: 'read_without_claude', params: { failure, asksAgain } },
  ];
  return { ...offline, outcome: 'fallback', reason: askFailureSentences[failure], warnings };
}
