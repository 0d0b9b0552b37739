import { expect, test } from 'vitest';

import { checkSoon, isOurPull, storePull } from '../../src/verification/pull-rows.ts';
import { openTestDatabase } from '../support/database.ts';

const issue = { repositoryId: 2, number: 1 };
const interval = 300_000;

test('a hint that comes between a look at Gitea and its record stays due', async () => {
  const { db } = await openTestDatabase();
  try {
    await storePull(db, issue, { pull_number: 7, branch: 'agent/one', check_at: 1_000 });
    const seen = await db.selectFrom('pull_requests').selectAll().executeTakeFirstOrThrow();
    await db
      .transaction()
      .execute((transaction) =>
        checkSoon(transaction, { repositoryId: 2, of: { pull: 7 } }, 2_000),
      );
    await storePull(db, issue, { check_at: 2_500 + interval, branch: 'agent/two' }, seen);
    const hinted = await db.selectFrom('pull_requests').selectAll().executeTakeFirstOrThrow();
    expect(hinted).toMatchObject({ check_at: 2_000, branch: 'agent/two' });
    await storePull(db, issue, { check_at: 3_000 + interval }, hinted);
    const asked = await db.selectFrom('pull_requests').selectAll().executeTakeFirstOrThrow();
    expect(asked.check_at).toBe(3_000 + interval);
  } finally {
    await db.destroy();
  }
});

test('a hint about a pull request that is being opened is due when its number is known', async () => {
  const { db } = await openTestDatabase();
  try {
    const hintOf = (repositoryId: number, pull: number) => ({ repositoryId, of: { pull } });
    // Nobody opens one there.
    expect(await isOurPull(db, hintOf(2, 7))).toBe(false);
    await storePull(db, issue, { pull_number: null, uncertain: 1, branch: 'agent/one' });
    expect(await isOurPull(db, hintOf(3, 7))).toBe(false);
    expect(await isOurPull(db, hintOf(2, 7))).toBe(true);
    await db.transaction().execute((transaction) => checkSoon(transaction, hintOf(2, 7), 2_000));
    const opened = { pull_number: 7, uncertain: 0, check_at: 2_500 + interval };
    await storePull(db, issue, opened, { check_at: null });
    const row = await db.selectFrom('pull_requests').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ pull_number: 7, check_at: 2_000 });
    expect(await isOurPull(db, hintOf(2, 8))).toBe(false);
  } finally {
    await db.destroy();
  }
});
