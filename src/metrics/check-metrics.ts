import type { Check } from '../http/health.ts';
import type { Metrics } from './metrics.ts';

/** The check of `/health`, its field, the metric, its help, and what the value is multiplied with. */
type FromCheck = readonly [
  check: string,
  field: string,
  name: string,
  help: string,
  factor?: number,
];

/** A name that ends with `_total` is that of a counter. */
const numbers: readonly FromCheck[] = [
  ['store', 'latencyMs', 'database_check_seconds', 'Time of the latest trial write', 1e-3],
  ['store', 'refusedWrites', 'database_refused_writes_total', 'Writes that failed or were refused'],
  ['inbox', 'pending', 'inbox_pending', 'Deliveries that are due or in work'],
  ['inbox', 'scheduled', 'inbox_scheduled', 'Deliveries that wait for their time'],
  ['inbox', 'dead', 'inbox_dead', 'Deliveries that were given up'],
  ['inbox', 'rejected', 'inbox_rejected', 'Authentic deliveries that were not understood'],
  ['inbox', 'oldestSeconds', 'inbox_oldest_seconds', 'Age of the oldest delivery that is due'],
  ['reconcile', 'passes', 'reconcile_passes_total', 'Comparisons with Gitea'],
  ['reconcile', 'differences', 'reconcile_differences_total', 'Differences that were found'],
  ['reconcile', 'missed', 'reconcile_missed_total', 'Changes that no webhook told of'],
  ['verification', 'queued', 'verifications_queued', 'Verifications that wait for a verifier'],
  ['verification', 'running', 'verifications_running', 'Verifications that a verifier runs'],
  ['publish', 'pending', 'publish_pending', 'Issues whose comment or label is to be written'],
  ['publish', 'failing', 'publish_failing', 'Issues whose comment or label was refused'],
  ['publish', 'paused', 'publish_paused', 'Issues that are written to too often'],
];

/** Measures what the checks of `/health` say; the function sets all values anew. */
export function createCheckMetrics({ gauge, counter }: Metrics) {
  const isOk = gauge('check_ok', '1: the check of /health is ok or off; 0: it is not', ['check']);
  const told = numbers.map(([check, field, name, help, factor = 1]) => {
    const metric = name.endsWith('_total') ? counter(name, help) : gauge(name, help);
    return { check, field, factor, metric };
  });

  return (checks: Readonly<Record<string, Check>>): void => {
    isOk.replace(
      Object.entries(checks).map(([check, { status }]) => ({
        labels: { check },
        value: status === 'ok' || status === 'off' ? 1 : 0,
      })),
    );
    for (const { check, field, factor, metric } of told) {
      const value = checks[check]?.[field];
      // What is not known is not told, least of all as 0.
      metric.replace(typeof value === 'number' ? [{ labels: {}, value: value * factor }] : []);
    }
  };
}
