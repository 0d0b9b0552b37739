import { createHash } from 'node:crypto';

import {
  answerFormat,
  answerSchema,
  answerVersion,
  mergeAnswer,
  modelQuestion,
  promptVersion,
  systemPrompt,
  type ModelAnswer,
} from '../issue/model-reading.ts';
import { readOffline } from '../issue/read-issue.ts';
import type { IssueText, Reading, Warning } from '../issue/reading.ts';

/** How asking a model ended; `ok` carries the answer, everything else is the reason of a fallback. */
export type Asked =
  | { readonly kind: 'ok'; readonly value: ModelAnswer }
  | {
      readonly kind:
        | 'refused'
        | 'truncated'
        | 'invalid'
        | 'rate_limited'
        | 'unavailable'
        | 'auth'
        | 'timeout'
        | 'budget';
    };

export interface Question {
  readonly model: string;
  readonly system: string;
  readonly user: string;
  readonly format: ReturnType<typeof answerFormat>;
  readonly schema: typeof answerSchema;
}

export interface ReaderDeps {
  readonly agentNames: readonly string[];
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
  async function recall(issue: IssueText): Promise<Reading> {
    const offline = readOffline(issue, deps.agentNames);
    const { text } = modelQuestion(issue);
    for (const model of [deps.model, deps.fallbackModel]) {
      const known = await deps.recall(cacheKey(model, text, deps.agentNames));
      if (known !== undefined)
        return mergeAnswer({ issue, offline, answer: known, model, agentNames: deps.agentNames });
    }
    return offline;
  }

  async function read(issue: IssueText, signal: AbortSignal): Promise<Reading> {
    const offline = readOffline(issue, deps.agentNames);
    const question = modelQuestion(issue);
    const warnings = question.cut ? [textCut] : [];
    const first = await answer(deps, deps.model, question.text, signal);
    const asked =
      first.kind === 'refused'
        ? await answer(deps, deps.fallbackModel, question.text, signal)
        : first;
    const model = first.kind === 'refused' ? deps.fallbackModel : deps.model;
    const reading =
      asked.kind === 'ok'
        ? mergeAnswer({ issue, offline, answer: asked.value, model, agentNames: deps.agentNames })
        : fallbackReading(offline, asked.kind);
    return { ...reading, warnings: [...reading.warnings, ...warnings] };
  }

  return { read, recall };
}

async function answer(
  deps: ReaderDeps,
  model: string,
  user: string,
  signal: AbortSignal,
): Promise<Asked> {
  const key = cacheKey(model, user, deps.agentNames);
  const known = await deps.recall(key);
  if (known !== undefined) return { kind: 'ok', value: known };
  const format = answerFormat(deps.agentNames);
  const question = { model, system: systemPrompt, user, format, schema: answerSchema };
  const asked = await deps.ask(question, signal);
  if (asked.kind === 'ok') await deps.remember(key, asked.value);
  return asked;
}

function cacheKey(model: string, user: string, agentNames: readonly string[]): string {
  const parts = [model, promptVersion, answerVersion, agentNames, user];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const reasons: Record<Exclude<Asked['kind'], 'ok'>, string> = {
  refused: 'Claude declined to read this text.',
  truncated: 'The answer of Claude was cut off.',
  invalid: 'Claude sent an answer that cannot be used.',
  rate_limited: 'Claude takes no more calls for now.',
  unavailable: 'Claude could not be reached.',
  auth: 'Claude refused the key: check ANTHROPIC_API_KEY.',
  timeout: 'Claude did not answer in time.',
  budget: 'The calls to Claude allowed in an hour are used up.',
};

function fallbackReading(offline: Reading, kind: Exclude<Asked['kind'], 'ok'>): Reading {
  const reason = reasons[kind];
  const text = `Read without Claude: ${reason} It is asked again later.`;
  const warnings = [...offline.warnings, { code: 'read_without_claude', text }];
  return { ...offline, outcome: 'fallback', reason, warnings };
}

const textCut: Warning = {
  code: 'model_text_cut',
  text: 'The text is longer than 32 KB: Claude was given its head and its tail.',
};
