import { setTimeout as sleep } from 'node:timers/promises';

import { createClaude, type ClaudeStatus } from '../claude/client.ts';
import { createGitea, type Gitea } from '../gitea/client.ts';
import type { GiteaStatus } from '../gitea/transport.ts';
import { readVersion, type Config } from '../config.ts';
import { registerApi } from '../api/routes.ts';
import { CoordinatorError, describeError } from '../errors.ts';
import { createBot } from '../handling/bot.ts';
import { handleIssue } from '../handling/handle-issue.ts';
import type { HandlerDeps } from '../handling/handler.ts';
import { createMissedWebhooks } from '../reconcile/missed-webhooks.ts';
import { createReadyCheck } from '../handling/ready-check.ts';
import { createPass } from '../reconcile/pass.ts';
import { createReconciler } from '../reconcile/reconciler.ts';
import { createTruth } from '../handling/gitea-state.ts';
import { replayDelivery } from '../inbox/delivery-views.ts';
import { createInbox } from '../inbox/inbox.ts';
import { createInsert, type InsertDeliveries } from '../inbox/insert-deliveries.ts';
import { Consumer } from '../inbox/consumer.ts';
import type { IssueEvent } from '../issue/event.ts';
import { refreshEvent } from '../issue/facts.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import { createPublisher, type Publisher } from '../publish/publisher.ts';
import { createReader, type ClaudeDeps } from '../reading/reader.ts';
import { createTextReader } from '../reading/text-thread.ts';
import { recallAnswer, rememberAnswer } from '../claude/answers.ts';
import { findHistory } from '../claims/views.ts';
import { closedBlockers } from '../claims/candidates.ts';
import { findCodes, storeCodes } from '../plans/codes.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { checkStore } from '../db/health.ts';
import { findFacts, findLabels, storeIssue } from '../plans/issue-rows.ts';
import { lockDatabase } from '../db/lock.ts';
import { migrate } from '../db/migrations.ts';
import { requestVerification, requestVerificationOfAll, retryRefused } from '../publish/rows.ts';
import { findGiteaDependencies, tiedOtherwise } from '../plans/gitea-edges.ts';
import { distinctKeys } from '../plans/open-graph.ts';
import {
  countDifferences,
  findStored,
  findReconciliation,
  listStored,
  storePass,
  wasReported,
} from '../reconcile/rows.ts';
import { createWriteQueue, type WriteQueue } from '../db/write-queue.ts';
import { createSqliteThread } from '../db/sqlite-thread.ts';
import { findStalePlans, rememberAgents } from '../plans/replan.ts';
import { createApp } from '../http/server.ts';
import { createWebhookCounts } from '../webhook/counts.ts';
import { registerHealth, type Check } from '../http/health.ts';
import { parseDelivery, PayloadError } from '../webhook/payload.ts';
import { registerWebhook } from '../webhook/route.ts';
import { createClaims, type ClaimsDeps } from '../claims/claims.ts';
import { createPauses } from '../claims/pauses.ts';
import { createSweeper } from '../claims/sweeper.ts';
import { createWaiters } from '../claims/long-poll.ts';

/** What tests put in place of the real thing. */
export interface Overrides {
  readonly now?: () => number;
  readonly random?: () => number;
  /** Stands around the reading of an issue's text. */
  readonly aroundRead?: (read: HandlerDeps['read']) => HandlerDeps['read'];
  /** Stands around the storing of deliveries. */
  readonly aroundInsert?: (insert: InsertDeliveries) => InsertDeliveries;
  /** Wraps the write queue. */
  readonly aroundWrites?: (writes: WriteQueue) => WriteQueue;
  /** Gitea is compared with the store only when `reconcile` is called. */
  readonly reconcileByHand?: boolean;
  /** Wraps the client of Gitea. */
  readonly aroundGitea?: (gitea: Gitea) => Gitea;
  /** Tells in the log what would be written to Gitea, and writes nothing. */
  readonly dryRun?: boolean;
}

/** How often deliveries past their retention are deleted. */
const pruneIntervalMs = 3_600_000;
const hurryPauseMs = 1_000;
/** Issues whose text is in memory, and that are put into the inbox, at once. */
const looksAtOnce = 100;
/** How much earlier than it seems by both clocks a webhook may have come. */
const clockDriftMs = 600_000;
/** What has not ended by then is left behind: its delivery is still in the inbox. */
const closeDeadlineMs = 7_000;
/** After these somebody may have changed our comment or label. */
const lookedAtAfter: readonly IssueEvent['kind'][] = ['labelled', 'commented', 'refreshed'];
/** What an issue waited for that Gitea is asked about before it is handed out. */
const blockersAsked = 20;

/**
 * Wires the whole service. Nothing is opened before `start`; `close` undoes it in reverse and may be
 * called twice; `idle` resolves when no delivery is due or in work, and what follows is published.
 */
export function createCoordinator(config: Config, log: Logger, overrides: Overrides = {}) {
  const now = overrides.now ?? Date.now;
  const { agents } = config;
  const agentNames = agents.map(({ name }) => name);
  const db = createDatabase(config.databasePath);
  const thread = createSqliteThread(config.databasePath);
  const queue = createWriteQueue(db);
  const writes = overrides.aroundWrites?.(queue) ?? queue;
  const insert = createInsert(db, thread.all);
  const stopping = new AbortController();
  const client =
    config.giteaToken === undefined
      ? undefined
      : createGitea({ baseUrl: config.giteaUrl, token: config.giteaToken, now });
  const gitea = client && (overrides.aroundGitea?.(client) ?? client);
  /** Whose writes are ours. */
  const account = createBot({
    configured: gitea === undefined ? config.botUsername : undefined,
    ask: gitea === undefined ? undefined : async () => (await gitea.getUser(stopping.signal)).login,
  });
  const bot = createBot({
    configured: config.botUsername,
    ask: gitea === undefined ? undefined : account.find,
  });
  const inbox = createInbox({
    db,
    writes,
    insert: overrides.aroundInsert?.(insert) ?? insert,
    now,
    random: overrides.random ?? Math.random,
    parse: (eventName, raw) => {
      const parsed = parseDelivery(eventName, raw, account.known());
      if (parsed.kind !== 'ignored') return parsed.event;
      throw new PayloadError(`Understood by now, but ignored: ${parsed.reason}.`);
    },
  });
  const claude =
    config.claude === undefined ? undefined : createClaude({ ...config.claude, log, now });
  /** How often Claude has come back since the start. */
  let returns = 0;
  const findKnown: HandlerDeps['findFacts'] = (issue) => findFacts(db, issue);
  const read = createReader({
    agentNames,
    readText: createTextReader({ agentNames, trackerUrl: config.giteaUrl }),
    claude: createClaudeDeps(),
  });
  const handlerDeps: HandlerDeps = {
    findFacts: findKnown,
    findCodes: (facts) => findCodes(db, facts),
    findHistory: (issue, difficulty) => findHistory(db, issue, difficulty),
    read: overrides.aroundRead?.(read) ?? read,
    agents,
    bot: bot.find,
    truth:
      gitea === undefined
        ? undefined
        : createTruth({
            ...gitea,
            findFacts: findKnown,
            findGiteaDependencies: (issue) => findGiteaDependencies(db, issue),
          }),
  };

  function createClaudeDeps(): ClaudeDeps | undefined {
    if (claude === undefined || config.claude === undefined) return undefined;
    return {
      ...config.claude,
      ask: async (question, signal) => {
        const wasAway = claude.pausedUntil() !== undefined;
        const outcome = await claude.ask(question, signal);
        if (wasAway && claude.pausedUntil() === undefined) {
          returns += 1;
          void hurryLooks();
        }
        return outcome;
      },
      recall: (key) => recallAnswer(db, key),
      remember: (key, answer) => writes.run(() => rememberAnswer(db, key, answer, now())),
      asksAgain: true,
    };
  }

  /** Gitea is asked once more right before an issue is handed out. */
  function createLastLook(): ClaimsDeps['isStillReady'] {
    const { truth } = handlerDeps;
    if (truth === undefined) return undefined;
    const isStillReady = createReadyCheck({
      ...handlerDeps,
      truth,
      closedBlockers: (issue) => closedBlockers(db, issue, blockersAsked),
      look: async (events) => {
        await writes.run(() => inbox.requestRefreshes(db, events));
        consumer.wake();
      },
      now,
    });
    return (issue, signal) => isStillReady(issue, AbortSignal.any([signal, stopping.signal]));
  }

  /** Nobody else would notice that Claude is back: tried until it is done. */
  async function hurryLooks(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await writes.run(() => inbox.makeRefreshesDue());
        consumer.wake();
        return;
      } catch (error) {
        log.warn({ err: error }, 'the planned looks could not be made due, trying again');
        await sleep(hurryPauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Has stored issues looked at again. */
  async function lookAgain(connection: Database, issues: readonly IssueKey[]): Promise<void> {
    const distinct = [...distinctKeys(issues).values()];
    for (let start = 0; start < distinct.length; start += looksAtOnce) {
      const some = distinct.slice(start, start + looksAtOnce);
      const facts = await Promise.all(some.map((issue) => findFacts(connection, issue)));
      const looks = facts.filter((known) => known !== undefined).map(refreshEvent);
      await inbox.requestRefreshes(connection, looks);
    }
  }

  const claimWrites = { writes, wakePublisher: () => publisher?.wake() };

  const publisher = createPublishing();

  function createPublishing(): Publisher | undefined {
    const { publish, giteaUrl } = config;
    if (gitea === undefined || (!publish.comment && !publish.labels)) return undefined;
    return createPublisher({
      db,
      writes,
      gitea,
      publish,
      giteaUrl,
      dryRun: overrides.dryRun ?? false,
      now,
      log,
    });
  }

  const waiters = createWaiters();
  const sweeper = createSweeper({ db, ...claimWrites, now, log, waiters });
  const claims = createClaims({
    ...claimWrites,
    db,
    giteaUrl: config.giteaUrl,
    profiles: agents,
    secrets: config.webhookSecrets,
    leaseMs: config.leaseSeconds * 1_000,
    now,
    log,
    waiters,
    thresholds: config.thresholds,
    isStillReady: createLastLook(),
  });

  const consumer = new Consumer({
    writes,
    inbox,
    log,
    now,
    concurrency: config.workerConcurrency,
    handle: async (group, signal) => {
      const { issue, events } = group;
      const returnsBefore = returns;
      const { update, refreshes } = await handleIssue(issue, events, handlerDeps, signal);
      return async (transaction) => {
        const readOtherwise = await storeCodes(transaction, update);
        const outcome = await storeIssue(transaction, update, now());
        // Whoever looks now waits for this transaction: there is one connection.
        if (outcome.redecided > 0) waiters.wake();
        if (events.some(({ kind }) => lookedAtAfter.includes(kind)))
          await requestVerification(transaction, [issue]);
        publisher?.wake();
        const tied = await tiedOtherwise(transaction, update);
        await lookAgain(transaction, [...readOtherwise, ...tied]);
        await inbox.addRefreshes(transaction, refreshes);
        if (update.plan?.reading.outcome === 'fallback' && update.facts.open)
          await inbox.scheduleRefresh(transaction, refreshEvent(update.facts), group);
        const pausedUntil = claude?.pausedUntil();
        if (pausedUntil !== undefined) await inbox.bringRefreshForward(transaction, pausedUntil);
        // Claude came back while this was read without it: the look just planned must not wait.
        else if (returns > returnsBefore) await inbox.makeRefreshesDue(transaction);
        return outcome;
      };
    },
  });

  const startedAt = now();
  let listeningSince: number | undefined;
  const reconciler = createReconciliation();

  /** Finds what no delivery told; undefined without a token. */
  function createReconciliation() {
    const { truth } = handlerDeps;
    if (gitea === undefined || truth === undefined) return undefined;
    const skew = () => gitea.status().clockSkewMs ?? undefined;
    const giteaTime = (ours: number) => {
      const skewMs = skew();
      return skewMs === undefined ? undefined : ours + skewMs;
    };
    const runPass = createPass({
      searchIssues: gitea.searchIssues,
      currentFacts: truth.currentFacts,
      giteaDependenciesDiffer: truth.giteaDependenciesDiffer,
      bot: bot.find,
      tokenUser: async (signal) => {
        const { login } = await gitea.getUser(signal);
        if (bot.learn(login)) log.warn({ bot: login }, 'the bot has another name on Gitea now');
        return login;
      },
      store: {
        progress: () => findReconciliation(db),
        find: (issues) => findStored(db, issues),
        list: (which, after, limit) => listStored(db, { which, after, limit }),
        finish: (progress, { missed }) =>
          writes.run(() => storePass(db, { ...progress, missed, now: now() })),
      },
      add: async (events) => {
        const added = await writes.transaction(async (transaction) => {
          const found = await inbox.addDifferences(transaction, events, consumer.inWork());
          await countDifferences(transaction, found.length);
          return found;
        });
        consumer.wake();
        return added;
      },
      requestVerification: async () => {
        await writes.transaction(requestVerificationOfAll);
        publisher?.wake();
      },
      giteaNow: () => giteaTime(now()),
      missed: createMissedWebhooks({
        upSince: () => (listeningSince === undefined ? undefined : giteaTime(listeningSince)),
        wasReported: (change) => {
          const receivedSince = change.updatedAt - (skew() ?? 0) - clockDriftMs;
          return wasReported(db, { ...change, receivedSince });
        },
        log,
      }),
      log,
    });
    return createReconciler({
      runPass,
      intervalMs: config.reconcileIntervalSeconds * 1_000,
      random: overrides.random ?? Math.random,
      log,
    });
  }

  /** What polling has found; none of it can be known without Gitea. */
  async function reconcileCheck(): Promise<Check> {
    if (reconciler === undefined) return { status: 'off' };
    const { passes, lastPassAt, differences, missed } = await findReconciliation(db);
    const lastError = reconciler.lastError() ?? null;
    return {
      status: lastError === null ? 'ok' : 'degraded',
      passes,
      lastPassAt: lastPassAt === undefined ? null : isoTime(lastPassAt),
      differences,
      missed,
      sinceStart: reconciler.sinceStart(),
      lastError,
    };
  }

  const webhookCounts = createWebhookCounts(now);
  const app = createApp(log);
  let draining = false;
  registerWebhook(app, {
    secrets: config.webhookSecrets,
    account: account.known,
    labelsOf: (issue) => findLabels(db, issue),
    log,
    counts: webhookCounts,
    add: inbox.add,
    addRejected: inbox.addRejected,
    onAccepted: () => consumer.wake(),
  });
  registerHealth(app, {
    version: readVersion(),
    now,
    startedAt,
    isDraining: () => draining,
    essential: ['store'],
    checks: {
      store: () => checkStore(thread, writes),
      inbox: async () => {
        const counts = await inbox.counts();
        return { status: counts.dead > 0 ? 'degraded' : 'ok', ...counts };
      },
      gitea: () => Promise.resolve(giteaCheck(gitea?.status())),
      claude: () => Promise.resolve(claudeCheck(claude?.status())),
      webhook: () => Promise.resolve({ status: 'ok', ...webhookCounts.read() }),
      reconcile: reconcileCheck,
      publish: async () =>
        publisher === undefined ? { status: 'off' } : { ...(await publisher.status()) },
    },
  });
  registerApi(app, {
    store: { db, giteaUrl: config.giteaUrl },
    agents,
    tokens: config.apiTokens,
    now,
    log,
    replay: async (id) => {
      const delivery = await writes.run(() => replayDelivery(db, id, now()));
      consumer.wake();
      return delivery;
    },
    claims,
    pauses: createPauses({ db, ...claimWrites, now, log, waiters }),
  });

  let unlock: (() => void) | undefined;
  let pruning: NodeJS.Timeout | undefined;
  let closing: Promise<void> | undefined;

  async function prune(): Promise<void> {
    try {
      const pruned = await inbox.prune(config.deliveryRetentionDays);
      if (pruned > 0) log.info({ pruned }, 'old deliveries deleted');
    } catch (error) {
      log.error({ err: error }, 'old deliveries could not be deleted');
    }
  }

  /** Takes the database, brings it up to date, works off what waits, and listens. */
  async function start(): Promise<{ url: string }> {
    unlock = lockDatabase(config.databasePath);
    try {
      await migrate(db);
      await thread.open();
      await prune();
      // The key or the model may be another one now.
      await inbox.makeRefreshesDue();
      await retryRefused(db);
      await replan();
      await sweeper.sweep();
      sweeper.start();
      pruning = setInterval(() => void prune(), pruneIntervalMs);
      consumer.start();
      publisher?.start();
      if (overrides.dryRun === true)
        log.warn(
          { publish: publisher === undefined ? 'off' : 'on' },
          'dry run: Gitea is only read',
        );
      if (gitea !== undefined && bot.known() === undefined) void askForBot();
      // While it is not known, our own writes come back as events: that costs a look each.
      else void account.find().catch(() => undefined);
      const url = await listen();
      listeningSince = now();
      if (overrides.reconcileByHand !== true) reconciler?.start();
      log.info({ url, version: readVersion(), reader: config.issueReader }, 'coordinator started');
      return { url };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** The agents may be other ones now: issues that they may plan otherwise are looked at again. */
  async function replan(): Promise<void> {
    const stale = await findStalePlans(db, agents);
    await lookAgain(db, stale);
    await rememberAgents(db, agents);
    if (stale.length > 0) log.info({ issues: stale.length }, 'planned anew for other agents');
  }

  /** Not waited for: a Gitea that is down must not keep deliveries out. */
  async function askForBot(): Promise<void> {
    try {
      log.info({ bot: await bot.find() }, 'issues of this user are planned');
    } catch (error) {
      if (stopping.signal.aborted) return;
      log.warn(
        { err: error },
        'Gitea does not tell whose GITEA_TOKEN is: issues wait until it does',
      );
    }
  }

  async function listen(): Promise<string> {
    const { host, port } = config;
    try {
      return await app.listen({ host, port });
    } catch (error) {
      const message = `Cannot listen on ${host}, port ${port}: ${describeError(error)}. Correct HOST and PORT.`;
      throw new CoordinatorError('cannot_listen', message, { cause: error });
    }
  }

  function close(): Promise<void> {
    closing ??= shutDown();
    return closing;
  }

  async function shutDown(): Promise<void> {
    draining = true;
    clearInterval(pruning);
    waiters.close();
    const polling = Promise.all([reconciler?.stop(), publisher?.stop()]);
    const stopped = Promise.all([consumer.stop(), sweeper.stop(), polling]);
    stopping.abort();
    await Promise.race([
      Promise.all([stopped, app.close()])
        .then(() => inbox.settled())
        .then(() => thread.close()),
      sleep(closeDeadlineMs, undefined, { ref: false }),
    ]);
    await gitea?.close();
    await db.destroy();
    unlock?.();
    log.info('coordinator stopped');
  }

  /** Compares Gitea with the store now; undefined without a token. Throws `TryAgainLater`. */
  const reconcile = () => reconciler?.pass();

  async function idle(): Promise<void> {
    await consumer.idle();
    await publisher?.idle();
  }

  return { app, start, idle, reconcile, close };
}

/** Outcomes that say nothing against Claude; a declined or cut-off text is an answer. */
const fine: readonly (string | null)[] = [null, 'ok', 'refused', 'truncated'];

/** Away, or of no use the last time: a proxy's page, a wrong model, a used-up allowance. */
function isFailing({ pausedUntil, lastOutcome }: ClaudeStatus): boolean {
  return pausedUntil !== null || !fine.includes(lastOutcome);
}

/** A dead Gitea degrades the service: deliveries are taken, and wait until it is back. */
function giteaCheck(status: GiteaStatus | undefined): Check {
  if (status === undefined) return { status: 'off' };
  return { status: status.lastError === null ? 'ok' : 'degraded', ...status };
}

/** A dead Claude degrades the service; deliveries are taken and issues planned without it. */
function claudeCheck(status: ClaudeStatus | undefined): Check {
  if (status === undefined) return { status: 'off', mode: 'offline' };
  return { status: isFailing(status) ? 'degraded' : 'ok', mode: 'claude', ...status };
}
