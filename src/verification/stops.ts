import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import { freshLease } from '../claims/claim-rows.ts';
import { verifierLeaseMs } from './deps.ts';
import { giveUp, queuedAt } from './rows.ts';

/** Moves leases and waits of verifications that have not ended, after a jump of the clock. */
export async function moveVerificationTimes(
  transaction: Transaction<Schema>,
  byMs: number,
): Promise<void> {
  await transaction
    .updateTable('verifications')
    .set((eb) => ({
      lease_expires_at: eb('lease_expires_at', '+', byMs),
      due_at: eb('due_at', '+', byMs),
      // The time that a run has left is measured from it.
      started_at: eb('started_at', '+', byMs),
    }))
    .where('ended_at', 'is', null)
    .execute();
}

/** Gives every verifier a whole lease from now on, after a time in which no heartbeat could be taken. */
export async function graceVerifiers(transaction: Transaction<Schema>, now: number): Promise<void> {
  await transaction
    .updateTable('verifications')
    .set({ lease_expires_at: now + verifierLeaseMs })
    .where('ended_at', 'is', null)
    .where('state', '=', 'running')
    .execute();
}

/** Names of the verifiers that run something, of those whose names begin with `prefix`. */
export async function runningVerifiers(db: Database, prefix: string): Promise<string[]> {
  const rows = await db
    .selectFrom('verifications')
    .select('verifier')
    .distinct()
    .where('ended_at', 'is', null)
    .where('state', '=', 'running')
    .where('verifier', 'like', `${prefix}%`)
    .execute();
  return rows.flatMap(({ verifier }) => verifier ?? []);
}

/** Puts what a verifier ran that is known to be gone back into the queue, at once and without an error. */
export async function requeueOf(
  transaction: Transaction<Schema>,
  { verifier, now }: { readonly verifier: string; readonly now: number },
): Promise<void> {
  await transaction
    .updateTable('verifications')
    .set(queuedAt(now))
    .where('ended_at', 'is', null)
    .where('state', '=', 'running')
    .where('verifier', '=', verifier)
    .execute();
}

/**
 * Where nothing is verified any more: ends what was asked for, and lets the claims that waited for it go on with a
 * lease from now on. To complete them once more is for a person to look at, as without verifiers.
 */
export async function abandonVerifications(
  transaction: Transaction<Schema>,
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): Promise<number> {
  const open = await transaction
    .selectFrom('verifications')
    .selectAll()
    .where('ended_at', 'is', null)
    .execute();
  for (const row of open) await giveUp(transaction, row, { cause: 'verification_off', now });
  await transaction
    .updateTable('claims')
    .set({ verification_id: null, ...freshLease(now, now + leaseMs) })
    .where('ended_at', 'is', null)
    .where('verification_id', 'is not', null)
    .execute();
  return open.length;
}
