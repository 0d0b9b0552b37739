import { z } from 'zod';

import type { Coded } from './coded.ts';
import { difficulties } from './difficulty.ts';
import { fitRuleSchema } from './fit-rules.ts';

const tokens = z.int();
const count = z.int();
const names = z.array(z.string()).readonly();
const difficulty = z.enum(difficulties);
/** `more`: those without a name here. */
const someRefs = { refs: z.array(z.string()).readonly(), more: count };
const chosen = { agent: z.string() };
const lease = { worker: z.string(), agent: z.string() };

function reason<C extends string, P extends z.ZodRawShape>(code: C, params: P) {
  return z.object({ code: z.literal(code), params: z.object(params) });
}

/*
 * The store has reasons as they are here: a code that is removed or gets other params needs a migration.
 */

/** Why this agent was chosen. */
const choiceReasons = z.discriminatedUnion('code', [
  reason('label_agent', chosen),
  reason('declared_agent', chosen),
  reason('cheapest_fit', { agent: z.string(), difficulty, likely: tokens }),
]);

const noFit = reason('no_agent_fits', {
  difficulty,
  likely: tokens,
  high: tokens,
  /** Agents that would fit if they were enabled, or trusted with the difficulty. */
  enable: names,
  trust: names,
  /** Parts for the roomiest agent: `max` tokens each, the high estimates at most `usable`. */
  split: z.object({ parts: count, agent: z.string(), max: tokens, usable: tokens }).nullable(),
  /** The agent that fails the fewest rules; null when there is no agent. */
  nearest: z.object({ agent: z.string(), failing: z.array(fitRuleSchema).readonly() }).nullable(),
});

/** Why no worker gets the issue until a person changes something. */
const parkingReasons = z.discriminatedUnion('code', [
  reason('failed_attempts', { ...lease, count, last: z.enum(['expired', 'released']) }),
  /** `words`: the worker's own. They never reach a comment. */
  reason('worker_blocked', { ...lease, words: z.string() }),
  reason('awaiting_verification', { worker: z.string(), commit: z.string() }),
]);

/** Why an issue is in its state. */
const stateReasons = z.discriminatedUnion('code', [
  reason('closed', {}),
  reason('not_assigned', {}),
  reason('not_read', {}),
  reason('claimed', lease),
  ...parkingReasons.options,
  reason('cycle', someRefs),
  reason('open_blockers', someRefs),
  reason('hidden_blocker', { count }),
  reason('unknown_blockers', someRefs),
  noFit,
  reason('ready', chosen),
]);

type ParamsOf<R extends { readonly code: string; readonly params: unknown }> = {
  [Each in R as Each['code']]: Each['params'];
};
export type StateReasonParams = ParamsOf<z.infer<typeof stateReasons>>;
export type ChoiceReasonParams = ParamsOf<z.infer<typeof choiceReasons>>;
export type StateReason<C extends keyof StateReasonParams = keyof StateReasonParams> = Coded<
  StateReasonParams,
  C
>;
export type ChoiceReason = Coded<ChoiceReasonParams>;
export type ParkingReason = StateReason<z.infer<typeof parkingReasons>['code']>;
export type NoFit = StateReason<'no_agent_fits'>;

const choiceReasonSchema: z.ZodType<ChoiceReason> = choiceReasons;
const noFitSchema: z.ZodType<NoFit> = noFit;
export const parkingReasonSchema: z.ZodType<ParkingReason> = parkingReasons;
export const stateReasonSchema: z.ZodType<StateReason> = stateReasons;

/** The agent chosen and why, or why none fits. */
export const chosenAgentSchema = z.union([
  z.object({ agent: z.string(), reason: choiceReasonSchema }),
  z.object({ agent: z.null(), reason: noFitSchema }),
]);
export type ChosenAgent = Readonly<z.infer<typeof chosenAgentSchema>>;

/** The store has a reason in two columns; `params` is JSON. */
export function parseStateReason(code: string, params: string): StateReason {
  return stateReasonSchema.parse(rowOf(code, params));
}

export function parseParkingReason(code: string, params: string): ParkingReason {
  return parkingReasonSchema.parse(rowOf(code, params));
}

function rowOf(code: string, params: string): unknown {
  const values: unknown = JSON.parse(params);
  return { code, params: values };
}
