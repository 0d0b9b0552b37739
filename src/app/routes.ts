import { createCallerOf } from '../api/auth.ts';
import type { ApiDeps } from '../api/route.ts';
import { registerApi } from '../api/routes.ts';
import { readVersion } from '../config.ts';
import { registerHealth } from '../http/health.ts';
import { behindEdge, createApp } from '../http/server.ts';
import { replayDelivery } from '../inbox/delivery-views.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { registerMcp } from '../mcp/route.ts';
import { findRepositoryId } from '../plans/repository-names.ts';
import { essentialChecks, type healthChecks } from './health-checks.ts';
import type { Parts } from './parts.ts';

/** Interval between two log lines about failed logins; each says how many it stands for. */
const loginLineMs = 10_000;

interface RouteParts extends Pick<
  Parts,
  | ('config' | 'log' | 'now' | 'db' | 'writes' | 'takeIn')
  | ('claims' | 'pauses' | 'wakeConsumer' | 'canStore' | 'verification')
> {
  readonly checks: ReturnType<typeof healthChecks>;
}

const notVerifying = 'Nothing is verified here: set GITEA_TOKEN, and VERIFIERS above 0.';

/** The server with every route of the service but those of the edge, to which alone it listens; not yet. */
export function createServer(parts: RouteParts) {
  const { config, log, now, db, writes, takeIn, wakeConsumer, verification } = parts;
  const app = createApp(log, behindEdge);
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
  registerHealth(app, {
    version: readVersion(),
    now,
    startedAt: now(),
    essential: essentialChecks,
    checks: {
      ...parts.checks,
      api: () => Promise.resolve({ status: 'ok', failedLogins }),
    },
    isKnown: (authorization) => callerOf(authorization) !== undefined,
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
  registerApi(app, api);
  registerMcp(app, { ...api, version: readVersion() });
  return app;
}
