import type { ExaminedConfig } from '../../config.ts';
import { ok, resultOf, skipped, warning, type CheckResult } from './finding.ts';

const cure = 'Correct OTEL_EXPORTER_OTLP_ENDPOINT, or mend the collector.';

/** Sends an empty batch to the collector of traces; nothing is said where there is none. */
export async function checkTraces(
  { otlpEndpoint }: Pick<ExaminedConfig, 'otlpEndpoint'>,
  { probe }: { readonly probe: boolean },
  signal: AbortSignal,
): Promise<CheckResult<never>> {
  if (otlpEndpoint === undefined) return { findings: [] };
  if (!probe) return resultOf('traces', skipped('No trial is sent with --no-probe.'));
  try {
    const reply = await fetch(`${otlpEndpoint}/v1/traces`, {
      ...{ method: 'POST', redirect: 'manual', signal },
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [] }),
    });
    await reply.body?.cancel();
    return resultOf(
      'traces',
      reply.ok
        ? ok('The collector takes traces.')
        : warning(`The collector does not take traces: status ${reply.status}.`, cure),
    );
  } catch {
    signal.throwIfAborted();
    return resultOf('traces', warning('The collector of traces does not answer.', cure));
  }
}
