import { setTimeout as sleep } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';

import type { Sweeper } from '../claims/sweeper.ts';
import type { LongPolls } from '../claims/long-poll.ts';
import { readVersion, type Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { lockDatabase } from '../db/lock.ts';
import { migrate } from '../db/migrations.ts';
import type { SqliteThread } from '../db/sqlite-thread.ts';
import { CoordinatorError, describeError } from '../errors.ts';
import type { Gitea } from '../gitea/client.ts';
import type { Bot } from '../handling/bot.ts';
import type { Consumer } from '../inbox/consumer.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../log.ts';
import type { Publisher } from '../publish/publisher.ts';
import { retryRefused } from '../publish/rows.ts';
import { createPruning, replanForAgents } from './background.ts';
import type { Reconciliation } from './reconciliation.ts';

/** Longest wait for work under way at close; its delivery is still in the inbox. */
const closeDeadlineMs = 7_000;

/** What other parts need to know about the run: since when it listens, and whether it is closing. */
export interface RunState {
  /** Epoch milliseconds; undefined before the service listens. */
  listeningSince: number | undefined;
  draining: boolean;
}

interface LifecycleDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  readonly run: RunState;
  readonly stopping: AbortController;
  readonly db: Database;
  readonly thread: SqliteThread;
  readonly inbox: Inbox;
  readonly consumer: Consumer;
  readonly longPolls: LongPolls;
  readonly sweeper: Sweeper;
  readonly app: FastifyInstance;
  readonly bot: Bot;
  /** The user of the token. */
  readonly account: Bot;
  /** Undefined without a token, or where publishing is off. */
  readonly gitea: Gitea | undefined;
  readonly publisher: Publisher | undefined;
  readonly reconciliation: Reconciliation | undefined;
  readonly dryRun: boolean;
  readonly reconcileByHand: boolean;
}

/** Start opens everything in order; close undoes it in reverse and may be called twice. */
export function createLifecycle(deps: LifecycleDeps) {
  const { config, log, now, run, db, inbox, consumer, sweeper, app, gitea } = deps;
  const { publisher, reconciliation } = deps;
  const pruning = createPruning(inbox, config.deliveryRetentionDays, log);
  let unlock: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  /** Locks and migrates the database, starts the loops, and listens. */
  async function start(): Promise<{ url: string }> {
    unlock = lockDatabase(config.databasePath);
    try {
      await openStore();
      startLoops();
      const url = await listen();
      run.listeningSince = now();
      if (!deps.reconcileByHand) reconciliation?.start();
      const version = readVersion();
      log.info({ url, version, reader: config.issueReader }, 'coordinator started');
      return { url };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async function openStore(): Promise<void> {
    await migrate(db);
    await deps.thread.open();
    await pruning.start();
    // Key, model and token may be other ones than before: what failed with the old ones is tried again.
    await inbox.makeRefreshesDue();
    await retryRefused(db);
    const replanned = await replanForAgents(db, inbox, config.agents);
    if (replanned > 0) log.info({ issues: replanned }, 'refreshing issues: the agents changed');
    await sweeper.sweep();
  }

  function startLoops(): void {
    sweeper.start();
    consumer.start();
    publisher?.start();
    if (deps.dryRun)
      log.warn({ publish: publisher === undefined ? 'off' : 'on' }, 'dry run: Gitea is only read');
    if (gitea !== undefined && deps.bot.known() === undefined) void findBot();
    // Until the account is known our own writes come back as events; each costs one refresh.
    else void deps.account.find().catch(() => undefined);
  }

  /** Not awaited by start: a Gitea outage must not keep deliveries out. */
  async function findBot(): Promise<void> {
    try {
      log.info({ bot: await deps.bot.find() }, 'issues of this user are planned');
    } catch (error) {
      if (deps.stopping.signal.aborted) return;
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
    deps.longPolls.close();
    const stopped = Promise.all([
      consumer.stop(),
      sweeper.stop(),
      reconciliation?.stop(),
      publisher?.stop(),
    ]);
    deps.stopping.abort();
    await Promise.race([
      Promise.all([stopped, app.close()])
        .then(() => inbox.settled())
        .then(() => deps.thread.close()),
      sleep(closeDeadlineMs, undefined, { ref: false }),
    ]);
    await gitea?.close();
    await db.destroy();
    unlock?.();
    log.info('coordinator stopped');
  }

  return { start, close };
}
