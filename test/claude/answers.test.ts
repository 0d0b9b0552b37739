import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { answerSchema } from '../../src/reading/model/answer.ts';
import { recallAnswer, rememberAnswer } from '../../src/claude/answers.ts';
import type { Database } from '../../src/db/database.ts';
import { emptyAnswer } from '../support/claude.ts';
import { openTestDatabase } from '../support/database.ts';

const answer = answerSchema.parse({
  ...emptyAnswer,
  estimated_difficulty: 'high',
  relations: [{ ref: '#3', sentences: [2], relation: 'blocks' }],
});

/** Puts in this many answers, one a millisecond or all at the same time. */
async function fill(
  db: Database,
  count: number,
  { sameTime = false, stored = JSON.stringify(emptyAnswer) } = {},
) {
  await sql
    .raw(
      `
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into model_answers (key, answer, stored_at)
    select 'key ' || n, '${stored}', ${sameTime ? 1 : 'n'} from numbers`,
    )
    .execute(db);
}

async function countOf(db: Database): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`select count(*) as count from model_answers`.execute(db);
  return rows[0]?.count ?? 0;
}

test('an answer is recalled as it was stored, and an unknown one is not there', async () => {
  const { db } = await openTestDatabase();
  await rememberAnswer(db, 'a', answer, 1);
  expect(await recallAnswer(db, 'a')).toEqual(answer);
  expect(await recallAnswer(db, 'b')).toBeUndefined();
});

test('storing an answer again keeps the first', async () => {
  const { db } = await openTestDatabase();
  await rememberAnswer(db, 'a', answer, 1);
  await rememberAnswer(db, 'a', { ...answer, estimated_difficulty: 'low' }, 2);
  expect(await recallAnswer(db, 'a')).toEqual(answer);
  expect(await countOf(db)).toBe(1);
});

test('of more than 10,000 answers the oldest go', async () => {
  const { db } = await openTestDatabase();
  await fill(db, 10_000);
  await rememberAnswer(db, 'newest', answer, 20_000);
  expect(await countOf(db)).toBe(10_000);
  expect(await recallAnswer(db, 'key 1')).toBeUndefined();
  expect(await recallAnswer(db, 'key 2')).toBeDefined();
  expect(await recallAnswer(db, 'newest')).toEqual(answer);
});

test('answers stored in the same millisecond do not all go at once', async () => {
  const { db } = await openTestDatabase();
  await fill(db, 10_000, { sameTime: true });
  await rememberAnswer(db, 'newest', answer, 1);
  expect(await countOf(db)).toBe(10_000);
});

test('an answer of an earlier version is brought within the present bounds', async () => {
  const { db } = await openTestDatabase();
  await fill(db, 1, { stored: JSON.stringify({ ...emptyAnswer, estimated_difficulty: 'huge' }) });
  expect(await recallAnswer(db, 'key 1')).toEqual(emptyAnswer);
});

test.each(['{}', '[]', 'no JSON', '{"relations":[]}'])(
  'what is stored and is no whole answer is asked for again: %s',
  async (stored) => {
    const { db } = await openTestDatabase();
    await fill(db, 1, { stored });
    expect(await recallAnswer(db, 'key 1')).toBeUndefined();
  },
);
