import { sql, type Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';

/** Issues that became ready in a future, by a clock that was ahead, became ready now: no later one overtakes them. */
export async function boundReadyTimes(
  transaction: Transaction<Schema>,
  now: number,
): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ queue_key: sql`queue_key - (ready_at - ${now})`, ready_at: now })
    .where('queue_key', 'is not', null)
    .where('ready_at', '>', now)
    .execute();
}
