import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import type { Database } from '../db/database.ts';
import type { Check } from '../http/health.ts';
import type { Metrics } from './metrics.ts';
import { readStoreNumbers, type Labelled } from './store-numbers.ts';

interface MetricsDeps {
  readonly db: Database;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Every check of `/health`, by name. */
  readonly health: () => Promise<Readonly<Record<string, Check>>>;
  /** METRICS_TOKEN. */
  readonly token: string | undefined;
  /** True for a token of the API with the role reader or operator that is not narrowed. */
  readonly seesAll: (authorization: string | undefined) => boolean;
}

/** Numbers of the checks that are counted since the start or in the store, by check and key: the name and the help. */
const fromChecks: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>> = {
  inbox: {
    pending: ['inbox_pending', 'Deliveries that are due or in work'],
    scheduled: ['inbox_scheduled', 'Deliveries that wait for their time'],
    dead: ['inbox_dead', 'Deliveries that were given up'],
    rejected: ['inbox_rejected', 'Authentic deliveries that were not understood'],
    oldestSeconds: ['inbox_oldest_seconds', 'Age of the oldest delivery that is due'],
  },
  webhook: {
    accepted: ['webhook_accepted', 'Deliveries accepted since the start'],
    duplicate: ['webhook_duplicate', 'Deliveries that came before, since the start'],
    ignored: ['webhook_ignored', 'Deliveries about something else, since the start'],
    rejected: ['webhook_rejected', 'Deliveries not understood, since the start'],
    refusedSignature: [
      'webhook_refused_signature',
      'Requests with a wrong signature, since the start',
    ],
    refusedContentType: ['webhook_refused_content_type', 'Hooks that send forms, since the start'],
    refusedOther: ['webhook_refused_other', 'Other refused requests, since the start'],
  },
  reconcile: {
    passes: ['reconcile_passes', 'Comparisons with Gitea'],
    differences: ['reconcile_differences', 'Differences that were found'],
    missed: ['reconcile_missed', 'Changes that no webhook told of'],
  },
  publish: {
    pending: ['publish_pending', 'Issues whose comment or label is to be written'],
    failing: ['publish_failing', 'Issues whose comment or label was refused'],
    paused: ['publish_paused', 'Issues that are written to too often'],
  },
};

/** `GET /metrics`, for a token of the API or METRICS_TOKEN. */
export function registerMetrics(app: FastifyInstance, deps: MetricsDeps): void {
  const { metrics, token } = deps;
  const update = createGauges(metrics);
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
    const checks = await deps.health();
    // A store that is down is said by its check; what the process counts is told all the same.
    const numbers = await readStoreNumbers(deps.db, deps.now()).catch(() => undefined);
    update(checks, numbers);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

type StoreNumbers = Awaited<ReturnType<typeof readStoreNumbers>>;

function createGauges({ gauge }: Metrics) {
  const check = gauge('check_ok', '1: the check of /health is ok or off; 0: it is not', ['check']);
  const counted = Object.entries(fromChecks).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, [suffix, help]]) => ({
      name,
      key,
      gauge: gauge(suffix, help),
    })),
  );
  const stored = {
    issues: gauge('issues', 'Issues by state', ['state']),
    claims: gauge('claims_live', 'Live claims', ['agent']),
    bands: gauge('context_claims', 'Live claims by the band of their context', ['band']),
    claimsEnded: gauge('claims_ended', 'Claims that have ended, expired ones are lost leases', [
      'agent',
      'outcome',
    ]),
    verifications: gauge('verifications', 'Verifications by state', ['state']),
    gates: gauge('gate_statuses', 'Statuses of commits by gate', ['gate', 'state']),
    spentTokens: gauge('spent_today_tokens', 'Tokens that agents spent today (UTC)', ['agent']),
    spentUsd: gauge('spent_today_usd', 'US dollars that agents spent today (UTC)', ['agent']),
  } satisfies Record<keyof StoreNumbers, unknown>;

  return (checks: Readonly<Record<string, Check>>, numbers: StoreNumbers | undefined): void => {
    for (const [name, { status }] of Object.entries(checks))
      check.set({ check: name }, status === 'ok' || status === 'off' ? 1 : 0);
    for (const one of counted) {
      const value = checks[one.name]?.[one.key];
      if (typeof value === 'number') one.gauge.set(value);
      else one.gauge.reset();
    }
    // What cannot be read is not told as if it were still so.
    for (const key of storedKeys) setAll(stored[key], numbers?.[key] ?? []);
  };
}

const storedKeys = [
  ...(['issues', 'claims', 'bands', 'claimsEnded', 'verifications', 'gates'] as const),
  ...(['spentTokens', 'spentUsd'] as const),
];

function setAll(target: ReturnType<Metrics['gauge']>, values: readonly Labelled[]): void {
  target.reset();
  for (const { labels, value } of values) target.set(labels, value);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
