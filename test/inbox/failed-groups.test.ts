import { expect, test } from 'vitest';

import { listFailedGroups } from '../../src/inbox/failed-groups.ts';
import { emptyRow } from '../../src/db/delivery-rows.ts';
import { openScratch } from '../support/database.ts';

const error = 'The payload is not as expected: issue.number: Invalid input';

test('what failed in the same way is one group; an old one that was not understood is none', async () => {
  const db = await openScratch();
  const row = (id: string, at: number, more: object) => ({
    ...{ ...emptyRow, id, event_name: 'issues', body_hash: '', received_at: at, due_at: at },
    ...more,
  });
  const dead = { status: 'dead', repository_id: 3, issue_number: 7, error: 'Disk.' } as const;
  const rejected = { status: 'rejected', error } as const;
  await db
    .insertInto('repositories')
    .values({ id: 3, full_name: 'acme/orbit', lower_name: 'acme/orbit', named_at: 0 })
    .execute();
  await db
    .insertInto('deliveries')
    .values([
      row('a', 10, { ...dead, kind: 'assigned' }),
      row('b', 20, { ...dead, kind: 'opened' }),
      row('c', 30, { ...dead, kind: 'opened', error: 'Other.' }),
      row('d', 40, { ...dead, kind: 'opened', issue_number: 8 }),
      row('e', 50, rejected),
      row('f', 60, rejected),
      row('g', 70, { ...rejected, event_name: 'issue_comment' }),
      row('h', 5, { ...rejected, error: 'Old.' }),
      row('i', 80, { status: 'done' }),
    ])
    .execute();
  const groups = await listFailedGroups(db, 50);
  expect(groups.map(({ deliveryId, count, issue }) => [deliveryId, count, issue?.number])).toEqual([
    ['g', 1, undefined],
    ['f', 2, undefined],
    ['d', 1, 8],
    ['c', 1, 7],
    ['b', 2, 7],
  ]);
});
