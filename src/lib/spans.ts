import { createHash, randomBytes } from 'node:crypto';

import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';

/*
 * What OpenTelemetry is told of. Without an exporter (`app/traces/tracing.ts`) all of this does nothing, and costs next to
 * nothing. No text of an issue, no title and no word of a person or a model is in an attribute.
 *
 * Every trace has one first span, without a parent, which is told when its subject ends: the delivery, the claim. Its
 * id follows from the id of the subject, so that all others can name it as their parent long before.
 */

const scope = 'mosaic-coordinator';

export type { Attributes, SpanContext } from '@opentelemetry/api';

/**
 * The trace that all work for one thing belongs to, by its id: every process that knows the id finds the same trace,
 * so that nothing has to be carried along or stored.
 */
export function traceOf(kind: 'delivery' | 'claim', id: string): SpanContext {
  const hash = createHash('sha256').update(`${kind} ${id}`).digest('hex');
  const [traceId, spanId] = [hash.slice(0, 32), hash.slice(32, 48)];
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** The ids that the next span gets. */
let derived: SpanContext | undefined;

/** Where the exporter gets ids from: random ones, but for the first span of a trace. */
export const spanIds = {
  generateTraceId: () => derived?.traceId ?? randomBytes(16).toString('hex'),
  generateSpanId: () => derived?.spanId ?? randomBytes(8).toString('hex'),
};

interface SpanOptions<T> {
  readonly attributes?: Attributes;
  /** Undefined: what is under way, or a trace of its own. */
  readonly parent?: SpanContext | undefined;
  /** A call of another service. */
  readonly isCall?: boolean;
  /** What is known at the end. */
  readonly ended?: (result: T) => Attributes;
  /** The error behind a result that is a failure. */
  readonly errorOf?: (result: T) => unknown;
}

/** Does work within a span, which is what is under way meanwhile. */
export function inSpan<T>(
  name: string,
  { attributes = {}, parent, isCall = false, ended, errorOf }: SpanOptions<T>,
  work: () => Promise<T>,
): Promise<T> {
  const around =
    parent === undefined ? context.active() : trace.setSpanContext(context.active(), parent);
  const options = { attributes, kind: isCall ? SpanKind.CLIENT : SpanKind.INTERNAL };
  return trace.getTracer(scope).startActiveSpan(name, options, around, async (span) => {
    try {
      const result = await work();
      if (ended !== undefined) span.setAttributes(ended(result));
      const error = errorOf?.(result);
      if (error !== undefined) markFailed(span, error);
      return result;
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (error instanceof Error) span.setAttribute('error.type', error.name);
}

/** Work that is over; times are epoch milliseconds. */
interface PastSpan {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes?: Attributes;
}

/** Tells of a span that is over. */
export function tellSpan(
  name: string,
  { parent, ...span }: PastSpan & { readonly parent: SpanContext },
): void {
  start(name, span, trace.setSpanContext(context.active(), parent)).end(span.endedAt);
}

/** Tells of the first span of a trace, which is over. `link`: a trace that has more of it. */
export function tellRoot(
  name: string,
  { root, link, ...span }: PastSpan & { readonly root: SpanContext; readonly link?: SpanContext },
): void {
  derived = root;
  try {
    const begun = start(name, span, trace.deleteSpan(context.active()));
    if (link !== undefined) begun.addLink({ context: link });
    begun.end(span.endedAt);
  } finally {
    derived = undefined;
  }
}

function start(name: string, { startedAt, attributes = {} }: PastSpan, around: Context): Span {
  return trace.getTracer(scope).startSpan(name, { startTime: startedAt, attributes }, around);
}

/** Adds to the span that is under way. */
export function noteInSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** What does something as a part of the trace of a thing: lines of the log then have its id. */
export function partOfTrace(kind: 'delivery' | 'claim', id: string, act: () => void): () => void {
  return () => context.with(trace.setSpanContext(context.active(), traceOf(kind, id)), act);
}

/** What is under way; undefined outside of spans, and without an exporter. */
export function presentSpan(): SpanContext | undefined {
  const present = trace.getActiveSpan()?.spanContext();
  return present !== undefined && trace.isSpanContextValid(present) ? present : undefined;
}
