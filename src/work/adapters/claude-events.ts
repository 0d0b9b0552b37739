import { z } from 'zod';

import { parseJson } from '../../lib/text.ts';

/** The lines of Claude Code's stream that mean something to the runner, with the fields that it reads. */

const count = z.number().nonnegative().catch(0);
const block = z.looseObject({
  type: z.string(),
  text: z.string().optional().catch(undefined),
  id: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  tool_use_id: z.string().optional().catch(undefined),
});
const content = z.array(block).catch([]);

const init = z.object({
  type: z.literal('system'),
  subtype: z.literal('init'),
  session_id: z.string(),
  model: z.string().catch(''),
});

const notice = z.object({
  type: z.literal('system'),
  subtype: z.enum([
    ...(['api_retry', 'compact_boundary', 'informational', 'model_fallback'] as const),
    ...(['model_refusal_fallback', 'permission_denied'] as const),
  ]),
  content: z.string().catch(''),
  attempt: count,
  error: z.string().catch(''),
  error_status: z.number().nullish().catch(undefined),
  tool_name: z.string().catch(''),
  compact_metadata: z.object({ pre_tokens: count, post_tokens: count }).optional().catch(undefined),
});

const assistant = z.object({
  type: z.literal('assistant'),
  parent_tool_use_id: z.string().nullish(),
  /** `rate_limit`, `authentication_failed`, `billing_error` …, of a message that stands for an error of the API. */
  error: z.string().optional().catch(undefined),
  message: z.object({
    id: z.string(),
    model: z.string(),
    content,
    usage: z
      .object({
        input_tokens: count,
        cache_creation_input_tokens: count,
        cache_read_input_tokens: count,
      })
      .optional()
      .catch(undefined),
  }),
});

const user = z.object({
  type: z.literal('user'),
  parent_tool_use_id: z.string().nullish(),
  message: z.object({ content }),
});

const rateLimit = z.object({
  type: z.literal('rate_limit_event'),
  rate_limit_info: z.object({
    status: z.string(),
    /** Seconds since 1970. */
    resetsAt: z.number().optional().catch(undefined),
    rateLimitType: z.string().catch('limit'),
  }),
});

const modelUsage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheCreationInputTokens: count,
  contextWindow: z.number().positive().optional().catch(undefined),
});

const result = z.object({
  type: z.literal('result'),
  is_error: z.boolean(),
  session_id: z.string().optional().catch(undefined),
  terminal_reason: z.string().nullish().catch(undefined),
  result: z.string().catch(''),
  errors: z.array(z.string()).catch([]),
  stop_reason: z.string().nullish().catch(undefined),
  api_error_status: z.number().nullish().catch(undefined),
  api_error_type: z.string().nullish().catch(undefined),
  total_cost_usd: z.number().nonnegative().optional().catch(undefined),
  /** Sums of the process so far, subagents included. */
  modelUsage: z.record(z.string(), modelUsage).catch({}),
  permission_denials: z.array(z.object({ tool_name: z.string() })).catch([]),
  /** Messages that it has taken in and not answered yet. */
  queued_turn_count: count,
});
export type ClaudeResult = z.infer<typeof result>;
export type ClaudeAnswer = z.infer<typeof assistant>;

const event = z.union([init, notice, assistant, user, rateLimit, result]);
export type ClaudeEvent = z.infer<typeof event>;

/** The meaning of a line; undefined for one that is no JSON, or means nothing here. */
export function parseClaudeEvent(line: string): ClaudeEvent | undefined {
  return event.safeParse(parseJson(line)).data;
}
