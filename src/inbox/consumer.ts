import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Transaction } from 'kysely';

import { describeError } from '../errors.ts';
import { keyOf } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../db/database.ts';
import { isBusy } from '../db/lock.ts';
import type { Schema } from '../db/schema.ts';
import type { DeliveryGroup, Inbox } from './inbox.ts';

/** What a handler found, as the writes that store it; returns what to log. */
export type Commit = (transaction: Transaction<Schema>) => Promise<Record<string, unknown>>;

export interface WorkerOptions {
  readonly db: Database;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly now: () => number;
  readonly concurrency: number;
  /** Asks whoever has to be asked, outside any transaction. */
  readonly handle: (group: DeliveryGroup, signal: AbortSignal) => Promise<Commit>;
}

/** Longest the worker sleeps while nothing wakes it: other processes may have replayed a delivery. */
const longestPauseMs = 1_000;

/**
 * Takes due groups from the inbox, different issues side by side and one issue at a time.
 *
 * Promises: the effect of a group and its "handled" mark are one commit; a handler that throws puts its
 * group back with backoff and holds up no other issue; between two groups the event loop turns, so
 * requests are served. Accepted race: a row replayed while its group is being handled is not handled a
 * second time, since its effect is just being stored.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #busy = new Map<string, DeliveryGroup>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #woken = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Looks at the inbox now instead of at the next due time. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Resolves when no delivery is due and none is being handled. */
  async idle(): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#loop;
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.wake();
    });
  }

  /** Of each issue in work, by its key, the last delivery that is being handled. */
  inWork(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#busy].map(([key, { deliveries }]) => [
        key,
        Math.max(...deliveries.map(({ seq }) => seq)),
      ]),
    );
  }

  /** Takes nothing more, aborts what waits for the network, and resolves when all handlers have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted || this.#busy.size > 0) {
      this.#woken = false;
      const pauseMs = signal.aborted ? longestPauseMs : await this.#takeDue();
      await this.#pause(pauseMs);
    }
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Starts every group that may start; returns how long nothing else is due, in milliseconds. */
  async #takeDue(): Promise<number> {
    const { inbox, concurrency, log, now } = this.#options;
    try {
      while (this.#busy.size < concurrency && !this.#stopping.signal.aborted) {
        await inbox.giveWay(this.#stopping.signal);
        const group = await inbox.claim([...this.#busy.values()].map(({ issue }) => issue));
        if (group === undefined) break;
        this.#begin(group);
        await nextTurn();
      }
      if (this.#busy.size > 0) return longestPauseMs;
      const nextDueAt = await inbox.nextDueAt();
      const waitMs = nextDueAt === undefined ? Infinity : nextDueAt - now();
      if (waitMs > 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
      return Math.min(Math.max(waitMs, 0), longestPauseMs);
    } catch (error) {
      log.error({ err: error }, 'the inbox cannot be read, trying again');
      return longestPauseMs;
    }
  }

  #begin(group: DeliveryGroup): void {
    const key = keyOf(group.issue);
    this.#busy.set(key, group);
    void this.#process(group).finally(() => {
      this.#busy.delete(key);
      this.wake();
    });
  }

  async #process(group: DeliveryGroup): Promise<void> {
    const { db, inbox, handle } = this.#options;
    const log = this.#options.log.child({
      delivery: group.deliveries.at(-1)?.id,
      event: group.events.at(-1)?.kind,
      repository: group.events.at(-1)?.issue.repository,
      issue: group.issue.number,
    });
    const deliveries = group.deliveries.length;
    try {
      const commit = await handle(group, this.#stopping.signal);
      const store = async (transaction: Transaction<Schema>) => {
        // First, so that what is stored sees only the deliveries that still wait.
        await inbox.complete(transaction, group);
        return commit(transaction);
      };
      const outcome = await inbox.exclusively(() => db.transaction().execute(store));
      log.info({ deliveries, ...outcome }, 'issue handled');
    } catch (error) {
      await this.#putBack(group, error, log);
    }
  }

  async #putBack(group: DeliveryGroup, error: unknown, log: Logger): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if (isBusy(error)) {
      log.warn({ err: error }, 'another process is writing, the delivery is tried again');
      await this.#holdBack();
      return;
    }
    const tried = group.deliveries.filter(({ due }) => due);
    const attempt = Math.max(...tried.map(({ attempts }) => attempts)) + 1;
    try {
      const fate = await this.#options.inbox.retryLater(group, error);
      if (fate === 'dead')
        log.error({ err: error, attempt }, 'delivery given up, replay it by hand');
      else log.warn({ err: error, attempt }, 'handling failed, the delivery is tried again later');
    } catch (failure) {
      log.error(
        { err: failure, cause: describeError(error) },
        'a failed delivery could not be put back',
      );
      await this.#holdBack();
    }
  }

  /** Keeps an issue whose rows are still due: a store that refuses writes is not asked in a tight loop. */
  async #holdBack(): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(longestPauseMs, undefined, { signal }).catch(() => undefined);
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#woken || milliseconds <= 0) {
      await nextTurn();
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}
