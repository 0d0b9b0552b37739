import { createHash } from 'node:crypto';

import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type SpanContext,
} from '@opentelemetry/api';

/*
 * What OpenTelemetry is told of. Without an exporter (`app/tracing.ts`) all of this does nothing, and costs next to
 * nothing. No text of an issue, no title and no word of a person or a model is in an attribute.
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

interface SpanOptions<T> {
  readonly attributes?: Attributes;
  /** Undefined: what is under way, or a trace of its own. */
  readonly parent?: SpanContext | undefined;
  /** A call of another service. */
  readonly isCall?: boolean;
  /** What is known at the end. */
  readonly ended?: (result: T) => Attributes;
}

/** Does work within a span, which is what is under way meanwhile. */
export function inSpan<T>(
  name: string,
  { attributes = {}, parent, isCall = false, ended }: SpanOptions<T>,
  work: () => Promise<T>,
): Promise<T> {
  const around =
    parent === undefined ? context.active() : trace.setSpanContext(context.active(), parent);
  const options = { attributes, kind: isCall ? SpanKind.CLIENT : SpanKind.INTERNAL };
  return trace.getTracer(scope).startActiveSpan(name, options, around, async (span) => {
    try {
      const result = await work();
      if (ended !== undefined) span.setAttributes(ended(result));
      return result;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.setAttribute('error.type', error.name);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Tells of a span that is over; times are epoch milliseconds. */
export function tellSpan(
  name: string,
  span: {
    readonly startedAt: number;
    readonly endedAt: number;
    readonly attributes?: Attributes;
    readonly parent: SpanContext;
  },
): void {
  const { startedAt: startTime, endedAt, attributes = {}, parent } = span;
  const around = trace.setSpanContext(context.active(), parent);
  trace.getTracer(scope).startSpan(name, { startTime, attributes }, around).end(endedAt);
}

/** What is under way; undefined outside of spans, and without an exporter. */
export function presentSpan(): SpanContext | undefined {
  const present = trace.getActiveSpan()?.spanContext();
  return present !== undefined && trace.isSpanContextValid(present) ? present : undefined;
}
