import { setTimeout as sleep } from 'node:timers/promises';

import { readVersion } from '../config.ts';
import { createLoop, type Loop } from '../lib/loop.ts';
import { retryRefused } from '../publish/rows.ts';
import { countForge } from '../verification/forge-counts.ts';
import { abandonVerifications } from '../verification/stops.ts';
import { createPruning, replanForStart } from './background.ts';
import type { Parts } from './parts.ts';
import { createCoreSocket } from './core-socket.ts';
import { createStoreUpkeep } from './store-upkeep.ts';

/** Longest wait for work under way at close; its delivery is still in the inbox. */
const closeDeadlineMs = 7_000;
/** Interval of the look whether this replica leads now; news of it comes at once. */
const dutyIntervalMs = 60_000;
const dutyRetryMs = 1_000;

/** Start opens everything in order; close undoes it in reverse and may be called twice. The edge listens in between. */
export function createLifecycle(parts: Parts) {
  const { config, overrides, log, run, stopping, db, inbox, consumer, sweeper, app } = parts;
  const { engine, writes, takeIn, arrivals, tracing } = parts;
  const { replica } = engine;
  const { bot, account, gitea, publisher, reconciliation } = parts;
  const socket = createCoreSocket();
  const pruning = createPruning(
    { inbox, log, isLeader: replica.isLeader },
    config.deliveryRetentionDays,
  );
  let isOpen = false;
  let upkeep: Loop | undefined;
  /** True from the moment this replica leads until it has done what that takes. */
  let owes = false;
  let stopped: Promise<unknown> | undefined;
  let deadline: Promise<unknown> | undefined;
  let finishing: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  /** Opens and migrates the database, starts the loops, and listens to the edge on a socket of its own. */
  async function start(): Promise<{ socketPath: string }> {
    try {
      await tracing.start();
      await engine.open();
      isOpen = true;
      // What is damaged is shown, and not worked on.
      if (engine.fault() === undefined) {
        await parts.clockJumps.begin();
        await startWork();
      }
      upkeep = createStoreUpkeep(parts);
      upkeep.start();
      const socketPath = await socket.listen(app);
      return { socketPath };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** The edge takes deliveries at this address from now on. */
  function listening(url: string): void {
    run.listeningSince = parts.now();
    const isSound = engine.fault() === undefined;
    if (overrides.reconcileByHand !== true && isSound) reconciliation?.start();
    if (isSound) parts.verification?.start(url);
    const version = readVersion();
    log.info({ url, version, reader: config.issueReader }, 'coordinator started');
  }

  /** Does what a start owes, and begins the loops. */
  async function startWork(): Promise<void> {
    await takeIn();
    // Nothing stays with a verifier that is gone.
    await parts.verification?.recover();
    // Where another replica leads, the service never stopped.
    if (replica.isLeader()) {
      await parts.clockJumps.settleAtStart();
      await settleStart();
    }
    replica.onLeader(() => {
      owes = true;
      duties.wake();
    });
    duties.start();
    await pruning.start();
    await startLoops();
  }

  /** What a new leader owes: the last one had perhaps another configuration. */
  const duties = createLoop({
    step: async () => {
      if (owes && replica.isLeader()) await settleStart();
      owes = false;
      return dutyIntervalMs;
    },
    onError: (error) => {
      log.warn({ err: error }, 'a new leader could not look for stale plans, retrying');
      return dutyRetryMs;
    },
  });

  async function settleStart(): Promise<void> {
    if (parts.verification === undefined) await abandonVerificationsOfBefore();
    // Key, model and token may be other ones than before: what failed with the old ones is tried again.
    await writes.run(() => inbox.makeRefreshesDue());
    await writes.run(() => retryRefused(db));
    const replanned = await replanForStart({ db, writes, inbox }, config);
    if (replanned > 0)
      log.info(
        { issues: replanned },
        'refreshing issues: the agents, HOLD_LABELS or the version changed',
      );
    parts.wakeConsumer();
  }

  /** No claim waits where nothing is verified any more. */
  async function abandonVerificationsOfBefore(): Promise<void> {
    const leaseMs = config.leaseSeconds * 1_000;
    const ended = await writes.transaction((transaction) =>
      abandonVerifications(transaction, { now: parts.now(), leaseMs }),
    );
    if (ended > 0)
      log.warn(
        { verifications: ended },
        'nothing is verified any more: the claims that waited for it go on (VERIFIERS, GITEA_TOKEN, API_TOKENS)',
      );
  }

  async function startLoops(): Promise<void> {
    await sweeper.start();
    consumer.start();
    arrivals.start();
    publisher?.start();
    parts.notifier?.start();
    if (parts.verification !== undefined || (await countForge(db)).statuses > 0)
      parts.forge?.start();
    if (overrides.dryRun === true)
      log.warn({ publish: publisher === undefined ? 'off' : 'on' }, 'dry run: Gitea is only read');
    if (gitea !== undefined && bot.known() === undefined) void findBot();
    // Until the account is known our own writes come back as events; each costs one refresh.
    else void account.find().catch(() => undefined);
  }

  /** Not awaited by start: a Gitea outage must not keep deliveries out. */
  async function findBot(): Promise<void> {
    try {
      log.info({ bot: await bot.find() }, 'issues of this user are planned');
    } catch (error) {
      if (stopping.signal.aborted) return;
      log.warn(
        { err: error },
        'Gitea does not say whose token GITEA_TOKEN is: issues wait for that',
      );
    }
  }

  /** Begins to stop: nobody waits for work any more, and nothing new is begun. */
  function drain(): void {
    if (stopped !== undefined) return;
    run.draining = true;
    deadline = sleep(closeDeadlineMs, undefined, { ref: false });
    pruning.stop();
    parts.longPolls.close();
    stopped = Promise.all([
      consumer.stop(),
      sweeper.stop(),
      reconciliation?.stop(),
      publisher?.stop(),
      parts.notifier?.stop(),
      parts.forge?.stop(),
      parts.verification?.stop(),
      upkeep?.stop(),
      duties.stop(),
    ]);
    stopping.abort();
  }

  /**
   * Resolves when all work has ended, the inbox has all that the edge accepted, and the spool is read no more. The edge
   * takes nothing any more.
   */
  function finish(): Promise<void> {
    finishing ??= endWork();
    return finishing;
  }

  async function endWork(): Promise<void> {
    drain();
    await Promise.all([stopped, app.close()]);
    await arrivals.stop();
    await takeInLast();
    await engine.finish();
  }

  async function takeInLast(): Promise<void> {
    if (!isOpen || engine.fault() !== undefined) return;
    try {
      await takeIn();
    } catch (error) {
      log.warn({ err: error }, 'deliveries stay in the spool until the next start: keep that file');
    }
  }

  function close(): Promise<void> {
    closing ??= shutDown();
    return closing;
  }

  async function shutDown(): Promise<void> {
    const finished = finish();
    await Promise.race([finished, deadline]);
    socket.remove();
    await gitea?.close();
    await Promise.all([engine.close(), tracing.close()]);
    log.info('coordinator stopped');
  }

  return { start, listening, drain, finish, close };
}
