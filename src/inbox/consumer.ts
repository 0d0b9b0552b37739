import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { describeError, StoreUnavailable, TryAgainLater } from '../errors.ts';
import { keyOf } from '../issue/ref.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines, type RepeatedLines } from '../lib/repeated-lines.ts';
import { inSpan } from '../lib/spans.ts';
import type { Logger } from '../log.ts';
import type { Inbox } from './inbox.ts';
import { GroupTaken, type DeliveryGroup } from './queue.ts';
import { createSlots, type Slot } from './slots.ts';

/** The writes that store what a handler found; returns the fields of the log line. */
export type Commit = (transaction: Transaction<Schema>) => Promise<Record<string, unknown>>;

export interface ConsumerDeps {
  readonly writes: WriteQueue;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly now: () => number;
  readonly concurrency: number;
  /** False while the store refuses writes: asking Gitea and Claude would be in vain. */
  readonly canStore?: () => Promise<boolean>;
  /** Asks Gitea and Claude, outside any transaction; tells the slot when the text is long. */
  readonly handle: (group: DeliveryGroup, signal: AbortSignal, slot: Slot) => Promise<Commit>;
  /** Does all the work for a group, such as within a span; by default just so. */
  readonly around?: (group: DeliveryGroup, work: () => Promise<GroupEnd>) => Promise<GroupEnd>;
}

/** How the work for a group ended. */
export interface GroupEnd {
  /** `taken`: another replica did it; `stopped`: the consumer was stopped meanwhile. */
  readonly outcome: 'done' | 'failed' | 'taken' | 'stopped';
  readonly error?: unknown;
  /** Deliveries that were given up. */
  readonly dead: readonly string[];
}

/** Maximum pause while nothing wakes the consumer: another process may have replayed a delivery. */
const maxPauseMs = 1_000;
/** Minimum pause while other replicas handle all that is due. */
const sharedPauseMs = 50;

/**
 * Takes due groups from the inbox: several issues side by side, the deliveries of one issue one group at a
 * time.
 *
 * Promises: the effect of a group and its "done" mark are one commit; a handler that throws delays its own
 * group, with backoff, and no other issue. Accepted race: a delivery replayed while its group is being
 * handled is not handled again, because its effect is being stored at that moment.
 */
export class Consumer {
  readonly #deps: ConsumerDeps;
  readonly #repeated: RepeatedLines;
  readonly #inWork = new Map<string, DeliveryGroup>();
  readonly #slots: ReturnType<typeof createSlots>;
  readonly #loop = createLoop({
    step: (signal) => this.#takeDue(signal),
    onError: (error) => {
      this.#repeated.error({ err: error }, 'the inbox cannot be read, retrying');
      return maxPauseMs;
    },
  });
  readonly start = this.#loop.start;
  /** Reads the inbox now instead of at the next due time. */
  readonly wake = this.#loop.wake;
  /** Resolves when no delivery is due and no group is being handled. */
  readonly idle = this.#loop.idle;
  /** Takes no further group, aborts the network calls of handlers, and resolves when all handlers have ended. */
  readonly stop = async (): Promise<void> => {
    await this.#loop.stop();
    this.#repeated.flush();
  };

  constructor(deps: ConsumerDeps) {
    this.#deps = deps;
    this.#repeated = createRepeatedLines(deps.log);
    this.#slots = createSlots(deps.concurrency, this.#loop.wake);
  }

  /** The last delivery in work of each issue in work, by the issue's key. */
  inWork(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#inWork].map(([key, { deliveries }]) => [
        key,
        Math.max(...deliveries.map(({ seq }) => seq)),
      ]),
    );
  }

  /** Begins every group that may begin; returns the time until the next delivery is due. */
  async #takeDue(signal: AbortSignal): Promise<number> {
    const { inbox, now, canStore } = this.#deps;
    if ((await canStore?.()) === false) return maxPauseMs;
    while (this.#slots.canBegin() && !signal.aborted) {
      const group = await inbox.claim([...this.#inWork.values()].map(({ issue }) => issue));
      if (group === undefined) break;
      this.#begin(group);
      await nextTurn();
    }
    if (this.#inWork.size > 0) return maxPauseMs;
    const nextDueAt = await inbox.nextDueAt();
    if (nextDueAt === undefined) return maxPauseMs;
    const pauseMs = Math.min(nextDueAt - now(), maxPauseMs);
    return inbox.isShared ? Math.max(pauseMs, sharedPauseMs) : pauseMs;
  }

  #begin(group: DeliveryGroup): void {
    const key = keyOf(group.issue);
    this.#inWork.set(key, group);
    const slot = this.#slots.begin();
    const work = () => this.#process(group, slot);
    const ended = (this.#deps.around?.(group, work) ?? work()).finally(() => {
      this.#inWork.delete(key);
      this.#deps.inbox.release(group);
      slot.end();
    });
    this.#loop.track(ended);
  }

  async #process(group: DeliveryGroup, slot: Slot): Promise<GroupEnd> {
    const { writes, inbox, handle } = this.#deps;
    const log = this.#deps.log.child({
      delivery: group.deliveries.at(-1)?.id,
      event: group.events.at(-1)?.kind,
      repository: group.events.at(-1)?.issue.repository,
      issue: group.issue.number,
    });
    const deliveries = group.deliveries.length;
    try {
      const commit = await handle(group, this.#loop.signal, slot);
      const store = async (transaction: Transaction<Schema>) => {
        // First, so that the commit sees only the deliveries that still wait.
        await inbox.complete(transaction, group);
        return commit(transaction);
      };
      const outcome = await inSpan('store', {}, () => writes.transaction(store));
      log.info({ deliveries, ...outcome }, 'issue handled');
      return { outcome: 'done', dead: [] };
    } catch (error) {
      return this.#putBack(group, error, log);
    }
  }

  async #putBack(group: DeliveryGroup, error: unknown, log: Logger): Promise<GroupEnd> {
    if (this.#loop.signal.aborted) return { outcome: 'stopped', error, dead: [] };
    if (error instanceof GroupTaken) {
      log.warn({ code: error.code }, 'another replica has handled the deliveries meanwhile');
      return { outcome: 'taken', dead: [] };
    }
    if (error instanceof StoreUnavailable) {
      // No attempt: the delivery is not at fault.
      this.#repeated.warn({ err: error }, 'the store is not available, retrying the delivery');
      await this.#holdBack();
      return { outcome: 'failed', error, dead: [] };
    }
    const due = group.deliveries.filter((delivery) => delivery.due);
    const attempt = Math.max(...due.map(({ attempts }) => attempts)) + 1;
    try {
      const dead = await this.#deps.inbox.retryLater(group, error);
      if (dead.length === group.deliveries.length)
        log.error({ err: error, attempt }, 'delivery is dead after its last attempt, replay it');
      else if (error instanceof TryAgainLater)
        // An outage concerns every delivery.
        this.#repeated.warn(
          { err: error, delivery: group.deliveries.at(-1)?.id },
          'handling failed, the delivery is retried later',
        );
      else log.warn({ err: error, attempt }, 'handling failed, the delivery is retried later');
      return { outcome: 'failed', error, dead };
    } catch (failure) {
      const fields = { err: failure, cause: describeError(error) };
      this.#repeated.error(fields, 'a failed delivery could not be put back');
      await this.#holdBack();
      return { outcome: 'failed', error, dead: [] };
    }
  }

  /** Keeps an issue in work while its deliveries are still due: a store that refuses writes needs a pause. */
  async #holdBack(): Promise<void> {
    const { signal } = this.#loop;
    await sleep(maxPauseMs, undefined, { signal }).catch(() => undefined);
  }
}
