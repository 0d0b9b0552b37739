import { createClaims } from '../claims/claims.ts';
import { createLongPolls } from '../claims/hand-out/long-poll.ts';
import { createPauses } from '../claims/pauses.ts';
import { closedBlockers } from '../claims/hand-out/supply.ts';
import { createSweeper } from '../claims/sweeper.ts';
import { createClaude } from '../claude/client.ts';
import type { Config } from '../config.ts';
import type { EdgeCalls } from '../edge/calls.ts';
import { createGitea } from '../gitea/client.ts';
import { createBot } from '../handling/bot-login.ts';
import { createReadyCheck } from '../handling/ready-check.ts';
import { Consumer } from '../inbox/consumer.ts';
import { wasReceived } from '../inbox/delivery-views.ts';
import { createInbox } from '../inbox/inbox.ts';
import { isPostgresUrl } from '../db/location.ts';
import { createTakeIn, type TakeIn } from '../db/spool/take-in.ts';
import { watchWrites } from '../db/write-queue.ts';
import { createArrivals } from './arrivals.ts';
import { createSteadyClock } from '../lib/steady-clock.ts';
import type { IssueEvent } from '../issue/event.ts';
import type { Logger } from '../log.ts';
import { freeingIssues } from '../plans/parents.ts';
import { createDatabaseMetrics } from '../metrics/database-metrics.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { createPublisher } from '../publish/publisher.ts';
import { parseStored } from '../webhook/payload.ts';
import { datedAtMost } from '../webhook/snapshot-time.ts';
import { createClockJumps } from './clock-jumps.ts';
import { createEngine } from './engines.ts';
import { createForge } from './forge.ts';
import { createHandlingTraces } from './traces/handling-traces.ts';
import { healthChecks } from './health-checks.ts';
import { createIssueHandling } from './issue-handling.ts';
import { createLifecycle } from './lifecycle.ts';
import type { Overrides } from './overrides.ts';
import type { RunState } from './parts.ts';
import { createReconciliation } from './reconciliation.ts';
import { createNotifications } from './notifications.ts';
import { createServer } from './routes.ts';
import { createTracing } from './traces/tracing.ts';
import { canVerify, createVerificationParts } from './verification.ts';
import { createChanges } from '../web/live/changes.ts';
import { createWebhookCheck } from './webhook-check.ts';

/** Maximum of closed blockers that Gitea is asked about before an issue is handed out. */
const maxBlockersChecked = 20;

/**
 * Wires the core: everything of the service but what the edge does. Nothing is opened before `start`; `close` undoes it
 * in reverse and may be called twice; `idle` resolves when no delivery is due or in work, and what follows from it is published.
 */
export function createCoordinator(
  config: Config,
  log: Logger,
  edge: EdgeCalls,
  overrides: Overrides = {},
) {
  const { random = Math.random, dryRun = false } = overrides;
  // The clock of the database, as soon as that is open.
  const now = overrides.now ?? (() => engine.now());
  const monotonic = overrides.monotonic ?? overrides.now ?? (() => performance.now());
  const { processTime = overrides.now === undefined ? monotonic : () => 0 } = overrides;
  const startedAt = monotonic();
  const leaseMs = config.leaseSeconds * 1_000;
  const { agents, giteaUrl, publish } = config;
  const stopping = new AbortController();
  const untilStop = (signal: AbortSignal) => AbortSignal.any([signal, stopping.signal]);
  const run: RunState = { listeningSince: undefined, draining: false };
  const wakeConsumer = () => {
    consumer.wake();
    replica.notify('deliveries');
  };
  const wakePublisher = () => {
    wakePublisherHere();
    replica.notify('publish');
  };
  const wakePublisherHere = () => {
    publisher?.wake();
    forge?.wake();
  };

  const metrics = createMetrics();
  const databaseMetrics = createDatabaseMetrics(metrics);
  const traces = createHandlingTraces(now);
  const tracing = createTracing({ config, now, log });

  // The two clients, and the accounts that Gitea knows us by.
  const client =
    config.giteaToken === undefined
      ? undefined
      : createGitea({ baseUrl: giteaUrl, token: config.giteaToken, now });
  const gitea = client && (overrides.aroundGitea?.(client) ?? client);
  const tokenUser = gitea && (async () => (await gitea.getUser(stopping.signal)).login);
  const account = createBot({
    configured: gitea ? undefined : config.botUsername,
    ask:
      tokenUser &&
      (async () => {
        const login = await tokenUser();
        edge.account(login);
        return login;
      }),
  });
  const bot = createBot({ configured: config.botUsername, ask: gitea && account.find });
  const claude =
    config.claude && createClaude({ ...config.claude, log, now, onCall: metrics.claudeCalled });

  // The store and the inbox.
  const engine = createEngine({ config, overrides, log, now: overrides.now ?? Date.now });
  const { db, replica } = engine;
  const changes = createChanges();
  // Of its own writes alone, and as often as a page is told: what it hears of another replica it does not pass on.
  const changesHere = createChanges();
  changesHere.subscribe(() => replica.notify('pages'));
  const writes = watchWrites(
    databaseMetrics.measured(overrides.aroundWrites?.(engine.writes) ?? engine.writes),
    () => {
      changes.touch();
      changesHere.touch();
    },
  );
  /** Tries a store that failed again. */
  const canStore = async () =>
    engine.fault() === undefined || (await engine.check()).status !== 'down';
  const inbox = createInbox({
    ...{ db, writes, replica },
    now,
    random,
    uptimeMs: () => monotonic() - startedAt,
    parse: (eventName, raw) => datedAtMost(parseStored(eventName, raw, account.known()), now()),
  });
  const { spooled } = engine;
  const takeIn: TakeIn =
    spooled === undefined
      ? () => Promise.resolve(0)
      : createTakeIn({
          run: overrides.aroundTakeIn?.(spooled) ?? spooled,
          writes,
          onTaken: (upTo) => {
            edge.taken(upTo);
            wakeConsumer();
          },
          onRejected: inbox.keptRejected,
        });
  const arrivals = createArrivals({ takeIn, log });
  // One issue: read, planned and committed in one transaction; then its comment and label published.
  const longPolls = createLongPolls(() => replica.notify('work'));
  const { handling, handle, repositoryCheck } = createIssueHandling({
    ...{ config, overrides, log, now, stopping, db, writes, inbox, gitea, claude, bot },
    ...{ longPolls, wakeConsumer, wakePublisher },
  });
  const { giteaState } = handling;
  const publisher =
    gitea && (publish.comment || publish.labels)
      ? createPublisher({
          ...{ db, writes, gitea, publish, giteaUrl, dryRun, now, log },
          botUsername: config.botUsername,
          isLeader: replica.isLeader,
          traces,
          checkRepository: repositoryCheck?.check,
          holdLabels: config.holdLabels,
          agents: agents.filter(({ enabled }) => enabled).map(({ name }) => name),
        })
      : undefined;
  const consumer = new Consumer({
    ...{ writes, inbox, log, now },
    handle: (...group) => metrics.handled(() => handle(...group)),
    around: traces.around,
    concurrency: config.workerConcurrency,
    canStore,
  });

  // Claims, which ask Gitea once more before an issue is handed out.
  const isStillReady =
    giteaState &&
    repositoryCheck &&
    createReadyCheck({
      checkRepository: repositoryCheck.check,
      ...{ ...handling, giteaState, now },
      closedBlockers: (issue) => closedBlockers(db, issue, maxBlockersChecked),
      freeingIssues: (issue) => freeingIssues(db, issue),
      refresh: async (events) => {
        await writes.run(() => inbox.requestRefreshes(db, events));
        wakeConsumer();
      },
    });
  const clock = createSteadyClock(now, monotonic);
  const clockJumps = createClockJumps({
    ...{ writes, clock, processTime, leaseMs, wakeConsumer, log },
  });
  const claimWrites = {
    ...{ db, writes, wakePublisher, now: clock.now, log, longPolls },
    settleClock: clockJumps.settle,
  };
  const sweeper = createSweeper({ ...claimWrites, onSwept: clockJumps.swept });
  const checkCommit =
    gitea &&
    ((id: number, commit: string, signal: AbortSignal) =>
      gitea.checkCommit(id, commit, untilStop(signal)));
  const verification =
    gitea && checkCommit && canVerify(config)
      ? createVerificationParts({ ...claimWrites, config, gitea, checkCommit, leaseMs, replica })
      : undefined;
  const forge =
    gitea && checkCommit && publisher && !dryRun
      ? createForge({
          ...{ config, db, writes, gitea, now, log, inbox, longPolls, checkCommit },
          ...{ wakePublisher, wakeConsumer, isLeader: replica.isLeader },
          requestVerification: verification?.verifications.request,
        })
      : undefined;
  const claims = createClaims({
    ...{ ...claimWrites, giteaUrl, profiles: agents, leaseMs },
    hasReplicas: isPostgresUrl(config.database),
    secrets: config.webhookSecrets,
    thresholds: config.thresholds,
    checkCommit,
    requestVerification: verification?.verifications.request,
    isStillReady: isStillReady && ((issue, signal) => isStillReady(issue, untilStop(signal))),
  });

  // The reconciler, the routes, and the run of it all.
  const webhookCheck = createWebhookCheck(edge.report, now, (since) => wasReceived(db, since));
  const reconciliation =
    gitea &&
    giteaState &&
    repositoryCheck &&
    createReconciliation(
      {
        ...{ config, run, engine, db, writes, inbox, consumer },
        ...{ bot, webhookCheck, wakePublisher, now, random, log },
      },
      { gitea, giteaState, repositoryCheck },
    );
  const notifier = createNotifications({
    ...{ config, db, writes, webhookCheck, engine, now, random, log },
  });
  const pauses = createPauses(claimWrites);
  const parts = {
    ...{ config, overrides, log, now, random, run, stopping, db, engine, writes, inbox, consumer },
    ...{ canStore, clockJumps, pauses, changes, metrics, databaseMetrics },
    ...{ wakeConsumer, wakePublisher, bot, account, longPolls, sweeper, claims, verification },
    ...{ edgeReport: edge.report, edgeMetrics: edge.metrics, takeIn, arrivals, webhookCheck },
    ...{ gitea, claude, giteaState, publisher, reconciliation, forge, notifier, tracing },
  };
  replica.onNotify((topic) => {
    if (topic === 'deliveries') consumer.wake();
    else if (topic === 'work') longPolls.wakeHere();
    else if (topic === 'publish') wakePublisherHere();
    // Of `pages` this is all: whatever another replica has done may change a page.
    changes.touch();
  });
  const app = createServer({ ...parts, checks: healthChecks(parts) });
  const lifecycle = createLifecycle({ ...parts, app });

  /** Compares Gitea with the store now; undefined without a token. Throws `TryAgainLater`. */
  const reconcile = () => reconciliation?.pass();

  async function idle(): Promise<void> {
    await takeIn();
    await consumer.idle();
    await publisher?.idle();
    await forge?.idle();
  }

  /** The bytes of a delivery came before: its issue is looked at again. */
  async function followDuplicate(event: IssueEvent, bodyHash: string): Promise<void> {
    // The first one may still wait in front of the inbox.
    await takeIn();
    if (await writes.run(() => inbox.refreshAfterDuplicate(db, event, bodyHash))) wakeConsumer();
  }

  /** Something came: with a spool in front of the inbox it is taken in first. */
  function arrived(): void {
    if (spooled === undefined) wakeConsumer();
    else arrivals.wake();
  }

  return {
    ...{ app, idle, reconcile, followDuplicate, followPull: forge?.hint, arrived },
    ...lifecycle,
  };
}
