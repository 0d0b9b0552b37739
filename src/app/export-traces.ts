import { setTimeout as sleep } from 'node:timers/promises';

import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export interface Tracing {
  /** Sends what is left. */
  readonly close: () => Promise<void>;
}

/** Longest wait for a collector, and for what is left at the end. */
const timeoutMs = 5_000;
const closeMs = 1_500;

/**
 * Sends spans to a collector by OTLP over HTTP, in batches. A collector that is away costs spans and nothing else:
 * what waits for it is bounded by the library (2,048 spans).
 */
export function exportTraces(endpoint: string, version: string): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    timeoutMillis: timeoutMs,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'mosaic-coordinator',
      'service.version': version,
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  trace.setGlobalTracerProvider(provider);

  async function close(): Promise<void> {
    const shut = provider.shutdown().catch(() => undefined);
    await Promise.race([shut, sleep(closeMs, undefined, { ref: false })]);
    trace.disable();
    context.disable();
  }

  return { close };
}
