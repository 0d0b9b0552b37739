import { setTimeout as sleep } from 'node:timers/promises';

import { readVersion } from '../config.ts';
import type { DatabaseLock } from '../db/lock.ts';
import { CoordinatorError, describeError } from '../errors.ts';
import type { Loop } from '../lib/loop.ts';
import { retryRefused } from '../publish/rows.ts';
import { countForge } from '../verification/forge-counts.ts';
import { abandonVerifications } from '../verification/stops.ts';
import { createPruning, replanForStart } from './background.ts';
import type { Parts } from './parts.ts';
import { claimDatabase, openStore } from './store-opening.ts';
import { createStoreUpkeep } from './store-upkeep.ts';

/** Longest wait for work under way at close; its delivery is still in the inbox. */
const closeDeadlineMs = 7_000;

/** Start opens everything in order; close undoes it in reverse and may be called twice. */
export function createLifecycle(parts: Parts) {
  const { config, overrides, log, run, stopping, db, inbox, consumer, sweeper, app } = parts;
  const { guard, thread, writes } = parts;
  const { bot, account, gitea, publisher, reconciliation } = parts;
  const pruning = createPruning(inbox, config.deliveryRetentionDays, log);
  let lock: DatabaseLock | undefined;
  let upkeep: Loop | undefined;
  let closing: Promise<void> | undefined;

  /** Locks and migrates the database, starts the loops, and listens. */
  async function start(): Promise<{ url: string }> {
    lock = claimDatabase(parts);
    try {
      await openStore(parts);
      const fault = guard.fault();
      // What is damaged is shown, and not worked on.
      if (fault === undefined) await startWork();
      upkeep = createStoreUpkeep(parts, lock);
      upkeep.start();
      const url = await listen();
      run.listeningSince = parts.now();
      if (overrides.reconcileByHand !== true && fault === undefined) reconciliation?.start();
      if (fault === undefined) parts.verification?.start(url);
      const version = readVersion();
      log.info({ url, version, reader: config.issueReader }, 'coordinator started');
      return { url };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Does what a start owes, and begins the loops. */
  async function startWork(): Promise<void> {
    await parts.clockJumps.settleAtStart();
    await settleVerifications();
    await pruning.start();
    // Key, model and token may be other ones than before: what failed with the old ones is tried again.
    await inbox.makeRefreshesDue();
    await retryRefused(db);
    const replanned = await replanForStart(db, inbox, config);
    if (replanned > 0)
      log.info(
        { issues: replanned },
        'refreshing issues: the agents, HOLD_LABELS or the version changed',
      );
    await startLoops();
  }

  /** Nothing stays with a verifier that is gone, and no claim waits where nothing is verified any more. */
  async function settleVerifications(): Promise<void> {
    if (parts.verification !== undefined) return parts.verification.recover();
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
    publisher?.start();
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
    run.draining = true;
    pruning.stop();
    parts.longPolls.close();
    const stopped = Promise.all([
      consumer.stop(),
      sweeper.stop(),
      reconciliation?.stop(),
      publisher?.stop(),
      parts.forge?.stop(),
      parts.verification?.stop(),
      upkeep?.stop(),
    ]);
    stopping.abort();
    await Promise.race([
      Promise.all([stopped, app.close()])
        .then(() => inbox.settled())
        .then(saveLog)
        .then(() => thread.close()),
      sleep(closeDeadlineMs, undefined, { ref: false }),
    ]);
    await gitea?.close();
    await db.destroy();
    lock?.release();
    log.info('coordinator stopped');
  }

  /** Copies the write-ahead log into the database, so that the one file holds everything. */
  async function saveLog(): Promise<void> {
    if (guard.fault() !== undefined) return;
    try {
      await writes.run(() => thread.all('pragma wal_checkpoint(truncate)', []));
    } catch (error) {
      log.warn({ err: error }, 'the log of the database stays beside it: keep both files');
    }
  }

  return { start, close };
}
