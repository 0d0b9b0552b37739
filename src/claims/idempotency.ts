import { createHash } from 'node:crypto';

import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import { keyReused, type ClaimCall, type RefusedCall } from './claim.ts';

/** Identifies a call and its retries. */
export interface CallKey {
  readonly caller: string;
  readonly route: string;
  readonly key: string;
}

/** The key of a call on a claim, `what` being the last part of its route; undefined for a call without one. */
export function claimCallKey(
  { worker, claimId, idempotencyKey }: ClaimCall,
  what: string,
): CallKey | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { caller: worker, route: `claims/${claimId}/${what}`, key: idempotencyKey };
}

/** Lifetime and maximum number of stored answers: retries come within minutes. */
const answerLifetimeMs = 86_400_000;
const maxAnswers = 10_000;
/** Maximum of one caller, so that no caller pushes out the answers of the others. */
const maxAnswersOfCaller = 1_000;

/** Hash by which a retry must have the same body as the first call. */
export function hashOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

/**
 * Finds the answer to an earlier call with the same key; undefined without a key and for a new one. Refuses a
 * key that was used with another body.
 */
export async function recallAnswer(
  db: Database,
  key: CallKey | undefined,
  bodyHash: string,
): Promise<{ readonly answer: unknown } | RefusedCall | undefined> {
  if (key === undefined) return undefined;
  const row = await db
    .selectFrom('idempotent_answers')
    .select(['body_hash', 'answer'])
    .where('caller', '=', key.caller)
    .where('route', '=', key.route)
    .where('key', '=', key.key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.body_hash !== bodyHash) return keyReused;
  const answer: unknown = JSON.parse(row.answer);
  return { answer };
}

/** Stores the answer to a call that has a key, in the transaction that stores the effect of the call. */
export async function storeAnswer(
  db: Database,
  key: CallKey | undefined,
  stored: { readonly bodyHash: string; readonly answer: unknown; readonly now: number },
): Promise<void> {
  if (key === undefined) return;
  await db
    .insertInto('idempotent_answers')
    .values({
      ...key,
      body_hash: stored.bodyHash,
      answer: JSON.stringify(stored.answer),
      stored_at: stored.now,
    })
    .execute();
}

/** Deletes the answers past their lifetime, and the oldest beyond the maximum numbers. */
export async function pruneAnswers(db: Database, now: number): Promise<void> {
  await db
    .deleteFrom('idempotent_answers')
    .where('stored_at', '<', now - answerLifetimeMs)
    .execute();
  await sql`delete from idempotent_answers where (caller, route, key) in (
    select caller, route, key from (
      select caller, route, key,
        row_number() over (partition by caller order by stored_at desc) as place
      from idempotent_answers) as ranked
    where place > ${maxAnswersOfCaller})`.execute(db);
  await db
    .deleteFrom('idempotent_answers')
    .where('stored_at', '<=', (eb) =>
      eb
        .selectFrom('idempotent_answers')
        .select('stored_at')
        .orderBy('stored_at', 'desc')
        .offset(maxAnswers)
        .limit(1),
    )
    .execute();
}
