import { registerApi } from '../api/routes.ts';
import type { Claims } from '../claims/claims.ts';
import type { Pauses } from '../claims/pauses.ts';
import { readVersion, type Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Bot } from '../handling/bot.ts';
import { registerHealth, type Check } from '../http/health.ts';
import { createApp } from '../http/server.ts';
import { replayDelivery } from '../inbox/delivery-views.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../log.ts';
import { findLabels } from '../plans/stored-facts.ts';
import type { WebhookCounts } from '../webhook/counts.ts';
import { registerWebhook } from '../webhook/route.ts';
import { essentialChecks } from './health-checks.ts';
import type { RunState } from './lifecycle.ts';

interface RouteDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  readonly run: RunState;
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly inbox: Inbox;
  readonly account: Bot;
  readonly claims: Claims;
  readonly pauses: Pauses;
  readonly webhookCounts: WebhookCounts;
  readonly checks: Readonly<Record<string, () => Promise<Check>>>;
  readonly wakeConsumer: () => void;
}

/** The server with every route of the service; it does not listen yet. */
export function createServer(deps: RouteDeps) {
  const { config, log, now, run, db, writes, inbox, wakeConsumer } = deps;
  const app = createApp(log);
  registerWebhook(app, {
    secrets: config.webhookSecrets,
    account: deps.account.known,
    labelsOf: (issue) => findLabels(db, issue),
    log,
    counts: deps.webhookCounts,
    add: inbox.add,
    addRejected: inbox.addRejected,
    onAccepted: wakeConsumer,
  });
  registerHealth(app, {
    version: readVersion(),
    now,
    startedAt: now(),
    isDraining: () => run.draining,
    essential: essentialChecks,
    checks: deps.checks,
  });
  registerApi(app, {
    store: { db, giteaUrl: config.giteaUrl },
    agents: config.agents,
    tokens: config.apiTokens,
    now,
    log,
    replay: async (id) => {
      const delivery = await writes.run(() => replayDelivery(db, id, now()));
      wakeConsumer();
      return delivery;
    },
    claims: deps.claims,
    pauses: deps.pauses,
  });
  return app;
}
