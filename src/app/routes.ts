import { createCallerOf } from '../api/auth.ts';
import { describeApi } from '../api/description/openapi.ts';
import type { ApiDeps } from '../api/route.ts';
import { registerApi } from '../api/routes.ts';
import { readVersion } from '../config.ts';
import { registerHealth, runChecks } from '../http/health.ts';
import { behindEdge, createApp } from '../http/server.ts';
import { replayDelivery } from '../inbox/delivery-views.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { createDatabaseMetrics } from '../metrics/database-metrics.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { registerMetrics } from '../metrics/route.ts';
import { registerMcp } from '../mcp/route.ts';
import { findRepositoryId } from '../plans/repository-names.ts';
import type { Changes } from '../web/live/changes.ts';
import { createMissingPage } from '../web/fault.ts';
import { registerWeb } from '../web/routes.ts';
import { createMembers } from '../web/session/members.ts';
import { createSessions } from '../web/session/sessions.ts';
import { essentialChecks, type healthChecks } from './health-checks.ts';
import type { Parts } from './parts.ts';

/** Interval between two log lines about failed logins; each says how many it stands for. */
const loginLineMs = 10_000;

interface RouteParts extends Pick<
  Parts,
  | ('config' | 'overrides' | 'log' | 'now' | 'db' | 'engine' | 'writes' | 'takeIn')
  | ('claims' | 'pauses' | 'wakeConsumer' | 'canStore' | 'verification' | 'stopping')
> {
  readonly changes: Changes;
  readonly metrics: Metrics;
  readonly databaseMetrics: ReturnType<typeof createDatabaseMetrics>;
  readonly edgeMetrics: () => Promise<string>;
  readonly checks: ReturnType<typeof healthChecks>;
}

const notVerifying = 'Nothing is verified here: set GITEA_TOKEN, and VERIFIERS above 0.';

/** The server with every route of the service but those of the edge, to which alone it listens; not yet. */
export function createServer(parts: RouteParts) {
  const { config, overrides, log, now, db, writes, takeIn, wakeConsumer, verification } = parts;
  const { oauth, giteaUrl } = config;
  const members = createMembers({ tokens: config.apiTokens, logins: oauth?.members ?? [] });
  const sessions = createSessions({ db, writes, now: overrides.sessionTime ?? now, members });
  const missingPage = createMissingPage(sessions);
  const app = createApp(log, { patience: behindEdge, trustProxy: true, missingPage });
  const callerOf = createCallerOf([
    ...config.apiTokens,
    ...(verification === undefined ? [] : [verification.caller]),
  ]);
  const lines = createRepeatedLines(log, loginLineMs);
  app.addHook('onClose', (_instance, done) => {
    lines.flush();
    done();
  });
  let failedLogins = 0;
  const version = readVersion();
  const startedAt = now();
  const checks = {
    ...parts.checks,
    api: () => Promise.resolve({ status: 'ok' as const, failedLogins }),
  };
  const isKnown = (authorization: string | undefined) => callerOf(authorization) !== undefined;
  /** Figures are of all repositories and agents. */
  const seesAll = (authorization: string | undefined) => {
    const caller = callerOf(authorization);
    const isNarrowed = caller?.repositories !== undefined || caller?.agents !== undefined;
    return ['reader', 'operator'].includes(caller?.role ?? '') && !isNarrowed;
  };
  registerHealth(app, {
    ...{ version, now, startedAt, checks },
    essential: essentialChecks,
    isKnown,
  });
  const health = () => runChecks({ checks }, Object.keys(checks));
  const { engine, metrics, databaseMetrics, edgeMetrics } = parts;
  registerMetrics(app, {
    ...{ engine, metrics, databaseMetrics, edgeMetrics, now, health, seesAll },
    token: config.metricsToken,
  });
  const api: ApiDeps = {
    store: { db, giteaUrl: config.giteaUrl },
    canStore: parts.canStore,
    agents: config.agents,
    callerOf,
    onFailedLogin: () => {
      failedLogins += 1;
      lines.warn({}, 'API call without a valid token refused');
    },
    isOff: config.apiTokens.length === 0,
    now,
    log,
    takeIn: () => takeIn().catch(() => undefined),
    replay: async (id) => {
      await takeIn();
      const delivery = await writes.run(() => replayDelivery(db, id, now()));
      wakeConsumer();
      return delivery;
    },
    claims: parts.claims,
    pauses: parts.pauses,
    verifications: verification?.verifications,
    verifyAgain: verification?.verifyAgain ?? (() => Promise.resolve({ refusal: notVerifying })),
    findIssue: async ({ repository, number }) => {
      const repositoryId = await findRepositoryId(db, repository);
      return repositoryId === undefined ? undefined : { repositoryId, number };
    },
    gitFetch: verification?.gitFetch,
  };
  const description = describeApi(app, version);
  registerApi(app, api);
  registerMcp(app, { ...api, version });
  registerWeb(app, {
    ...{ ...api, version, startedAt, members },
    gitea: oauth && { ...oauth, giteaUrl },
    signInOnce: overrides.signInOnce,
    sessions,
    changes: parts.changes,
    description,
    health,
    thresholds: config.thresholds,
    stopping: parts.stopping.signal,
  });
  return app;
}
