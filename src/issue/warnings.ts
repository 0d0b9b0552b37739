import { z } from 'zod';

import { coded, type Coded, type ParamsOf } from './coded.ts';
import { difficulties, issueDifficulties } from './difficulty.ts';
import { levels } from './factors.ts';
import { fitRuleSchema } from './fit-rules.ts';
import { sourceSchema } from './source.ts';
import { budgetUnits } from './spending.ts';
import { unreadableCauses } from './unreadable.ts';

/** Reasons why Claude gave no answer; `budget`: not asked, the calls of this hour are used up. */
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

/** All warnings. The store has them, so a code that is added, removed or changed needs a migration. */
const schema = z.discriminatedUnion('code', [
  coded('nothing_readable', {}),
  coded('body_cut', {}),
  coded('text_not_kept', {}),
  coded('text_unreadable', { cause: z.enum(unreadableCauses) }),
  coded('model_text_cut', {}),
  coded('read_without_claude', { failure: z.enum(askFailures), asksAgain: z.boolean() }),
  coded('too_many_dependencies', { limit: count }),
  coded('too_many_mentions', { limit: count }),
  coded('outside_dependencies', { count }),
  coded('context_only', { refs }),
  coded('instruction_ignored', {}),
  coded('factors_assumed', {
    assumed: z.array(z.object({ factor: z.string(), value })).readonly(),
  }),
  coded('labels_uncertain', {}),
  coded('gitea_unreadable', { repository: z.string() }),
  coded('difficulty_declared_twice', declaredTwice),
  coded('agent_declared_twice', declaredTwice),
  coded('total_declared_twice', declaredTwice),
  coded('declared_total_differs', bothTotals),
  coded('declared_total_low', bothTotals),
  coded('size_disagrees', { declared: tokens, claude: tokens }),
  coded('difficulty_disagrees', disagreement),
  coded('agent_disagrees', disagreement),
  coded('files_disagrees', disagreement),
  /** `other`: the complexity that Claude reads, or the difficulty of the plan. */
  coded('complexity_disagrees', {
    complexity: z.enum(levels),
    with: z.enum(['claude', 'difficulty']),
    other: z.enum(levels),
  }),
  coded('tests_disagrees', disagreement),
  coded('docs_disagrees', disagreement),
  coded('difficulty_label_disagrees', {
    labels: z.array(difficulty).readonly(),
    difficulty: z.enum(issueDifficulties),
    textCounts: z.boolean(),
  }),
  coded('label_agent_unknown', { agent: z.string(), known: names }),
  coded('label_agents_differ', { agent: z.string(), others: names }),
  coded('label_agent_refused', refusal),
  coded('label_agent_cannot_hold', refusal),
  coded('declared_agent_refused', refusal),
  coded('declared_agent_cannot_hold', refusal),
  coded('suggested_agent_ignored', { suggested: z.string(), chosen: z.string().nullable() }),
  coded('formula_exceeds_agent', {
    formula: tokens,
    agent: z.string(),
    max: tokens,
    othersFit: z.boolean(),
  }),
  /** Found in the text, set on Gitea, or a name of the issue that only Gitea could resolve. */
  coded('self_reference', { found: z.enum(['text', 'gitea', 'target']), ref }),
  coded('contradiction', { refs }),
  coded('direction_contradicts', { source: sourceSchema, ref }),
  coded('direction_disagrees', {
    ref,
    winner: sourceSchema,
    loser: sourceSchema,
    /** As the winner has it. */
    direction,
  }),
  coded('dependency_disagrees', { ref, direction }),
  /** `more`: those without a name here. */
  coded('dependency_ruled_out', { refs, more: count }),
  coded('code_mismatch', { refs }),
  coded('target_missing', { ref }),
  coded('target_unreadable', { ref }),
  coded('hidden_blocker', { count }),
  coded('too_many_native_dependencies', { limit: count }),
  coded('blocker_open', { ref }),
  /** `pull`: the pull request that refers to it. */
  coded('blocker_closed_early', { ref, pull: ref }),
  coded('parent_blocks_part', { parent: ref, parts: refs, more: count }),
  coded('held_by_label', { label: z.string() }),
  coded('blocker_deleted', { ref }),
  coded('budget_nearly_used', {
    agent: z.string(),
    unit: z.enum(budgetUnits),
    budget: z.number(),
  }),
]);

export type WarningParams = ParamsOf<z.infer<typeof schema>>;
export type WarningCode = keyof WarningParams;
/** Something about an issue's plan that a person should know. */
export type Warning<C extends WarningCode = WarningCode> = Coded<WarningParams, C>;

export const warningSchema: z.ZodType<Warning> = schema;
export const warningsSchema = z.array(warningSchema).readonly();
