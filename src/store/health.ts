import { z } from 'zod';

import type { Database } from './database.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/** `pragma synchronous` as a word. */
const synchronousNames = ['off', 'normal', 'full', 'extra'];

const answerSchema = z.tuple([z.object({ synchronous: z.int() })]);

/**
 * Asks both connections: whether the database can be written, and how durably the one does that stores
 * deliveries. Throws when one of them cannot.
 */
export async function checkStore(db: Database, thread: SqliteThread) {
  const startedAt = performance.now();
  // Takes the write lock and lets go of it: fails on a database that cannot be written.
  await db.transaction().execute(() => Promise.resolve());
  const [{ synchronous }] = answerSchema.parse(await thread.all('pragma synchronous', []));
  const latencyMs = Math.round(performance.now() - startedAt);
  return {
    status: 'ok' as const,
    latencyMs,
    synchronous: synchronousNames[synchronous] ?? 'unknown',
  };
}
