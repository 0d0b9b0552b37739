import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';

import type { Engine } from '../db/engine.ts';
import type { Check } from '../http/health.ts';
import { createRecent } from '../lib/recent.ts';
import { createCheckMetrics } from './check-metrics.ts';
import type { createDatabaseMetrics } from './database-metrics.ts';
import type { Metrics } from './metrics.ts';
import { createStoreMetrics } from './store-metrics.ts';
import { readStoreNumbers } from './store-numbers.ts';
import { createVerificationCounts } from './verification-counts.ts';

interface MetricsDeps {
  readonly engine: Pick<Engine, 'db' | 'sizes' | 'connections'>;
  readonly metrics: Metrics;
  readonly databaseMetrics: ReturnType<typeof createDatabaseMetrics>;
  /** What the edge has measured, as text of Prometheus. */
  readonly edgeMetrics: () => Promise<string>;
  readonly now: () => number;
  /** Every check of `/health`, by name. */
  readonly health: () => Promise<Readonly<Record<string, Check>>>;
  /** METRICS_TOKEN. */
  readonly token: string | undefined;
  /** True for a token of the API with the role reader or operator that is not narrowed. */
  readonly seesAll: (authorization: string | undefined) => boolean;
}

/** Longest wait for what is read at a scrape: Prometheus gives up after 10 s. */
const deadlineMs = 4_000;

/** `GET /metrics`, for a token of the API or METRICS_TOKEN. */
export function registerMetrics(app: FastifyInstance, deps: MetricsDeps): void {
  const { metrics, token, engine } = deps;
  const updateChecks = createCheckMetrics(metrics);
  const updateStore = createStoreMetrics(metrics);
  const countVerifications = createVerificationCounts(metrics, engine.db);
  // Scrapes that come while one reads share what it finds.
  const work = () => readStoreNumbers(engine.db, deps.now());
  const storeNumbers = createRecent({ work, freshMs: 0 });
  const digest = token === undefined ? undefined : digestOf(`Bearer ${token}`);
  const isOwnToken = (authorization: string | undefined) =>
    digest !== undefined && timingSafeEqual(digest, digestOf(authorization ?? ''));
  app.get('/metrics', async ({ headers: { authorization } }, reply) => {
    if (!isOwnToken(authorization) && !deps.seesAll(authorization)) {
      const message =
        'Send METRICS_TOKEN, or a token of a reader or operator that is not narrowed, as "Authorization: Bearer <token>".';
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ error: { code: 'unauthorized', message } });
    }
    // Whatever does not answer is said by its check; the rest is told all the same.
    const [, checks, numbers, ofEdge] = await Promise.all([
      inTime(deps.databaseMetrics.update(engine)),
      deps.health(),
      inTime(storeNumbers.ask()),
      deps.edgeMetrics().catch(() => ''),
      inTime(countVerifications()),
    ]);
    updateChecks(checks);
    updateStore(numbers);
    const ofCore = await metrics.text();
    return reply.type(metrics.registry.contentType).send(ofCore + ofEdge);
  });
}

/** Undefined for what fails or comes too late. */
function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const late = sleep(deadlineMs, undefined, { ref: false });
  return Promise.race([work.catch(() => undefined), late]);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
