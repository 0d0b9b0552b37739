import { sql } from 'kysely';

import type { Database } from '../../db/database.ts';
import { jsonField } from '../../db/portable.ts';
import type { ClaimRow } from '../../db/schema.ts';
import { isoTime } from '../../issue/iso-time.ts';
import { setbacks } from '../claim-rows.ts';
import { tooManyFailures, tooManyParked, type RefusedCall } from '../claim.ts';

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

/**
 * Issues that one worker may have left to a person: blocked, failed, or completed with a commit that nobody has
 * seen on Gitea. Above what a weekend brings with `GITEA_TOKEN`, where commits are looked up and do not count.
 */
const maxParked = 20;

/** Refuses a worker that has left too many issues to a person, until some are closed or resumed. */
export async function refuseAfterParking(
  db: Database,
  worker: string,
): Promise<RefusedCall | undefined> {
  const rows = await db
    .selectFrom('issues')
    .select('number')
    // The condition of its index.
    .where('parked_code', 'is not', null)
    .where(jsonField('parked_params', 'worker'), '=', worker)
    // SQLite says 1 for true.
    .where(
      sql<boolean>`coalesce(cast(${jsonField('parked_params', 'checked')} as text), '')
      not in ('1', 'true')`,
    )
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where('deleted', '=', 0)
    .limit(maxParked)
    .execute();
  return rows.length < maxParked ? undefined : tooManyParked(worker, maxParked);
}

/** True when the worker has handed this issue over a short time ago already. */
export async function hasJustHandedOver(
  db: Database,
  { worker, repository_id, number }: Pick<ClaimRow, 'worker' | 'repository_id' | 'number'>,
  now: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('claims')
    .select('id')
    .where('repository_id', '=', repository_id)
    .where('number', '=', number)
    .where('worker', '=', worker)
    .where('outcome', '=', 'released')
    .where('setback', 'in', [setbacks.none, setbacks.handoffAgain])
    .where('ended_at', '>', now - pauseAfterFailureMs)
    .where('ended_at', '<=', now)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

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
    // A handoff is no setback; two within minutes have their own pause.
    .where('setback', '<', setbacks.handoffAgain)
    .where('ended_at', '>', now - windowMs)
    .where('ended_at', '<=', now)
    .orderBy('ended_at', 'desc')
    .limit(maxSetbacks)
    .execute();
  const oldest = rows.at(maxSetbacks - 1)?.ended_at ?? null;
  if (oldest === null) return undefined;
  return tooManyFailures(worker, maxSetbacks, isoTime(oldest + windowMs));
}
