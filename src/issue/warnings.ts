import { z } from 'zod';

import type { Coded } from './coded.ts';
import { difficulties } from './difficulty.ts';
import { levels } from './factors.ts';
import { fitRuleSchema } from './fit-rules.ts';
import { sourceSchema } from './source.ts';

/** Why a reading has no answer of Claude. */
export const askFailures = [
  'refused',
  'truncated',
  'invalid',
  'rate_limited',
  'unavailable',
  'auth',
  'timeout',
  'budget',
] as const;
export type AskFailure = (typeof askFailures)[number];

const tokens = z.int();
const count = z.int();
const ref = z.string();
const refs = z.array(ref).readonly();
const names = z.array(z.string()).readonly();
const difficulty = z.enum(difficulties);
const value = z.union([z.string(), z.number()]);
const direction = z.enum(['blocked_by', 'blocks']);
const declaredTwice = { first: value, other: value };
const bothTotals = { declared: tokens, formula: tokens };
const disagreement = { declared: value, claude: value };
const refusal = { agent: z.string(), failing: z.array(fitRuleSchema).readonly() };

function warning<C extends string, P extends z.ZodRawShape>(code: C, params: P) {
  return z.object({ code: z.literal(code), params: z.object(params) });
}

/** All warnings. A code that is removed or gets other params needs a migration: the store has them. */
const schema = z.discriminatedUnion('code', [
  warning('nothing_readable', {}),
  warning('body_cut', {}),
  warning('text_not_kept', {}),
  warning('text_not_parsed', {}),
  warning('model_text_cut', {}),
  warning('read_without_claude', { failure: z.enum(askFailures), asksAgain: z.boolean() }),
  warning('too_many_dependencies', { limit: count }),
  warning('too_many_mentions', { limit: count }),
  warning('instruction_ignored', {}),
  warning('factors_assumed', {
    assumed: z.array(z.object({ factor: z.string(), value })).readonly(),
  }),
  warning('labels_uncertain', {}),
  warning('gitea_unreadable', { repository: z.string() }),
  warning('difficulty_declared_twice', declaredTwice),
  warning('agent_declared_twice', declaredTwice),
  warning('total_declared_twice', declaredTwice),
  warning('declared_total_differs', bothTotals),
  warning('declared_total_low', bothTotals),
  warning('size_disagrees', { declared: tokens, claude: tokens }),
  warning('difficulty_disagrees', disagreement),
  warning('agent_disagrees', disagreement),
  warning('files_disagrees', disagreement),
  /** `other`: the complexity that Claude reads, or the difficulty of the plan. */
  warning('complexity_disagrees', {
    complexity: z.enum(levels),
    with: z.enum(['claude', 'difficulty']),
    other: z.enum(levels),
  }),
  warning('tests_disagrees', disagreement),
  warning('docs_disagrees', disagreement),
  warning('difficulty_label_disagrees', {
    labels: z.array(difficulty).readonly(),
    difficulty,
    textCounts: z.boolean(),
  }),
  warning('label_agent_unknown', { agent: z.string(), known: names }),
  warning('label_agents_differ', { agent: z.string(), others: names }),
  warning('label_agent_refused', refusal),
  warning('label_agent_cannot_hold', refusal),
  warning('declared_agent_refused', refusal),
  warning('declared_agent_cannot_hold', refusal),
  warning('suggested_agent_ignored', { suggested: z.string(), chosen: z.string().nullable() }),
  warning('formula_exceeds_agent', {
    formula: tokens,
    agent: z.string(),
    max: tokens,
    othersFit: z.boolean(),
  }),
  /** Found in the text, set on Gitea, or a name of the issue that only Gitea could resolve. */
  warning('self_reference', { found: z.enum(['text', 'gitea', 'target']), ref }),
  warning('contradiction', { refs }),
  warning('direction_contradicts', { source: sourceSchema, ref }),
  warning('direction_disagrees', {
    ref,
    winner: sourceSchema,
    loser: sourceSchema,
    /** As the winner has it. */
    direction,
  }),
  warning('dependency_disagrees', { ref, direction }),
  /** `more`: those without a name here. */
  warning('dependency_ruled_out', { refs, more: count }),
  warning('code_mismatch', { refs }),
  warning('target_missing', { ref }),
  warning('target_unreadable', { ref }),
  warning('hidden_blocker', { count }),
  warning('too_many_native_dependencies', { limit: count }),
  warning('blocker_open', { ref }),
  warning('blocker_deleted', { ref }),
]);

type StoredWarning = z.infer<typeof schema>;
export type WarningParams = { [W in StoredWarning as W['code']]: W['params'] };
export type WarningCode = keyof WarningParams;
/** Something about an issue's plan that a person should know. */
export type Warning<C extends WarningCode = WarningCode> = Coded<WarningParams, C>;

export const warningSchema: z.ZodType<Warning> = schema;
export const warningsSchema = z.array(warningSchema).readonly();
