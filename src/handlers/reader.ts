import { createHash } from 'node:crypto';

import {
  answerFormat,
  answerSchema,
  answerVersion,
  groundAnswer,
  mergeAnswer,
  modelQuestion,
  promptVersion,
  systemPrompt,
  type AskFailure,
  type ModelAnswer,
} from '../issue/model-reading.ts';
import type { IssueText, Reading, Warning } from '../issue/reading.ts';

/** How asking a model ended; `ok` carries the answer, everything else is the reason of a fallback. */
export type Asked =
  { readonly kind: 'ok'; readonly value: ModelAnswer } | { readonly kind: AskFailure };

export interface Question {
  readonly model: string;
  readonly system: string;
  readonly user: string;
  readonly format: ReturnType<typeof answerFormat>;
  readonly schema: typeof answerSchema;
}

export interface ReaderDeps {
  readonly agentNames: readonly string[];
  readonly readOffline: (issue: IssueText, signal: AbortSignal) => Promise<Reading>;
  readonly model: string;
  readonly fallbackModel: string;
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Asked>;
  readonly recall: (key: string) => Promise<ModelAnswer | undefined>;
  readonly remember: (key: string, answer: ModelAnswer) => Promise<void>;
}

/**
 * Reads an issue with the grammar first and Claude second. An answer is kept by content, so an unchanged
 * text costs no second call; a failure is not kept, and leaves a reading that says so (`fallback`).
 */
export function createReader(deps: ReaderDeps) {
  const { agentNames } = deps;

  /** The kept answer of the model, or of the fallback model for a text the model refused. */
  async function recalled(
    issue: IssueText,
    question: ModelQuestion,
    signal: AbortSignal,
  ): Promise<Reading | undefined> {
    for (const models of [[deps.model], [deps.model, deps.fallbackModel]]) {
      const answer = await deps.recall(cacheKey(models, question.text, agentNames));
      if (answer !== undefined) return merged(issue, question, { answer, models, signal });
    }
    return undefined;
  }

  function ask(model: string, { text }: ModelQuestion, signal: AbortSignal): Promise<Asked> {
    const format = answerFormat(agentNames);
    const question = { model, system: systemPrompt, user: text, format, schema: answerSchema };
    return deps.ask(question, signal);
  }

  async function merged(
    issue: IssueText,
    { cut }: ModelQuestion,
    { answer, models, signal }: Answered,
  ): Promise<Reading> {
    const offline = await deps.readOffline(issue, signal);
    const model = models.at(-1) ?? deps.model;
    const reading = mergeAnswer({ issue, offline, answer, model, agentNames });
    return cut ? { ...reading, warnings: [...reading.warnings, textCut] } : reading;
  }

  return async function read(issue: IssueText, signal: AbortSignal): Promise<Reading> {
    const question = modelQuestion(issue);
    const known = await recalled(issue, question, signal);
    if (known !== undefined) return known;
    let models = [deps.model];
    let asked = await ask(deps.model, question, signal);
    if (asked.kind === 'refused') {
      models = [deps.model, deps.fallbackModel];
      asked = await ask(deps.fallbackModel, question, signal);
    }
    if (asked.kind !== 'ok')
      return fallbackReading(await deps.readOffline(issue, signal), asked.kind);
    const answer = groundAnswer(issue, asked.value, agentNames);
    await deps.remember(cacheKey(models, question.text, agentNames), answer);
    return merged(issue, question, { answer, models, signal });
  };
}

/** An answer, and the models asked for it in order: it is the last one's. */
interface Answered {
  readonly answer: ModelAnswer;
  readonly models: readonly string[];
  readonly signal: AbortSignal;
}

type ModelQuestion = ReturnType<typeof modelQuestion>;

/**
 * What an answer is kept under. `models`: those asked, in order, the answer is the last one's; `user`: the
 * user turn of the question.
 */
export function cacheKey(
  models: readonly string[],
  user: string,
  agentNames: readonly string[],
): string {
  const parts = [models, promptVersion, answerVersion, agentNames, user];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const reasons: Record<AskFailure, string> = {
  refused: 'Claude declined to read this text.',
  truncated: 'The answer of Claude was cut off.',
  invalid: 'Claude sent an answer that cannot be used.',
  rate_limited: 'Claude takes no more calls for now.',
  unavailable: 'Claude could not be reached.',
  auth: 'Claude refused the key: check ANTHROPIC_API_KEY.',
  timeout: 'Claude did not answer in time.',
  budget: 'The calls to Claude allowed in an hour are used up.',
};

function fallbackReading(offline: Reading, kind: AskFailure): Reading {
  const reason = reasons[kind];
  const text = `Read without Claude: ${reason} It is asked again later.`;
  const warnings = [...offline.warnings, { code: 'read_without_claude', text }];
  return { ...offline, outcome: 'fallback', reason, warnings };
}

const textCut: Warning = {
  code: 'model_text_cut',
  text: 'The text is longer than 32 KB: Claude was given its head and its tail.',
};
