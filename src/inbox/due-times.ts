import { sql, type Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import { longestDelayMs } from './backoff.ts';
import { waiting } from './rows.ts';

/**
 * Moves waiting deliveries after a jump of the clock: each keeps the time it had left. One received after
 * `before`, the time until which the old clock went, is in the new time already.
 */
export async function moveDueTimes(
  transaction: Transaction<Schema>,
  { byMs, before }: { readonly byMs: number; readonly before: number },
): Promise<void> {
  await transaction
    .updateTable('deliveries')
    .set((eb) => ({
      due_at: eb('due_at', '+', byMs),
      received_at: eb('received_at', '+', byMs),
    }))
    .where('status', '=', waiting)
    .where('received_at', '<=', before)
    .execute();
}

/** Cuts the times of waiting deliveries that are further ahead than any can be; returns their number. */
export async function boundDueTimes(
  transaction: Transaction<Schema>,
  now: number,
): Promise<number> {
  const fromAhead = await transaction
    .updateTable('deliveries')
    .set({ due_at: sql`due_at - (received_at - ${now})`, received_at: now })
    .where('status', '=', waiting)
    .where('received_at', '>', now)
    .executeTakeFirst();
  const tooLate = await transaction
    .updateTable('deliveries')
    .set({ due_at: now + longestDelayMs })
    .where('status', '=', waiting)
    .where('due_at', '>', now + longestDelayMs)
    .executeTakeFirst();
  return Number(fromAhead.numUpdatedRows + tooLate.numUpdatedRows);
}
