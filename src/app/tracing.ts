import type { Config } from '../config.ts';
import type { Tracing } from './export-traces.ts';

/** Starts sending traces; undefined without OTEL_EXPORTER_OTLP_ENDPOINT: then no part of the exporter is loaded. */
export async function startTracing(
  { otlpEndpoint }: Pick<Config, 'otlpEndpoint'>,
  version: string,
): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { exportTraces } = await import('./export-traces.ts');
  return exportTraces(otlpEndpoint, version);
}
