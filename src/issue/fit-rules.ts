import { z } from 'zod';

import type { Coded } from './coded.ts';
import { difficulties } from './difficulty.ts';

const tokens = z.int();
/** Room is an agent's context window, or the smaller limit that its profile sets. */
const room = z.enum(['window', 'limit']);

function rule<C extends string, P extends z.ZodRawShape>(code: C, params: P) {
  return z.object({ code: z.literal(code), params: z.object(params) });
}

const schema = z.discriminatedUnion('code', [
  rule('not_enabled', {}),
  rule('difficulty_not_trusted', { difficulty: z.enum(difficulties) }),
  rule('window_too_small', { max: tokens, room, usable: tokens, likely: tokens }),
  rule('high_estimate_too_large', { room, usable: tokens, high: tokens }),
]);

type StoredRule = z.infer<typeof schema>;
export type FitRuleParams = { [R in StoredRule as R['code']]: R['params'] };
/** A rule that keeps an issue from an agent. */
export type FitRule<C extends keyof FitRuleParams = keyof FitRuleParams> = Coded<FitRuleParams, C>;

export const fitRuleSchema: z.ZodType<FitRule> = schema;
