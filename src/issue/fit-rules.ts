import { z } from 'zod';

import { thousands } from '../lib/text.ts';
import { coded, render, type Coded, type ParamsOf, type Sentences } from './coded.ts';
import { difficulties } from './difficulty.ts';

const tokens = z.int();
/** Room is an agent's context window, or the smaller limit that its profile sets. */
const room = z.enum(['window', 'limit']);

const schema = z.discriminatedUnion('code', [
  coded('not_enabled', {}),
  coded('difficulty_not_trusted', { difficulty: z.enum(difficulties) }),
  coded('window_too_small', { max: tokens, room, usable: tokens, likely: tokens }),
  coded('high_estimate_too_large', {
    room,
    usable: tokens,
    high: tokens,
    /** Tokens of the agent's harness; reasons stored before it was counted have none. */
    harness: tokens.default(0),
  }),
]);

export type FitRuleParams = ParamsOf<z.infer<typeof schema>>;
/** A rule that keeps an issue from an agent. */
export type FitRule<C extends keyof FitRuleParams = keyof FitRuleParams> = Coded<FitRuleParams, C>;

export const fitRuleSchema: z.ZodType<FitRule> = schema;

/** They go on after the agent's name. */
const failing: Sentences<FitRuleParams> = {
  not_enabled: () => 'is not enabled',
  difficulty_not_trusted: ({ difficulty }) => `is not trusted with ${difficulty} difficulty`,
  window_too_small: ({ max, room, usable, likely }) =>
    `takes ${thousands(max)} tokens at most (half of its ${room} of ${thousands(usable)}) and the issue needs ${thousands(likely)}`,
  high_estimate_too_large: ({ room, usable, high, harness }) =>
    `has a ${room} of ${thousands(usable)} tokens and the high estimate is ${thousands(high)}${harness === 0 ? '' : `, beside ${thousands(harness)} of its harness`}`,
};

/** The least that would mend it, as a request. */
const changes: Sentences<FitRuleParams> = {
  not_enabled: () => 'enable it',
  difficulty_not_trusted: ({ difficulty }) => `trust it with ${difficulty} difficulty`,
  window_too_small: ({ max }) => `bring the issue to at most ${thousands(max)} tokens`,
  high_estimate_too_large: ({ usable, harness }) =>
    `bring the high estimate to at most ${thousands(Math.max(0, usable - harness))} tokens`,
};

export function failingText(rule: FitRule): string {
  return render(failing, rule);
}

/** All that must change for an agent that fails these rules. */
export function changesText(rules: readonly FitRule[]): string {
  return rules.map((rule) => render(changes, rule)).join(', and ');
}
