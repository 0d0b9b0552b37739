import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';

/** A report on the context window that cannot be meant: its sender is to correct it (422). */
export class UnusableReport extends CoordinatorError {
  constructor(code: 'context_invalid' | 'context_limit_missing', message: string) {
    super(code, message);
    this.name = 'UnusableReport';
  }
}

/** Tokens in the context window at an agent's latest turn, and how many fit, as far as the agent says. */
export interface ContextUsage {
  readonly used: number;
  readonly limit?: number | undefined;
}

/** As many as a profile's window may have; more is a mistake of the sender. */
export const mostContextTokens = 100_000_000;

const usedMessage = `must be a whole number from 0 to ${mostContextTokens}`;
const limitMessage = `must be a whole number from 1 to ${mostContextTokens}`;
const usedSchema = z.int(usedMessage).min(0, usedMessage).max(mostContextTokens, usedMessage);
const limitSchema = z.int(limitMessage).min(1, limitMessage).max(mostContextTokens, limitMessage);
const objectMessage = 'The report must be a JSON object';

/** The part of a Claude reply's `usage` that says how full the window was; the names are Anthropic's. */
const usageSchema = z
  .object(
    {
      input_tokens: usedSchema,
      cache_creation_input_tokens: usedSchema.nullish(),
      cache_read_input_tokens: usedSchema.nullish(),
    },
    'must be the usage object of a reply',
  )
  .transform(
    (usage) =>
      usage.input_tokens +
      (usage.cache_creation_input_tokens ?? 0) +
      (usage.cache_read_input_tokens ?? 0),
  )
  .refine((used) => used <= mostContextTokens, {
    error: ({ input }) => `is ${String(input)} tokens in all, and ${usedMessage}`,
  });

const heartbeatSchema = z.object(
  {
    contextUsed: usedSchema.nullish(),
    contextLimit: limitSchema.nullish(),
    usage: usageSchema.nullish(),
  },
  objectMessage,
);

const percentageMessage = 'must be a percentage';
const statusLineSchema = z.object(
  {
    context_window: z.object(
      {
        context_window_size: limitSchema.nullish(),
        current_usage: usageSchema.nullish(),
        used_percentage: z
          .number(percentageMessage)
          .min(0, percentageMessage)
          .max(1_000, percentageMessage)
          .nullish(),
      },
      'is missing: update Claude Code, or report contextUsed in a heartbeat',
    ),
  },
  objectMessage,
);

/**
 * The context usage in the body of a heartbeat, if it says any: the raw `usage` of the latest reply, or else
 * `contextUsed`. Throws `UnusableReport`.
 */
export function readHeartbeat(body: unknown): ContextUsage | undefined {
  const { contextUsed, contextLimit, usage } = parse(heartbeatSchema, body ?? {});
  const used = ofTurn(usage) ?? contextUsed ?? undefined;
  return used === undefined ? undefined : { used, limit: contextLimit ?? undefined };
}

/**
 * The context usage in the JSON that Claude Code gives its status-line command: of the latest turn, since the
 * totals there are sums over the session; by its percentage when that turn is not told. Undefined before the
 * first turn and between a compaction and the next one. Throws `UnusableReport`.
 */
export function readStatusLine(body: unknown): ContextUsage | undefined {
  const { context_window: window } = parse(statusLineSchema, body);
  const limit = window.context_window_size ?? undefined;
  const byPercentage = Math.round(((window.used_percentage ?? 0) / 100) * (limit ?? 0));
  const used = ofTurn(window.current_usage) ?? ofTurn(byPercentage);
  return used === undefined ? undefined : { used, limit };
}

/** Every turn reads something: replies without input are made up by clients, to show an error for instance. */
function ofTurn(used: number | null | undefined): number | undefined {
  return used === 0 ? undefined : (used ?? undefined);
}

/** Problems told at once; a report has few fields. */
const mostProblems = 5;

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, mostProblems)
    .map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(' '));
  throw new UnusableReport('context_invalid', `${problems.join('; ')}.`);
}
