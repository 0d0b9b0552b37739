import { z } from 'zod';

import { difficulties } from '../../issue/difficulty.ts';
import { documentationLevels, levels } from '../../issue/factors.ts';

/** Version of the schema. Raise it with every change: stored answers of older versions no longer fit. */
export const answerVersion = 4;

const minTokens = 1_000;
const maxTokens = 1_000_000;
const maxFiles = 1_000;
/** Maximum relations read from an answer; the question asks for one a reference. */
const maxRelations = 100;
/** Maximum sentences read of one relation; the question asks for one or two. */
const maxSentences = 4;

const relations = ['blocked_by', 'blocks', 'neither'] as const;

/**
 * The schema sent with the question: flat, every field required, null for absent, evidence before the verdict
 * on it. Without bounds, which the API does not enforce.
 */
export function answerFormat(agentNames: readonly string[]) {
  return z.object({
    declared_context_tokens: integer().nullable(),
    declared_context_sentence: integer().nullable(),
    declared_difficulty: z.enum(difficulties).nullable(),
    declared_difficulty_sentence: integer().nullable(),
    declared_agent: z.enum(agentNames).nullable(),
    declared_agent_sentence: integer().nullable(),
    estimated_context_tokens: integer().nullable(),
    estimated_difficulty: z.enum(difficulties).nullable(),
    files: integer().nullable(),
    complexity: z.enum(levels).nullable(),
    tests: z.enum(levels).nullable(),
    docs: z.enum(documentationLevels).nullable(),
    relations: z.array(
      z.object({
        ref: z.string(),
        sentences: z.array(integer()),
        relation: z.enum(relations),
      }),
    ),
  });
}

/** `z.int()` would add the bounds of a safe integer, which say nothing to a model. */
function integer() {
  return z.number().meta({ type: 'integer' });
}

/** An invalid value is dropped alone; the rest of the answer counts. */
function lenient<T extends z.ZodType>(schema: T) {
  return schema.nullable().catch(null);
}

/** Maximum length of a number that is written as a text. */
const numberLength = 40;

/** A number, also one that is written as a text: `"46,800"`. */
const numberSchema = z.preprocess(
  (value) =>
    typeof value === 'string' &&
    value.length <= numberLength &&
    /^\s*-?\d[\d,_ ]*(?:\.\d+)?\s*$/.test(value)
      ? Number(value.replace(/[,_\s]/g, ''))
      : value,
  z.number(),
);

/** The number of a sentence, also as a text that begins with it: `"3"`, `"3 Blocked by: #7"`. */
const sentenceSchema = z.preprocess(
  (value) => (typeof value === 'string' ? Number(/^\s*\[?(\d{1,5})\b/.exec(value)?.[1]) : value),
  z.int().positive(),
);

/** The known numbers of a list, or of a single one, each once and in order. */
const sentencesSchema = z.unknown().transform((value) => {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  const numbers = listed.slice(0, maxRelations).flatMap((each) => {
    const number = sentenceSchema.safeParse(each);
    return number.success ? [number.data] : [];
  });
  return [...new Set(numbers)].sort((a, b) => a - b).slice(0, maxSentences);
});

const relationSchema = z.object({
  ref: z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    z.string().max(250),
  ),
  sentences: sentencesSchema,
  relation: z.preprocess(
    (value) =>
      typeof value === 'string' ? value.trim().toLowerCase().replace(/[\s-]/g, '_') : value,
    z.enum(relations),
  ),
});
export type Relation = Readonly<z.infer<typeof relationSchema>>;

const answerFields = z.object({
  declared_context_tokens: lenient(clamped(minTokens, maxTokens)),
  declared_context_sentence: lenient(sentenceSchema),
  declared_difficulty: lenient(z.enum(difficulties)),
  declared_difficulty_sentence: lenient(sentenceSchema),
  declared_agent: lenient(z.string().max(64)),
  declared_agent_sentence: lenient(sentenceSchema),
  estimated_context_tokens: lenient(clamped(minTokens, maxTokens)),
  estimated_difficulty: lenient(z.enum(difficulties)),
  files: lenient(clamped(0, maxFiles)),
  complexity: lenient(z.enum(levels)),
  tests: lenient(z.enum(levels)),
  docs: lenient(z.enum(documentationLevels)),
  relations: z.array(z.unknown()).transform(readableRelations),
});

/**
 * Accepts an answer that has every field, and a list of relations: whatever lacks one is no answer to this
 * question. Values out of bounds are clamped or dropped; of a field that is there twice the last counts.
 */
export const answerSchema = z
  .record(z.string(), z.unknown())
  .refine((answer) => Object.keys(answerFields.shape).every((name) => Object.hasOwn(answer, name)))
  .pipe(answerFields);
export type ModelAnswer = Readonly<z.infer<typeof answerSchema>>;

function clamped(least: number, most: number) {
  return numberSchema.transform((value) => Math.round(Math.min(Math.max(value, least), most)));
}

function readableRelations(values: readonly unknown[]): Relation[] {
  return values.slice(0, maxRelations).flatMap((value) => {
    const relation = relationSchema.safeParse(value);
    return relation.success ? [relation.data] : [];
  });
}
