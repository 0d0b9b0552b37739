import { Histogram } from 'prom-client';

import type { Engine } from '../db/engine.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Labelled, Metrics } from './metrics.ts';

/** Upper bounds in seconds: a commit takes a millisecond or two, and a write may wait for others. */
const writeSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Measures writes, the size of the database, and its connections; what its check says is in `check-metrics.ts`. */
export function createDatabaseMetrics({ registry, gauge }: Metrics) {
  const writing = new Histogram({
    ...{ name: 'mosaic_database_write_seconds', registers: [registry], buckets: writeSeconds },
    help: 'Time of a write from asking for it to its commit; a decision is a transaction, one at a time',
    labelNames: ['kind'],
  });
  const bytes = gauge('database_bytes', 'Size of the database', ['part']);
  const connections = gauge('database_connections', 'Connections of the core to PostgreSQL', [
    'state',
  ]);

  /** The same queue, measured. */
  function measured({ run, transaction }: WriteQueue): WriteQueue {
    const timed = async <T>(kind: string, write: Promise<T>): Promise<T> => {
      const end = writing.startTimer({ kind });
      try {
        return await write;
      } finally {
        end();
      }
    };
    return {
      run: (work) => timed('statement', run(work)),
      transaction: (work) => timed('decision', transaction(work)),
    };
  }

  /** Sets all values anew. */
  async function update(engine: Pick<Engine, 'sizes' | 'connections'>): Promise<void> {
    // First, so that a scrape does not count the connections that it uses itself.
    connections.replace(labelled('state', { ...engine.connections?.() }));
    bytes.replace(labelled('part', await engine.sizes().catch(() => ({}))));
  }

  return { measured, update };
}

function labelled(label: string, values: Readonly<Record<string, number>>): Labelled[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
