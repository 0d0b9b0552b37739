import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import type { Engine } from '../db/engine.ts';
import type { Check } from '../http/health.ts';
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

/** `GET /metrics`, for a token of the API or METRICS_TOKEN. */
export function registerMetrics(app: FastifyInstance, deps: MetricsDeps): void {
  const { metrics, token, engine } = deps;
  const updateChecks = createCheckMetrics(metrics);
  const updateStore = createStoreMetrics(metrics);
  const countVerifications = createVerificationCounts(metrics, engine.db);
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
      deps.databaseMetrics.update(engine),
      deps.health(),
      readStoreNumbers(engine.db, deps.now()).catch(() => undefined),
      deps.edgeMetrics().catch(() => ''),
      countVerifications().catch(() => undefined),
    ]);
    updateChecks(checks);
    updateStore(numbers);
    const ofCore = await metrics.text();
    return reply.type(metrics.registry.contentType).send(ofCore + ofEdge);
  });
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
