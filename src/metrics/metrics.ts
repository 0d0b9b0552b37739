import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { ClaudeCall } from '../claude/client.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** One value with its labels. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Replaceable {
  readonly replace: (values: readonly Labelled[]) => void;
}

/** Upper bounds in seconds: handling without Claude takes milliseconds, a call of Claude up to 51 s. */
const handlingSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const claudeSeconds = [0.5, 1, 2.5, 5, 10, 20, 40, 60];

/**
 * What the core counts while it runs, in the form of Prometheus. What others know is asked at each scrape: the checks
 * (`check-metrics.ts`), the store (`store-metrics.ts`), the database (`database-metrics.ts`). What the edge measures is
 * in `edge/edge-metrics.ts`. All labels are bounded: names of the configuration, and words of the code.
 */
export function createMetrics() {
  const registry = new Registry();
  let hasDefaults = false;
  const registers = [registry];
  const handling = new Histogram({
    ...{ name: 'mosaic_handling_seconds', registers, buckets: handlingSeconds },
    help: 'Time to handle the waiting deliveries of one issue',
    labelNames: ['outcome'],
  });
  const claudeDuration = new Histogram({
    ...{ name: 'mosaic_claude_call_seconds', registers, buckets: claudeSeconds },
    help: 'Time of a call of Claude',
    labelNames: ['model', 'outcome'],
  });
  const claudeTokens = new Counter({
    ...{ name: 'mosaic_claude_tokens_total', registers },
    help: 'Tokens sent to Claude and received from it',
    labelNames: ['model', 'direction'],
  });
  const claudeCost = new Counter({
    ...{ name: 'mosaic_claude_cost_usd_total', registers },
    help: 'US dollars that calls of Claude have cost, by the prices known',
    labelNames: ['model'],
  });

  function claudeCalled(call: ClaudeCall): void {
    const { model } = call;
    claudeDuration.observe({ model, outcome: call.outcome }, call.seconds);
    claudeTokens.inc({ model, direction: 'in' }, call.inputTokens);
    claudeTokens.inc({ model, direction: 'out' }, call.outputTokens);
    claudeCost.inc({ model }, call.costDollars);
  }

  /** Measures the handling of a group of deliveries. */
  async function handled<T>(work: () => Promise<T>): Promise<T> {
    const end = handling.startTimer();
    try {
      const result = await work();
      end({ outcome: 'ok' });
      return result;
    } catch (error) {
      end({ outcome: 'failed' });
      throw error;
    }
  }

  /** A gauge whose values are set anew at each scrape. */
  function gauge(name: string, help: string, labelNames: readonly string[] = []): Replaceable {
    const names = [...labelNames];
    const metric = new Gauge({ name: `mosaic_${name}`, help, labelNames: names, registers });
    return replaceable(metric, names.length > 0, (labels, value) => metric.set(labels, value));
  }

  /** A counter of what is counted elsewhere: its values, too, are set anew at each scrape. */
  function counter(name: string, help: string, labelNames: readonly string[] = []): Replaceable {
    const names = [...labelNames];
    const metric = new Counter({ name: `mosaic_${name}`, help, labelNames: names, registers });
    return replaceable(metric, names.length > 0, (labels, value) => metric.inc(labels, value));
  }

  /** All as text. What is measured of the process (memory, event loop) is measured from the first time on. */
  function text(): Promise<string> {
    if (!hasDefaults) {
      collectDefaultMetrics({ register: registry, prefix: 'mosaic_' });
      // Gauges with the names of counters, and sums of those beside them.
      for (const what of ['handles', 'requests', 'resources'])
        registry.removeSingleMetric(`mosaic_nodejs_active_${what}_total`);
    }
    hasDefaults = true;
    return registry.metrics();
  }

  return { registry, text, claudeCalled, handled, gauge, counter };
}

/** Replaces all values of a metric; those that are not given are not told any more. */
function replaceable(
  metric: Pick<Gauge, 'reset' | 'remove'>,
  hasLabels: boolean,
  set: (labels: Labelled['labels'], value: number) => void,
): Replaceable {
  return {
    replace: (values) => {
      metric.reset();
      // Without labels a reset leaves a 0.
      if (!hasLabels) metric.remove();
      for (const { labels, value } of values) set(labels, value);
    },
  };
}
