import type { Database } from '../db/database.ts';

/** Identifies a call and its retries. */
export interface CallKey {
  readonly caller: string;
  readonly route: string;
  readonly key: string;
}

/** Retries come within minutes; a day is kept, and no more than this many answers. */
const keptMs = 86_400_000;
const mostKept = 10_000;

/** The answer that was given to a call before, and what it had asked for; undefined: it is new. */
export async function findAnswer(
  db: Database,
  { caller, route, key }: CallKey,
): Promise<{ bodyHash: string; answer: unknown } | undefined> {
  const row = await db
    .selectFrom('kept_answers')
    .select(['body_hash', 'answer'])
    .where('caller', '=', caller)
    .where('route', '=', route)
    .where('key', '=', key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const answer: unknown = JSON.parse(row.answer);
  return { bodyHash: row.body_hash, answer };
}

/** Keeps an answer, in the transaction that stores the effect it tells of. */
export async function keepAnswer(
  db: Database,
  { caller, route, key }: CallKey,
  kept: { readonly bodyHash: string; readonly answer: unknown; readonly now: number },
): Promise<void> {
  await db
    .insertInto('kept_answers')
    .values({
      caller,
      route,
      key,
      body_hash: kept.bodyHash,
      answer: JSON.stringify(kept.answer),
      stored_at: kept.now,
    })
    .execute();
}

/** Deletes what is old, and the oldest beyond the number kept. */
export async function pruneAnswers(db: Database, now: number): Promise<void> {
  await db
    .deleteFrom('kept_answers')
    .where('stored_at', '<', now - keptMs)
    .execute();
  await db
    .deleteFrom('kept_answers')
    .where('stored_at', '<=', (eb) =>
      eb
        .selectFrom('kept_answers')
        .select('stored_at')
        .orderBy('stored_at', 'desc')
        .offset(mostKept)
        .limit(1),
    )
    .execute();
}
