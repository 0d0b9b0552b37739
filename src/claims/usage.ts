import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';
import { spentSchema, type Spent } from '../issue/spending.ts';

type ReportCode = 'context_invalid' | 'context_limit_missing' | 'spent_invalid';

/** A report with impossible figures: its sender must correct it (422). */
export class UnusableReport extends CoordinatorError {
  constructor(code: ReportCode, message: string) {
    super(code, message);
    this.name = 'UnusableReport';
  }
}

/** Tokens in the context window at the agent's latest turn, and the limit if the agent reports one. */
export interface ContextUsage {
  readonly used: number;
  readonly limit?: number | undefined;
  /** More tokens than this are in the window for sure, whatever `used` says. */
  readonly exceeds?: number | undefined;
  /** Whose window it is, where the report says so. */
  readonly session?: string | undefined;
}

/** Upper bound of a report, the same as for the window of a profile: more is a mistake of the sender. */
export const maxContextTokens = 100_000_000;

const usedMessage = `must be a whole number from 0 to ${maxContextTokens}`;
const limitMessage = `must be a whole number from 1 to ${maxContextTokens}`;
const usedSchema = z.int(usedMessage).min(0, usedMessage).max(maxContextTokens, usedMessage);
const limitSchema = z.int(limitMessage).min(1, limitMessage).max(maxContextTokens, limitMessage);
const objectMessage = 'The report must be a JSON object';

/** The fields of a Claude reply's `usage` that sum up to the tokens in the window; the names are Anthropic's. */
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
  .refine((used) => used <= maxContextTokens, {
    error: ({ input }) => `is ${String(input)} tokens in all, and ${usedMessage}`,
  });

/** An example for the description of the API; `examples` are lost where a schema transforms a value. */
const example = (value: object) => ({ 'x-examples': { example: { value } } });

/** Body of a heartbeat. Unknown fields are ignored. */
export const heartbeatBody = z
  .object(
    {
      contextUsed: usedSchema
        .nullish()
        .meta({ description: 'Tokens in the context window at the latest turn.' }),
      contextLimit: limitSchema
        .nullish()
        .meta({ description: 'Tokens that fit into it; without it, the window of the profile.' }),
      usage: usageSchema.nullish().meta({
        description: 'The `usage` of the latest reply as it is, in place of `contextUsed`.',
      }),
      spent: spentSchema
        .nullish()
        .meta({ description: 'What the claim has cost since it began, over all its sessions.' }),
    },
    objectMessage,
  )
  .meta(example({ contextUsed: 120_000, contextLimit: 200_000 }))
  .nullish();
const contextFields = heartbeatBody.unwrap().unwrap().omit({ spent: true });
const spentFields = heartbeatBody.unwrap().unwrap().pick({ spent: true });

/** What `exceeds_200k_tokens` says. */
const exceededTokens = 200_000;

const percentageMessage = 'must be a percentage';
/** Body of a report by the status line: what Claude Code gives its command, of which these are read. */
export const statusLineBody = z
  .object(
    {
      session_id: z.string().max(200).nullish().catch(undefined),
      exceeds_200k_tokens: z.boolean().nullish().catch(undefined),
      context_window: z.object(
        {
          // 0 where Claude Code does not know the model.
          context_window_size: z.union([z.literal(0), limitSchema], limitMessage).nullish(),
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
  )
  .meta(example({ context_window: { context_window_size: 200_000, used_percentage: 60 } }));

/**
 * Reads the context usage from the body of a heartbeat: the raw `usage` of the latest reply, or else
 * `contextUsed`; undefined without either. Throws `UnusableReport`.
 */
export function readHeartbeat(body: unknown): ContextUsage | undefined {
  const { contextUsed, contextLimit, usage } = parse(contextFields, body ?? {});
  const used = ofTurn(usage) ?? contextUsed ?? undefined;
  return used === undefined ? undefined : { used, limit: contextLimit ?? undefined };
}

/** Reads from the body of a heartbeat what its claim has cost so far. Throws `UnusableReport`. */
export function readSpent(body: unknown): Spent | undefined {
  const { spent } = parse(spentFields, body ?? {}, 'spent_invalid');
  return spent ?? undefined;
}

/**
 * Reads the context usage from the JSON that Claude Code passes to its status-line command. Uses the latest
 * turn, because the totals there are sums over the session, or the percentage when the turn is missing.
 * Undefined before the first turn and between a compaction and the next turn. Throws `UnusableReport`.
 */
export function readStatusLine(body: unknown): ContextUsage | undefined {
  const parsed = parse(statusLineBody, body);
  const { context_window: window } = parsed;
  const limit = ofTurn(window.context_window_size);
  const exceeds = parsed.exceeds_200k_tokens === true ? exceededTokens : undefined;
  const byPercentage = ofTurn(Math.round(((window.used_percentage ?? 0) / 100) * (limit ?? 0)));
  const estimated = byPercentage && Math.max(byPercentage, exceeds === undefined ? 0 : exceeds + 1);
  const used = ofTurn(window.current_usage) ?? estimated;
  if (used === undefined) return undefined;
  return { used, limit, exceeds, session: parsed.session_id ?? undefined };
}

/** Ignores 0: every real turn has input. Clients make up replies without input, for example to show an error. */
function ofTurn(used: number | null | undefined): number | undefined {
  return used === 0 ? undefined : (used ?? undefined);
}

/** Upper bound of problems in one message; a report has few fields. */
const maxProblems = 5;

function parse<T>(schema: z.ZodType<T>, body: unknown, code: ReportCode = 'context_invalid'): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, maxProblems)
    .map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(' '));
  throw new UnusableReport(code, `${problems.join('; ')}.`);
}
