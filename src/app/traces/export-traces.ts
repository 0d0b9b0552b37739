import { setTimeout as sleep } from 'node:timers/promises';

import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import { spanIds } from '../../lib/spans.ts';

interface TraceExport {
  readonly endpoint: string;
  readonly version: string;
  /** Hears how each batch ended; undefined: the collector took it. */
  readonly onExport: (failure: Error | undefined) => void;
}

/** Longest wait for a collector, and for what is left at the end. */
const timeoutMs = 5_000;
const closeMs = 1_500;

/**
 * Sends spans to a collector by OTLP over HTTP, in batches. A collector that is away costs spans and nothing else:
 * what waits for it is bounded by the library (2,048 spans). `flush` sends what waits now, `close` what is left.
 */
export function exportTraces({ endpoint, version, onExport }: TraceExport) {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    timeoutMillis: timeoutMs,
  });
  watch(exporter, onExport);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'mosaic-coordinator',
      'service.version': version,
    }),
    idGenerator: spanIds,
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

  return { close, flush: () => provider.forceFlush().catch(() => undefined) };
}

/** Hears how each batch ends: the library tells of a failure to its own log alone, which is off. */
function watch(exporter: OTLPTraceExporter, onExport: TraceExport['onExport']): void {
  const original = exporter.export.bind(exporter);
  exporter.export = (spans, done) =>
    original(spans, (result) => {
      onExport(result.error);
      done(result);
    });
}
