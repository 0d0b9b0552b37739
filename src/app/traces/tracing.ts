import { readVersion, type Config } from '../../config.ts';
import type { Check } from '../../http/health.ts';
import { isoTime } from '../../issue/iso-time.ts';
import { createRepeatedLines } from '../../lib/repeated-lines.ts';
import type { Logger } from '../../log.ts';
import type { exportTraces } from './export-traces.ts';

interface TracingParts {
  readonly config: Pick<Config, 'otlpEndpoint'>;
  readonly now: () => number;
  readonly log: Logger;
}

export type Tracing = ReturnType<typeof createTracing>;

/**
 * Traces are sent where OTEL_EXPORTER_OTLP_ENDPOINT is set; without it no part of the exporter is loaded. A failed
 * export is told in the log and by the check, which is degraded until the next one is taken.
 */
export function createTracing({ config: { otlpEndpoint: endpoint }, now, log }: TracingParts) {
  const lines = createRepeatedLines(log);
  let running: ReturnType<typeof exportTraces> | undefined;
  let failed = 0;
  let lastFailedAt: number | undefined;
  let reason: string | undefined;

  async function start(): Promise<void> {
    if (endpoint === undefined) return;
    const { exportTraces } = await import('./export-traces.ts');
    running = exportTraces({ endpoint, version: readVersion(), onExport });
  }

  function onExport(failure: Error | undefined): void {
    if (failure === undefined) {
      if (reason !== undefined) log.info('the collector takes traces again');
      reason = undefined;
      return;
    }
    failed += 1;
    lastFailedAt = now();
    reason = reasonOf(failure);
    lines.warn({ reason }, 'traces were lost: the collector did not take them');
  }

  function check(): Check {
    if (endpoint === undefined) return { status: 'off' };
    const history = {
      failedExports: failed,
      lastFailedAt: lastFailedAt === undefined ? null : isoTime(lastFailedAt),
    };
    if (reason === undefined) return { status: 'ok', ...history };
    const cause = `The collector of traces does not take them: ${reason}.`;
    return { status: 'degraded', cause, cure, ...history };
  }

  async function close(): Promise<void> {
    await running?.close();
    lines.flush();
  }

  return { start, check, close, flush: async () => running?.flush() };
}

const cure =
  'Correct OTEL_EXPORTER_OTLP_ENDPOINT, or mend the collector. Nothing but traces is lost meanwhile.';

/** In a few words; the message of an error may name the address, which may hold a secret. */
function reasonOf(failure: Error): string {
  const code = 'code' in failure ? failure.code : undefined;
  if (typeof code === 'number') return `status ${code}`;
  return typeof code === 'string' ? `no answer (${code})` : 'no answer';
}
