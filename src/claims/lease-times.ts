import { sql, type Transaction } from 'kysely';

import { least } from '../db/portable.ts';
import type { Schema } from '../db/schema.ts';

/** Moves live leases, and answers kept for retries, after a jump of the clock: each keeps the time it had left. */
export async function moveClaimTimes(
  transaction: Transaction<Schema>,
  byMs: number,
): Promise<void> {
  await transaction
    .updateTable('claims')
    .set((eb) => ({
      expires_at: eb('expires_at', '+', byMs),
      heartbeat_at: eb('heartbeat_at', '+', byMs),
    }))
    .where('ended_at', 'is', null)
    .execute();
  await transaction
    .updateTable('idempotent_answers')
    .set((eb) => ({ stored_at: eb('stored_at', '+', byMs) }))
    .execute();
}

/** Cuts live leases that are longer than a lease can be; returns their number. */
export async function boundLeases(
  transaction: Transaction<Schema>,
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('claims')
    .set({
      expires_at: now + leaseMs,
      heartbeat_at: least(sql.ref('heartbeat_at'), now),
    })
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now + leaseMs)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/**
 * Gives every live lease one lease from now on, after a time in which no heartbeat could be taken; returns their
 * number. Each gets it once before its next heartbeat: the lease of a dead worker ends, however often this comes.
 */
export async function graceLeases(
  transaction: Transaction<Schema>,
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): Promise<number> {
  const { numUpdatedRows } = await transaction
    .updateTable('claims')
    .set({ expires_at: now + leaseMs, graced: 1 })
    .where('ended_at', 'is', null)
    .where('graced', '=', 0)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
