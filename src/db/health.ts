import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { StoreUnavailable, type StoreFault } from '../errors.ts';
import type { SqliteThread } from './sqlite/thread.ts';
import { faultOf } from './sqlite/store-fault.ts';
import type { StoreGuard } from './sqlite/store-guard.ts';
import type { WriteQueue } from './write-queue.ts';

/** `pragma synchronous` as a word. */
const synchronousNames = ['off', 'normal', 'full', 'extra'];

/** Gitea would not wait longer for a delivery. */
const defaultDeadlineMs = 3_000;
/** Minimum time between two checks that write; who asks in between gets the last answer. */
const minIntervalMs = 1_000;
/** Bytes that the check writes as a delivery would: on a nearly full disk a smaller row may still fit. */
export const fillerBytes = 32 * 1024;

const answerSchema = z.tuple([z.object({ synchronous: z.int() })]);

interface StoreCheckParts {
  readonly thread: SqliteThread;
  readonly writes: Pick<WriteQueue, 'run' | 'transaction'>;
  readonly guard: StoreGuard;
  /** Time after which the store counts as down. */
  readonly answerDeadlineMs?: number;
}

export type StoreCheck = ReturnType<typeof createWriteCheck>;

/** Checks the store by writing a row through each of its two connections. */
export function createStoreCheck({ thread, writes, guard, answerDeadlineMs }: StoreCheckParts) {
  async function probe(): Promise<string> {
    const checkedAt = Date.now();
    await writes.transaction((transaction) =>
      transaction
        .insertInto('store_checks')
        .values({ writer: 'main', checked_at: checkedAt, filler: null })
        .onConflict((conflict) => conflict.column('writer').doUpdateSet({ checked_at: checkedAt }))
        .execute(),
    );
    guard.commitWasACheck();
    await writes.run(() =>
      thread.all(
        `insert into store_checks (writer, checked_at, filler)
        values ('deliveries', ?, randomblob(${fillerBytes})) on conflict (writer) do update
        set checked_at = excluded.checked_at, filler = excluded.filler`,
        [checkedAt],
      ),
    );
    guard.commitWasACheck();
    const [{ synchronous }] = answerSchema.parse(await thread.all('pragma synchronous', []));
    return nameOfSynchronous(synchronous);
  }

  return createWriteCheck({ probe, guard, answerDeadlineMs });
}

/** SQLite's level of `synchronous` as a word. */
export function nameOfSynchronous(level: number): string {
  return synchronousNames[level] ?? 'unknown';
}

interface WriteCheckParts {
  /** Writes, and resolves with how a commit is flushed to disk, in a word. */
  readonly probe: () => Promise<string>;
  readonly guard: Pick<StoreGuard, 'fault' | 'refusals'>;
  /** What is wrong although it can be written; undefined: nothing. */
  readonly amiss?: () => Pick<StoreFault, 'cause' | 'cure'> | undefined;
  readonly answerDeadlineMs?: number | undefined;
}

/**
 * Checks a store by writing; writes nothing while nobody asks, and once a second at most, unless a write was refused
 * meanwhile. Never rejects.
 */
export function createWriteCheck({
  probe,
  guard,
  amiss = () => undefined,
  answerDeadlineMs = defaultDeadlineMs,
}: WriteCheckParts) {
  let latest: ReturnType<typeof check> | undefined;
  let startedAt = -Infinity;
  /** The refused writes that the latest answer knows of; undefined while it is being made. */
  let knownRefusals: number | undefined;
  /** The writes under way; they may outlast the check that began them. */
  let probing: Promise<string> | undefined;

  async function check() {
    const began = performance.now();
    try {
      probing ??= probe().finally(() => (probing = undefined));
      const late = sleep(answerDeadlineMs, undefined, { ref: false }).then(() => {
        throw new StoreUnavailable(slow(answerDeadlineMs));
      });
      const synchronous = await Promise.race([probing, late]);
      const latencyMs = Math.round(performance.now() - began);
      const wrong = amiss();
      const status = wrong === undefined ? ('ok' as const) : ('degraded' as const);
      return { status, ...wrong, latencyMs, synchronous };
    } catch (error) {
      const { cause, cure } = faultOf(error) ?? guard.fault() ?? unknownFault;
      return { status: 'down' as const, cause, cure };
    }
  }

  function refusals() {
    const { refusedWrites, lastRefusedAt } = guard.refusals();
    const at = lastRefusedAt === undefined ? null : new Date(lastRefusedAt).toISOString();
    return { refusedWrites, lastRefusedAt: at };
  }

  /** A write that was refused since makes the latest answer worthless. */
  function isOutdated(): boolean {
    const { refusedWrites } = guard.refusals();
    if (knownRefusals !== undefined && refusedWrites !== knownRefusals) return true;
    return performance.now() - startedAt >= minIntervalMs;
  }

  return async () => {
    if (latest === undefined || isOutdated()) {
      startedAt = performance.now();
      knownRefusals = undefined;
      const answer = check().finally(() => {
        if (latest === answer) knownRefusals = guard.refusals().refusedWrites;
      });
      latest = answer;
    }
    return { ...(await latest), ...refusals() };
  };
}

function slow(deadlineMs: number): StoreFault {
  return {
    kind: 'slow',
    cause: `The database did not answer within ${deadlineMs / 1000} seconds.`,
    cure: 'Look at the load of the machine and at its disk.',
  };
}

const unknownFault: Pick<StoreFault, 'cause' | 'cure'> = {
  cause: 'The database cannot be written.',
  cure: 'Read the log of the service, which says why.',
};
