import Anthropic, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  NotFoundError,
} from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';

import type { AskFailure } from '../issue/warnings.ts';
import type { Logger } from '../log.ts';
import { createCircuitBreaker, type CallEnd } from './circuit-breaker.ts';
import { inSpan, type Attributes } from '../lib/spans.ts';
import { parseJson } from '../lib/text.ts';

export interface ClaudeOptions {
  readonly apiKey: string;
  /** The server at this address gets the key. */
  readonly baseUrl: string | undefined;
  readonly log: Logger;
  readonly now: () => number;
  /** Hears of every call that has ended. */
  readonly onCall?: (call: ClaudeCall) => void;
}

/** A call that has ended, for the metrics. */
export interface ClaudeCall extends TokenUsage {
  readonly model: string;
  readonly outcome: string;
  readonly seconds: number;
  readonly costDollars: number;
}

export interface ClaudeRequest<T> {
  readonly model: string;
  readonly system: string;
  readonly user: string;
  /** Schema sent to the API, which enforces it. Every field is required, null for absent. */
  readonly format: z.ZodType;
  /** Schema of an accepted answer: the API does not enforce bounds. */
  readonly schema: z.ZodType<T>;
  /** Maximum output tokens of the answer; the deadline of the call grows with it. */
  readonly answerTokens: number;
  /** Whatever becomes of this call pauses only others of its kind: nothing waits for its answer. */
  readonly optional?: boolean;
}

type TokenUsage = Readonly<Record<'inputTokens' | 'outputTokens', number>>;

/** The outcome of a call; only `ok` has an answer. */
export type ClaudeOutcome<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly usage: TokenUsage }
  | (CallEnd & { readonly kind: AskFailure; readonly usage: TokenUsage });

/** Calls since the start, for health; the cost counts only models whose price is known. */
export interface ClaudeStatus extends TokenUsage {
  readonly calls: number;
  readonly failures: number;
  readonly costDollars: number;
  readonly lastSuccess: string | null;
  /** Outcome of the latest call. */
  readonly lastOutcome: string | null;
  /** When the next call is allowed; in the past if nothing was asked since. Null while Claude answers. */
  readonly pausedUntil: string | null;
}

/** US dollars per million tokens, as published in November 2026. */
const prices: ReadonlyMap<string, { input: number; output: number }> = new Map([
  ['claude-haiku-5-5', { input: 0.1, output: 0.5 }],
  ['claude-sonnet-5-5', { input: 2, output: 10 }],
  ['claude-opus-5-5', { input: 4, output: 20 }],
]);

/** Maximum of calls an hour, against the costs of a storm of edits; texts beyond it are retried later. */
const maxCallsPerHour = 1_000;
const hourMs = 3_600_000;

/** Timeout of a check, and the first pause after an outage. */
const checkDeadlineMs = 15_000;
/** Maximum of output tokens of any call, whatever is asked for. */
const maxAnswerTokens = 4_096;

/**
 * Timeout of a whole call, by a signal: the SDK's own timeout ends at the response headers. 10 s until the first
 * token, and 10 ms for each, which a model that writes 100 tokens a second keeps.
 */
export function callDeadlineMs(answerTokens: number): number {
  return 10_000 + 10 * answerTokens;
}

/** Maximum length of a reply: 4,096 tokens are a twentieth of it. */
const maxReplyBytes = 1024 * 1024;

const noUsage = { inputTokens: 0, outputTokens: 0 } as const;

/** The used fields of a reply; the SDK does not check what a server sends. */
const replySchema = z.looseObject({
  stop_reason: z.string().nullable(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  usage: z.looseObject({
    input_tokens: tokenCount(),
    output_tokens: tokenCount(),
    cache_creation_input_tokens: tokenCount(),
    cache_read_input_tokens: tokenCount(),
  }),
});

/** An impossible or missing count is 0: it must not spoil the answer or the sums. */
function tokenCount() {
  return z.int().nonnegative().max(10_000_000).catch(0);
}

export type Claude = ReturnType<typeof createClaude>;

/**
 * Asks Claude for one JSON value of a schema. A call ends within 10 s and 10 ms a token of the answer's
 * budget (at most 51 s), whatever the server does, and throws only when `signal` is aborted. While Claude is unavailable no calls are made: `ask` returns at once, with
 * the outcome of the call that began the pause.
 */
export function createClaude({ apiKey, baseUrl, log, now, onCall }: ClaudeOptions) {
  const client = createClient({ apiKey, baseUrl });
  const breaker = createCircuitBreaker(now, checkDeadlineMs);
  const optionalBreaker = createCircuitBreaker(now, checkDeadlineMs);
  let recentCalls: number[] = [];
  let counts: Omit<ClaudeStatus, 'pausedUntil'> = {
    calls: 0,
    failures: 0,
    inputTokens: 0,
    outputTokens: 0,
    costDollars: 0,
    lastSuccess: null,
    lastOutcome: null,
  };

  async function ask<T>(request: ClaudeRequest<T>, signal: AbortSignal): Promise<ClaudeOutcome<T>> {
    // A clock that is set back must not use up the limit of later hours.
    recentCalls = recentCalls.filter((at) => at > now() - hourMs && at <= now());
    if (recentCalls.length >= maxCallsPerHour) {
      counts = { ...counts, lastOutcome: 'budget' };
      return { kind: 'budget', usage: noUsage };
    }
    const answerTokens = Math.min(request.answerTokens, maxAnswerTokens);
    const timeoutMs = callDeadlineMs(answerTokens);
    const guard = request.optional === true ? optionalBreaker : breaker;
    const attempt = guard.begin(request.user, timeoutMs);
    if (!attempt.allowed) return { kind: attempt.reason, usage: noUsage };
    recentCalls.push(now());
    const beganAt = performance.now();
    const outcome = await inSpan(`chat ${request.model}`, spanOf(request), () =>
      call({ ...request, answerTokens }, timeoutMs, signal),
    );
    attempt.end(outcome);
    count(request.model, outcome, (performance.now() - beganAt) / 1_000);
    return outcome;
  }

  function count(model: string, { kind, usage }: ClaudeOutcome<unknown>, seconds: number): void {
    const { inputTokens, outputTokens } = usage;
    const price = prices.get(model) ?? { input: 0, output: 0 };
    const costDollars = (inputTokens * price.input + outputTokens * price.output) / 1_000_000;
    counts = {
      calls: counts.calls + 1,
      failures: counts.failures + (kind === 'ok' ? 0 : 1),
      inputTokens: counts.inputTokens + inputTokens,
      outputTokens: counts.outputTokens + outputTokens,
      costDollars: counts.costDollars + costDollars,
      lastSuccess: kind === 'ok' ? new Date(now()).toISOString() : counts.lastSuccess,
      lastOutcome: kind,
    };
    onCall?.({ model, outcome: kind, seconds, costDollars, ...usage });
    const { pausedUntil } = status();
    log.info(
      { model, kind, inputTokens, outputTokens, costDollars, pausedUntil },
      'Claude was asked',
    );
  }

  function status(): ClaudeStatus {
    const until = breaker.pausedUntil();
    return { ...counts, pausedUntil: until === undefined ? null : new Date(until).toISOString() };
  }

  async function call<T>(
    request: ClaudeRequest<T>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ClaudeOutcome<T>> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const reply: unknown = await client.messages.create(
        {
          model: request.model,
          max_tokens: request.answerTokens,
          system: request.system,
          messages: [{ role: 'user', content: request.user }],
          output_config: { effort: 'low', format: zodOutputFormat(request.format) },
        },
        { signal: deadline, timeout: timeoutMs },
      );
      return readReply(reply, request.schema);
    } catch (error) {
      signal.throwIfAborted();
      const kind = failureKind(error, deadline);
      // Not the error itself: its message and headers contain what the server sent.
      log.warn({ model: request.model, kind, ...causeOf(error) }, 'Claude did not answer');
      return { kind, usage: noUsage, retryAfterMs: retryAfterMs(error) };
    }
  }

  return { ask, status, pausedUntil: breaker.pausedUntil };
}

/** A call as OpenTelemetry names it: https://opentelemetry.io/docs/specs/semconv/gen-ai/ */
function spanOf<T>({ model, answerTokens }: ClaudeRequest<T>) {
  return {
    isCall: true,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': model,
      'gen_ai.request.max_tokens': Math.min(answerTokens, maxAnswerTokens),
    },
    ended: ({ kind, usage }: ClaudeOutcome<T>): Attributes => ({
      'mosaic.outcome': kind,
      'gen_ai.usage.input_tokens': usage.inputTokens,
      'gen_ai.usage.output_tokens': usage.outputTokens,
    }),
  };
}

/** The outcome of a call without an answer. */
type CallFailure = Exclude<AskFailure, 'refused' | 'truncated' | 'budget'>;

/** The result of checking a model; `cause` is an HTTP status or a system error code, never a text. */
export interface ModelCheck {
  readonly kind: 'known' | 'unknown_model' | CallFailure;
  readonly cause?: string;
}

/**
 * Checks that Claude answers, accepts the key and knows the model, by counting the tokens of one word, which
 * costs nothing. Ends within 15 s and throws only when `signal` is aborted.
 */
export async function checkModel(
  { model, ...options }: Pick<ClaudeOptions, 'apiKey' | 'baseUrl'> & { readonly model: string },
  signal: AbortSignal,
): Promise<ModelCheck> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(checkDeadlineMs)]);
  try {
    const reply: unknown = await createClient(options).messages.countTokens(
      { model, messages: [{ role: 'user', content: 'Ready?' }] },
      { signal: deadline },
    );
    return { kind: countSchema.safeParse(reply).success ? 'known' : 'invalid' };
  } catch (error) {
    signal.throwIfAborted();
    // A 404 of the API itself, as opposed to one of a proxy or a wrong address.
    if (error instanceof NotFoundError && error.type === 'not_found_error')
      return { kind: 'unknown_model' };
    const { status, code } = causeOf(error);
    const cause = status === undefined ? code : `status ${status}`;
    const kind = failureKind(error, deadline);
    return { kind, ...(cause === undefined ? {} : { cause }) };
  }
}

const countSchema = z.looseObject({ input_tokens: z.int().nonnegative() });

function createClient({ apiKey, baseUrl }: Pick<ClaudeOptions, 'apiKey' | 'baseUrl'>): Anthropic {
  return new Anthropic({
    apiKey,
    authToken: null,
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    // The inbox owns retries, which survive a restart; the SDK would obey a Retry-After of an hour.
    maxRetries: 0,
    timeout: checkDeadlineMs,
    logLevel: 'off',
    fetch: fetchBounded,
  });
}

class OversizedReply extends Error {}

/** The SDK reads a reply whole, however long it is. */
async function fetchBounded(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(input, init);
  let length = 0;
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      length += chunk.byteLength;
      if (length > maxReplyBytes) controller.error(new OversizedReply());
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(bound) ?? null, response);
}

function readReply<T>(reply: unknown, schema: z.ZodType<T>): ClaudeOutcome<T> {
  const parsed = replySchema.safeParse(reply);
  if (!parsed.success) return { kind: 'invalid', usage: noUsage };
  const { stop_reason: stopReason, content } = parsed.data;
  const { input_tokens, output_tokens: outputTokens, ...cached } = parsed.data.usage;
  const cachedTokens = cached.cache_creation_input_tokens + cached.cache_read_input_tokens;
  const usage = { inputTokens: input_tokens + cachedTokens, outputTokens };
  if (stopReason === 'refusal') return { kind: 'refused', usage };
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded')
    return { kind: 'truncated', usage };
  const text = content.find(({ type }) => type === 'text')?.text;
  const value = schema.safeParse(parseJson(text ?? ''));
  if (stopReason !== 'end_turn' || !value.success) return { kind: 'invalid', usage };
  return { kind: 'ok', value: value.data, usage };
}

/** The loggable part of a failure: the HTTP status, or the system error code (`ECONNREFUSED`). */
function causeOf(error: unknown): { status?: number; code?: string } {
  if (error instanceof APIError && typeof error.status === 'number')
    return { status: error.status };
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && typeof cause.code === 'string') return { code: cause.code };
  return {};
}

/** The server's Retry-After; undefined unless it is in seconds, as the API sends it. */
function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof APIError)) return undefined;
  const headers = z.instanceof(Headers).safeParse(error.headers).data;
  const seconds = Number(headers?.get('retry-after') ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** The SDK throws its own tree, a `DOMException` on a stalled body and a `SyntaxError` on HTML. */
function failureKind(error: unknown, deadline: AbortSignal): CallFailure {
  if (deadline.aborted || error instanceof APIConnectionTimeoutError) return 'timeout';
  if (error instanceof APIUserAbortError) return 'timeout';
  if (error instanceof SyntaxError || error instanceof OversizedReply) return 'invalid';
  if (!(error instanceof APIError)) return 'unavailable';
  const status = z.number().safeParse(error.status).data;
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 402 || status === 403) return 'auth';
  if (status !== undefined && status < 500 && status !== 408 && status !== 409) return 'invalid';
  return 'unavailable';
}
