import { expect, test } from 'vitest';

import { storeUpdate } from '../../src/handling/commit-update.ts';
import { findHistory } from '../../src/claims/views.ts';
import { openTestDatabase } from '../support/database.ts';
import { issueUpdate } from '../support/issue-update.ts';

const at = 1_000_000;

/** So many finished issues of one repository, each of which took its number of thousands of tokens. */
async function openStore(issues: number) {
  const { db } = await openTestDatabase();
  await db.transaction().execute(async (transaction) => {
    for (let number = 1; number <= issues; number += 1) {
      const update = issueUpdate({ number, blockers: [], open: false, at });
      await storeUpdate(transaction, update, at);
      await transaction
        .insertInto('claims')
        .values({
          ...{ id: `claim-${number}`, repository_id: 2, number, worker: 'w', agent: 'sonnet' },
          ...{ estimated: 20_000, difficulty: 'medium', carried: 400, claimed_at: at },
          ...{ heartbeat_at: at, expires_at: at, ended_at: at + number, outcome: 'completed' },
          ...{ total: number * 1_000 - 400, peak: 1 },
        })
        .execute();
    }
  });
  return db;
}

test('the newest finished issues of a repository and difficulty are its history, bounded, without the issue itself', async () => {
  const db = await openStore(60);
  const history = await findHistory(db, { repositoryId: 2, number: 60 }, 'medium');
  expect(history).toHaveLength(50);
  expect([history[0], history.at(-1)]).toEqual([59_000, 10_000]);
  expect(await findHistory(db, { repositoryId: 2, number: 99 }, 'high')).toEqual([]);
  expect(await findHistory(db, { repositoryId: 3, number: 99 }, 'medium')).toEqual([]);
});
