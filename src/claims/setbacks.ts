import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import { isoTime } from '../issue/iso-time.ts';
import { tooManyFailures, type RefusedCall } from './claim.ts';

/**
 * A setback is the end of a claim that brings nothing: a failed attempt, a block, or a limit. A worker has
 * some; one with more than this within an hour is broken or means harm, and would soon have parked everything.
 */
const maxSetbacks = 10;
const windowMs = 3_600_000;
/**
 * Pause before a caller is offered an issue again on which its attempt failed. Others may have it at once; a
 * worker that is alone fails three times in half an hour, not in a second.
 */
export const pauseAfterFailureMs = 600_000;

/** Refuses a caller with too many setbacks until the oldest of them is an hour old. */
export async function refuseAfterSetbacks(
  db: Database,
  worker: string,
  now: number,
): Promise<RefusedCall | undefined> {
  const rows = await db
    .selectFrom('claims')
    .select('ended_at')
    .where('worker', '=', worker)
    // The condition of its index.
    .where('setback', '>', sql.lit(0))
    .where('ended_at', '>', now - windowMs)
    .where('ended_at', '<=', now)
    .orderBy('ended_at', 'desc')
    .limit(maxSetbacks)
    .execute();
  const oldest = rows.at(maxSetbacks - 1)?.ended_at ?? null;
  if (oldest === null) return undefined;
  return tooManyFailures(worker, maxSetbacks, isoTime(oldest + windowMs));
}
