import { answerSchema, type ModelAnswer } from '../reading/model/answer.ts';
import { parseJson } from '../lib/text.ts';
import type { Database } from '../db/database.ts';

/** Maximum of stored answers; the oldest are deleted first. */
const maxAnswers = 10_000;

/** The stored answer to a question; undefined if it was not answered yet. */
export async function recallAnswer(db: Database, key: string): Promise<ModelAnswer | undefined> {
  const row = await db
    .selectFrom('model_answers')
    .select('answer')
    .where('key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : answerSchema.safeParse(parseJson(row.answer)).data;
}

/**
 * Stores an answer, so that an unchanged text costs no second call, also after a restart. No transaction: each
 * statement stands for itself, and what one replica deletes is not there for the next.
 */
export async function rememberAnswer(
  db: Database,
  key: string,
  answer: ModelAnswer,
  now: number,
): Promise<void> {
  await db
    .insertInto('model_answers')
    .values({ key, answer: JSON.stringify(answer), stored_at: now })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const tooOld = await db
    .selectFrom('model_answers')
    .select('key')
    .orderBy('stored_at', 'desc')
    .orderBy('key')
    .offset(maxAnswers)
    .limit(100)
    .execute();
  if (tooOld.length === 0) return;
  const keys = tooOld.map((row) => row.key);
  await db.deleteFrom('model_answers').where('key', 'in', keys).execute();
}
