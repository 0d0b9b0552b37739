import type { DatabaseLock } from '../db/lock.ts';
import { describeError, type StoreFault } from '../errors.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Parts } from './parts.ts';

/** Interval of the look at the files, and pause without writes after which the log is copied and cut. */
const intervalMs = 10_000;
/** The same while the store is down: it goes on by itself within seconds. */
const downIntervalMs = 1_000;
/** Size of the write-ahead log from which it is cut although there are writes: twice its usual maximum. */
const maxLogBytes = 64 * 1024 * 1024;

type UpkeepParts = Pick<
  Parts,
  'guard' | 'checkStore' | 'thread' | 'writes' | 'wakeConsumer' | 'log'
>;

/**
 * Looks after the files of the database while the service runs: notices when they or the lock are gone, tries
 * a store that failed again until it works, and empties the write-ahead log when nothing is written, so that a
 * copy of the stopped or idle database is whole. It writes nothing while all is well and nobody writes.
 */
export function createStoreUpkeep(parts: UpkeepParts, lock: DatabaseLock) {
  const { guard, checkStore, thread, writes, log } = parts;
  const repeated = createRepeatedLines(log);
  let commitsBefore = -1;
  let down: StoreFault['kind'] | undefined;

  async function step(): Promise<number> {
    renewLock();
    const isDown = guard.fault() !== undefined && (await checkStore()).status === 'down';
    report(isDown ? guard.fault() : undefined);
    if (isDown) return downIntervalMs;
    await emptyLog();
    return intervalMs;
  }

  function renewLock(): void {
    try {
      if (lock.renew()) log.warn('the lock file of the database was gone: locked again');
    } catch (error) {
      guard.latch({
        kind: 'displaced',
        cause: 'The lock file of the database is gone, and cannot be taken again.',
        cure: `Make sure that no other coordinator uses the database, and restart the service (${describeError(error, 200)}).`,
      });
    }
  }

  /** One line when the store goes down, and one when it works again. */
  function report(fault: StoreFault | undefined): void {
    if (fault === undefined) {
      if (down !== undefined) {
        log.warn(guard.refusals(), 'the store works again');
        parts.wakeConsumer();
      }
      down = undefined;
      return;
    }
    if (down !== fault.kind) {
      const { cause, cure } = fault;
      log.error({ cause, cure, ...guard.refusals() }, 'the store is down');
    }
    down = fault.kind;
  }

  async function emptyLog(): Promise<void> {
    const commits = guard.commits();
    const isIdle = commits === commitsBefore;
    commitsBefore = commits;
    const bytes = guard.logBytes();
    if (bytes === 0 || (!isIdle && bytes <= maxLogBytes)) return;
    // In the thread, so that the event loop does not wait for the disk.
    await writes.run(() => thread.all('pragma main.wal_checkpoint(truncate)', []));
  }

  const loop = createLoop({
    step,
    onError: (error) => {
      repeated.warn({ err: error }, 'the log of the database could not be emptied, retrying');
      return intervalMs;
    },
  });
  return {
    ...loop,
    stop: async () => {
      await loop.stop();
      repeated.flush();
    },
  };
}
