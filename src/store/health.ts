import { sql } from 'kysely';

import type { Database } from './database.ts';

/** `pragma synchronous` as a word. */
const synchronousNames = ['off', 'normal', 'full', 'extra'];

/** Asks the live connection whether it can write, and how durably; throws when it cannot. */
export async function checkStore(db: Database) {
  const startedAt = performance.now();
  // Takes the write lock and lets go of it: fails on a database that cannot be written.
  await db.transaction().execute(() => Promise.resolve());
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
  const latencyMs = Math.round(performance.now() - startedAt);
  const synchronous = synchronousNames[rows[0]?.synchronous ?? -1] ?? 'unknown';
  return { status: 'ok' as const, latencyMs, synchronous };
}
