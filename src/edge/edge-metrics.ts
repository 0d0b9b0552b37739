import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { WebhookCounts } from '../webhook/counts.ts';

/** Upper bounds in seconds: a commit takes a millisecond; after five seconds Gitea waits no more. */
const acknowledgementSeconds = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
];

/** What the edge measures itself, in the form of Prometheus; `GET /metrics` of the core tells it with its own. */
export function createEdgeMetrics(counts: Pick<WebhookCounts, 'requests'>) {
  const registry = new Registry();
  const registers = [registry];
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

  const acknowledgement = new Histogram({
    ...{ name: 'mosaic_acknowledgement_seconds', registers, buckets: acknowledgementSeconds },
    help: 'Time from the arrival of a delivery to its answer 200',
  });
  new Counter({
    ...{ name: 'mosaic_webhook_requests_total', registers, labelNames: ['result'] },
    help: 'Requests to the webhook route, by result',
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(counts.requests()))
        this.inc({ result: snakeCase(result) }, count);
    },
  });
  for (const percentile of [50, 99])
    new Gauge({
      ...{ name: `mosaic_edge_eventloop_lag_p${percentile}_seconds`, registers },
      help: `Delay of the event loop that takes deliveries since the last scrape, percentile ${percentile}`,
      collect() {
        this.set(seconds(delay?.percentile(percentile) ?? 0));
      },
    });

  /** All as text. The event loop is measured from the first time on. */
  async function text(): Promise<string> {
    const told = await registry.metrics();
    if (delay === undefined) {
      delay = monitorEventLoopDelay();
      delay.enable();
    } else delay.reset();
    return told;
  }

  return {
    text,
    /** A delivery was answered 200, so many milliseconds after it had come. */
    acknowledged: (ms: number) => acknowledgement.observe(ms / 1_000),
  };
}

function seconds(nanoseconds: number): number {
  return nanoseconds / 1e9;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
