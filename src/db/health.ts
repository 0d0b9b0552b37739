import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { StoreUnavailable } from '../errors.ts';
import type { SqliteThread } from './sqlite-thread.ts';
import type { WriteQueue } from './write-queue.ts';

/** `pragma synchronous` as a word. */
const synchronousNames = ['off', 'normal', 'full', 'extra'];

/** Time after which the store counts as down: Gitea would not wait longer for a delivery. */
const answerDeadlineMs = 3_000;

const answerSchema = z.tuple([z.object({ synchronous: z.int() })]);

/**
 * Checks both connections: the main one must get the write lock, and the one that stores deliveries reports
 * how durable its commits are. Throws when either fails.
 */
export async function checkStore(thread: SqliteThread, writes: Pick<WriteQueue, 'transaction'>) {
  const startedAt = performance.now();
  const late = sleep(answerDeadlineMs, undefined, { ref: false }).then(() => {
    throw new StoreUnavailable('The store does not answer');
  });
  // Takes and releases the write lock: fails on a database that cannot be written.
  const writable = writes.transaction(() => Promise.resolve());
  const asked = Promise.all([thread.all('pragma synchronous', []), writable]);
  const [answer] = await Promise.race([asked, late]);
  const [{ synchronous }] = answerSchema.parse(answer);
  const latencyMs = Math.round(performance.now() - startedAt);
  return {
    status: 'ok' as const,
    latencyMs,
    synchronous: synchronousNames[synchronous] ?? 'unknown',
  };
}
