import { sql } from 'kysely';
import { z } from 'zod';

import type { Database } from '../database.ts';

const settingsSchema = z.tuple([z.object({ synchronous: z.string(), fsync: z.string() })]);

/**
 * Writes a row; resolves with how a commit is flushed: the setting `synchronous_commit`, or that nothing is, where
 * the server has `fsync` off. No decision: it waits for nobody.
 */
export async function probe(db: Database, writer: string): Promise<string> {
  await db
    .insertInto('store_checks')
    .values({ writer, checked_at: Date.now(), filler: null })
    .onConflict((conflict) => conflict.column('writer').doUpdateSet({ checked_at: Date.now() }))
    .execute();
  const { rows } = await sql`select current_setting('synchronous_commit') as synchronous,
    current_setting('fsync') as fsync`.execute(db);
  const [{ synchronous, fsync }] = settingsSchema.parse(rows);
  return fsync === 'off' ? 'fsync is off' : synchronous;
}
