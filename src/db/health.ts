import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { StoreUnavailable } from '../errors.ts';
import type { Database } from './database.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/** `pragma synchronous` as a word. */
const synchronousNames = ['off', 'normal', 'full', 'extra'];

/** A store that takes longer than Gitea waits is none. */
const answerDeadlineMs = 3_000;

const answerSchema = z.tuple([z.object({ synchronous: z.int() })]);

/**
 * Asks both connections: whether the database can be written, and how durably the one does that stores
 * deliveries. `exclusively` keeps other writes of this process away. Throws when one of them cannot.
 */
export async function checkStore(
  db: Database,
  thread: SqliteThread,
  exclusively: <T>(work: () => Promise<T>) => Promise<T>,
) {
  const startedAt = performance.now();
  const late = sleep(answerDeadlineMs, undefined, { ref: false }).then(() => {
    throw new StoreUnavailable('The store does not answer');
  });
  // Takes the write lock and lets go of it: fails on a database that cannot be written.
  const writable = exclusively(() => db.transaction().execute(() => Promise.resolve()));
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
