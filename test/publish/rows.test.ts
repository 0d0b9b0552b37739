import { expect, test } from 'vitest';
import { sql } from 'kysely';

import { storeUpdate } from '../../src/handling/commit-update.ts';
import {
  requestVerification,
  requestVerificationOfAll,
  countPublications,
  dueIssues,
  findPublication,
  markPublished,
  storePublication,
} from '../../src/publish/rows.ts';
import { openTestDatabase, testOfSqlite } from '../support/database.ts';
import { issueUpdate } from '../support/issue-update.ts';

const issue = (number: number) => ({ repositoryId: 2, number });

async function stage() {
  const { db } = await openTestDatabase();
  const store = (number: number, blockers: readonly number[], at: number, open = true) =>
    db
      .transaction()
      .execute((transaction) =>
        storeUpdate(transaction, issueUpdate({ number, blockers, open, at }), at),
      );
  const due = async (now = 1_000) => {
    const rows = await dueIssues(db, { now, limit: 100, except: [] });
    return rows.map(({ number }) => number);
  };
  const publishAll = async () => {
    for (const row of await dueIssues(db, { now: 1_000, limit: 100, except: [] }))
      await markPublished(db, row);
  };
  const inTransaction = db.transaction.bind(db);
  return { db, store, due, publishAll, inTransaction };
}

test('what changes is due, the newest change first, until it is marked', async () => {
  const { store, due, publishAll } = await stage();
  await store(1, [], 10);
  await store(2, [], 20);
  expect(await due()).toEqual([2, 1]);
  await publishAll();
  expect(await due()).toEqual([]);
  await store(1, [], 30);
  expect(await due()).toEqual([]);
});

test('what waits for an issue is due when that is closed or reopened, also when nothing follows', async () => {
  const { db, store, due, publishAll } = await stage();
  await store(1, [], 10);
  await store(2, [1], 20);
  await store(3, [1], 21);
  await db
    .updateTable('issues')
    .set({
      ...{ parked_code: 'worker_blocked', state: 'needs_human' },
      parked_params: JSON.stringify({ worker: 'worker-1', agent: 'sonnet', words: 'Stuck.' }),
    })
    .where('number', '=', 2)
    .execute();
  await publishAll();
  await store(1, [], 30, false);
  expect((await due()).toSorted()).toEqual([1, 2, 3]);
  await publishAll();
  await store(1, [], 40, true);
  expect((await due()).toSorted()).toEqual([1, 2, 3]);
});

test('a change and a request to look that come while it is published leave it due', async () => {
  const { db, store, due, inTransaction } = await stage();
  await store(1, [], 10);
  await storePublication(db, issue(1), { comment_id: 7 });
  const [first] = await dueIssues(db, { now: 0, limit: 1, except: [] });
  if (first === undefined) throw new Error('nothing is due');
  const request = () => inTransaction().execute((it) => requestVerification(it, [issue(1)]));
  await request();
  await markPublished(db, first);
  expect(await due()).toEqual([1]);
  const [second] = await dueIssues(db, { now: 0, limit: 1, except: [] });
  await request();
  if (second !== undefined) await markPublished(db, second);
  expect(await due()).toEqual([1]);
  const [third] = await dueIssues(db, { now: 0, limit: 1, except: [] });
  await store(1, [5], 20);
  if (third !== undefined) await markPublished(db, third);
  expect(await due()).toEqual([1]);
});

test('only where something of ours may stand is looked', async () => {
  const { db, store, due, publishAll, inTransaction } = await stage();
  for (const number of [1, 2, 3]) await store(number, [], number);
  await storePublication(db, issue(1), { comment_uncertain: 1 });
  await storePublication(db, issue(2), { attempts: 3 });
  await publishAll();
  await inTransaction().execute((it) => requestVerification(it, [issue(1), issue(2), issue(3)]));
  expect(await due()).toEqual([1]);
  await publishAll();
  await inTransaction().execute((it) => requestVerificationOfAll(it));
  expect(await due()).toEqual([1]);
});

test('a look at all leaves closed issues alone, which grow without end', async () => {
  const { db, store, due, publishAll, inTransaction } = await stage();
  await store(1, [], 10, false);
  await store(2, [], 10);
  for (const number of [1, 2]) await storePublication(db, issue(number), { comment_id: number });
  await publishAll();
  await inTransaction().execute((it) => requestVerificationOfAll(it));
  expect(await due()).toEqual([2]);
  await inTransaction().execute((it) => requestVerification(it, [issue(1)]));
  expect((await due()).toSorted()).toEqual([1, 2]);
});

test('what waits for its time is counted, not due', async () => {
  const { db, store, due } = await stage();
  for (const number of [1, 2, 3]) await store(number, [], number);
  await storePublication(db, issue(1), { attempts: 1, due_at: 2_000, error: 'Archived.' });
  await storePublication(db, issue(2), { paused_until: 2_000 });
  await storePublication(db, issue(2), { label: 'coordinator/ready' });
  expect(await findPublication(db, issue(2))).toMatchObject({
    paused_until: 2_000,
    label: 'coordinator/ready',
  });
  expect(await due()).toEqual([3]);
  expect(await due(2_000)).toEqual([3, 2, 1]);
  expect(await countPublications(db, 1_000)).toEqual({ pending: 3, paused: 1, failing: 1 });
});

testOfSqlite('what is due is read from its own small index', async () => {
  const { db } = await stage();
  const { rows } = await sql<{ detail: string }>`explain query plan
    select issues.number from issues left join publications
      on publications.repository_id = issues.repository_id and publications.number = issues.number
    where (published <> revision or verification_requests > 0) and (due_at is null or due_at <= 5)
    order by changed_at desc limit 4`.execute(db);
  const plan = rows.map(({ detail }) => detail).join('\n');
  expect(plan).toContain('issues_to_publish');
  expect(plan).not.toContain('ORDER BY');
});
