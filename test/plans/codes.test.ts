import { expect, test } from 'vitest';

import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';

async function tell(service: Service, changes: PayloadChanges): Promise<void> {
  await service.send(signedRequest(issuePayload({ labels: null, assignees: [], ...changes })));
  await service.idle();
}

/** What the planned issue #2 waits for, and what it was warned of. */
async function planOf(service: Service) {
  const plan = await service.plan('acme/orbit#2');
  return {
    blockedBy: plan?.blockedBy.map(({ ref }) => ref),
    warnings: plan?.warnings.map(({ code }) => code).filter((code) => code === 'code_mismatch'),
  };
}

const lock = { number: 1, title: '[COORD-005] A lock for the store' };
const waits = {
  number: 2,
  title: 'Use the lock',
  assignees: ['coordinator-bot'],
  body: 'Blocked by COORD-005',
};
const both = { ...waits, body: 'Blocked by: #3 (COORD-005)' };
const other = { number: 3, title: '[COORD-009] Something else' };

/** Every order of these. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item) =>
    orders(items.filter((one) => one !== item)).map((rest) => [item, ...rest]),
  );
}

test.each([
  ['a code that one title carries', [lock, waits, other], ['acme/orbit#1'], 0],
  ['a code that no title carries', [waits, other], [], 0],
  [
    'a word like a code within a title',
    [
      { ...lock, title: 'Use SHA-256 for hashes' },
      { ...waits, body: 'Requires SHA-256.' },
    ],
    [],
    0,
  ],
  ['a code that two titles carry', [lock, waits, { ...lock, number: 4 }], [], 1],
  ['a code beside the number of another issue', [lock, both, other], [], 1],
  ['a code beside a number that is not known', [lock, both], ['acme/orbit#3'], 0],
  ['a code beside its own number', [{ ...lock, number: 3 }, both], ['acme/orbit#3'], 0],
  [
    'a code of another repository',
    [{ ...lock, repository: 'acme/lib', repositoryId: 77 }, waits],
    [],
    0,
  ],
])('%s, whichever issue is told of first', async (_name, issues, blockedBy, mismatches) => {
  for (const order of orders<PayloadChanges>(issues)) {
    const service = await startService();
    for (const changes of order) await tell(service, changes);
    const warnings = Array<string>(mismatches).fill('code_mismatch');
    expect(await planOf(service)).toEqual({ blockedBy, warnings });
  }
});

test('a title that is changed, and an issue that is deleted, are looked at again', async () => {
  const service = await startService();
  await tell(service, waits);
  await tell(service, { ...lock, title: 'A lock', updatedAt: '2026-11-23T10:00:00Z' });
  expect((await planOf(service)).blockedBy).toEqual([]);
  await tell(service, { ...lock, action: 'edited', updatedAt: '2026-11-23T10:00:01Z' });
  expect((await planOf(service)).blockedBy).toEqual(['acme/orbit#1']);
  await tell(service, { ...lock, action: 'deleted', updatedAt: '2026-11-23T10:00:02Z' });
  expect((await planOf(service)).blockedBy).toEqual([]);
});

test('nothing is looked at twice for a title that stays', async () => {
  const service = await startService();
  for (const changes of [lock, waits, lock, waits]) await tell(service, changes);
  const { json } = await service.api('/deliveries?status=done');
  expect(JSON.stringify(json).match(/"refresh-/g) ?? []).toHaveLength(0);
});

test('issues whose titles carry one code are not looked at again for each other', async () => {
  const service = await startService();
  for (const number of [1, 4, 5])
    await tell(service, { ...lock, assignees: waits.assignees, number });
  const { json } = await service.api('/deliveries?status=done');
  expect(JSON.stringify(json).match(/"refresh-/g) ?? []).toHaveLength(0);
});
