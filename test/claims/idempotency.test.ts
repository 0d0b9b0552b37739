import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { pruneAnswers, recallAnswer, storeAnswer } from '../../src/claims/idempotency.ts';
import { openTestDatabase } from '../support/database.ts';

const key = { caller: 'worker-1', route: 'claims', key: 'a' };
const hourMs = 3_600_000;

async function makeStore() {
  const { db } = await openTestDatabase();
  return db;
}

test('an answer is found by caller, route and key, for a day', async () => {
  const db = await makeStore();
  await storeAnswer(db, key, { bodyHash: 'hash', answer: { claimId: '1' }, now: 0 });
  expect(await recallAnswer(db, key, 'hash')).toEqual({ answer: { claimId: '1' } });
  expect(await recallAnswer(db, key, 'other hash')).toMatchObject({
    refusal: { code: 'idempotency_key_reused' },
  });
  expect(await recallAnswer(db, { ...key, caller: 'worker-2' }, 'hash')).toBeUndefined();
  expect(await recallAnswer(db, { ...key, route: 'claims/1/release' }, 'hash')).toBeUndefined();
  await pruneAnswers(db, 24 * hourMs);
  expect(await recallAnswer(db, key, 'hash')).toBeDefined();
  await pruneAnswers(db, 25 * hourMs);
  expect(await recallAnswer(db, key, 'hash')).toBeUndefined();
});

test('no more than 10,000 are stored, 1,000 of a caller, the newest', async () => {
  const db = await makeStore();
  await sql`insert into idempotent_answers (caller, route, key, body_hash, answer, stored_at)
    with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 10003)
    select 'worker-' || (n % 20), 'claims', n, '', '{}', n from counted`.execute(db);
  await pruneAnswers(db, 20_000);
  const { count, oldest } = await db
    .selectFrom('idempotent_answers')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('stored_at').as('oldest')])
    .executeTakeFirstOrThrow();
  expect({ count, oldest }).toEqual({ count: 10_000, oldest: 4 });
  await sql`insert into idempotent_answers (caller, route, key, body_hash, answer, stored_at)
    with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 5000)
    select 'greedy', 'claims', n, '', '{}', 11000 + n from counted`.execute(db);
  await pruneAnswers(db, 20_000);
  const { greedy } = await db
    .selectFrom('idempotent_answers')
    .select((eb) => eb.fn.countAll<number>().as('greedy'))
    .where('caller', '=', 'greedy')
    .executeTakeFirstOrThrow();
  expect(greedy).toBe(1_000);
});
