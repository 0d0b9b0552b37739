import { createCallerOf } from '../api/auth.ts';
import type { ApiDeps } from '../api/route.ts';
import { registerApi } from '../api/routes.ts';
import { readVersion } from '../config.ts';
import { limitConnections } from '../http/connections.ts';
import { registerHealth } from '../http/health.ts';
import { createApp } from '../http/server.ts';
import { replayDelivery } from '../inbox/delivery-views.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { registerMcp } from '../mcp/route.ts';
import { isNamedBlocker } from '../plans/blockers.ts';
import { findRepositoryId } from '../plans/repository-names.ts';
import { findLabels } from '../plans/stored-facts.ts';
import { registerWebhook } from '../webhook/route.ts';
import { essentialChecks, type healthChecks } from './health-checks.ts';
import type { Parts } from './parts.ts';

/** Interval between two log lines about failed logins; each says how many it stands for. */
const loginLineMs = 10_000;

interface RouteParts extends Pick<
  Parts,
  | ('config' | 'log' | 'now' | 'run' | 'db' | 'writes' | 'inbox' | 'account')
  | ('claims' | 'pauses' | 'webhookCounts' | 'wakeConsumer' | 'canStore' | 'verification' | 'forge')
> {
  readonly checks: ReturnType<typeof healthChecks>;
}

const notVerifying = 'Nothing is verified here: set GITEA_TOKEN, and VERIFIERS above 0.';

/** The server with every route of the service; it does not listen yet. */
export function createServer(parts: RouteParts) {
  const { config, log, now, run, db, writes, inbox, wakeConsumer, verification } = parts;
  const app = createApp(log);
  const connections = limitConnections(app.server, { log, now });
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
  registerWebhook(app, {
    secrets: config.webhookSecrets,
    account: parts.account.known,
    labelsOf: (issue) => findLabels(db, issue),
    isNamedBlocker: (issue) => isNamedBlocker(db, issue),
    log,
    counts: parts.webhookCounts,
    add: inbox.add,
    addRejected: inbox.addRejected,
    isStored: inbox.isStored,
    provenTime: inbox.provenTime,
    onPullHint: parts.forge?.hint,
    onAccepted: wakeConsumer,
    onAuthentic: connections.prove,
    now,
    // With a token the present state is read from Gitea, whatever a delivery says.
    maxAgeDays: config.giteaToken === undefined ? config.deliveryRetentionDays : undefined,
    onDuplicate: async (event, bodyHash) => {
      if (config.giteaToken === undefined) return;
      if (await writes.run(() => inbox.refreshAfterDuplicate(db, event, bodyHash))) wakeConsumer();
    },
  });
  registerHealth(app, {
    version: readVersion(),
    now,
    startedAt: now(),
    isDraining: () => run.draining,
    essential: essentialChecks,
    checks: {
      ...parts.checks,
      connections: () => Promise.resolve(connections.check()),
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
    replay: async (id) => {
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
