import fc from 'fast-check';
import { expect, test } from 'vitest';

import { storeUpdate } from '../../../src/handling/commit-update.ts';
import { createDatabase, type Database } from '../../../src/db/database.ts';
import { readGraph } from '../../../src/plans/graph-view.ts';
import { listPlans } from '../../../src/plans/plan-views.ts';
import { openTestDatabase, testOfSqlite } from '../../support/database.ts';
import { recomputeAllStates } from '../../support/recompute-all-states.ts';
import { issueUpdate } from '../../support/issue-update.ts';

/** More issues than are walked over in the first step, and than are searched from one by one. */
const issues = 320;
const number = fc.integer({ min: 1, max: issues });

/** In most of these about 200 of the issues wait for each other. */
const graph = fc.array(fc.array(number, { minLength: 1, maxLength: 3 }), {
  minLength: issues,
  maxLength: issues,
});
const change = fc.record({
  number,
  open: fc.boolean(),
  blockers: fc.option(fc.array(number, { maxLength: 2 })),
});

// With PostgreSQL these two take minutes: a query costs ten times as much.
testOfSqlite(
  'after each change in a large graph the states equal those of a full recomputation',
  async () => {
    const { location } = await openTestDatabase();
    await fc.assert(
      fc.asyncProperty(graph, fc.array(change, { maxLength: 15 }), async (waitsFor, changes) => {
        const db = createDatabase(location);
        let at = Date.parse('2026-11-23T10:00:00Z');
        const tell = (told: { number: number; open: boolean; blockers: readonly number[] }) =>
          db
            .transaction()
            .execute((transaction) =>
              storeUpdate(transaction, issueUpdate({ ...told, at: (at += 1000) }), at),
            );
        try {
          // Most of them stand when the last ones close cycles over long ways.
          for (const [index, blockers] of waitsFor.entries())
            await tell({ number: index + 1, open: true, blockers });
          for (const { blockers, ...told } of changes) {
            const present = waitsFor[told.number - 1] ?? [];
            await tell({ ...told, blockers: blockers ?? present });
            const stood = await rows(db);
            await db
              .transaction()
              .execute((transaction) => recomputeAllStates(transaction, at + 1));
            expect(await rows(db)).toEqual(stood);
          }
        } finally {
          for (const table of ['edges', 'issues', 'issue_texts'] as const)
            await db.deleteFrom(table).execute();
          await db.destroy();
        }
      }),
      { numRuns: 3, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
    );
  },
  60_000,
);

function rows(db: Database) {
  return db.selectFrom('issues').selectAll().orderBy('number').execute();
}

test('in a tangle of hundreds each member names the cycle through the first, and only members are blocked', async () => {
  const { db } = await openTestDatabase();
  const store = { db, giteaUrl: 'https://git.example.test' };
  const tell = (told: { number: number; open: boolean; blockers: readonly number[] }) =>
    db
      .transaction()
      .execute((transaction) => storeUpdate(transaction, issueUpdate({ ...told, at: 1 }), 1));
  // A cycle of 250, of which every tenth also waits for the one before and two wait outside.
  const size = 250;
  const blockersOf = (member: number) => [
    (member % size) + 1,
    ...(member % 10 === 2 ? [member - 1] : []),
    ...(member === 7 ? [size + 1] : []),
  ];
  await tell({ number: size + 1, open: true, blockers: [] });
  await tell({ number: size + 2, open: true, blockers: [7] });
  for (let member = size; member > 0; member -= 1)
    await tell({ number: member, open: true, blockers: blockersOf(member) });
  const { items } = await listPlans(store, { limit: size + 2 });
  const told = new Map(items.map((plan) => [plan.number, `${plan.state} ${plan.reason.code}`]));
  expect(told.get(size + 1)).toBe('ready ready');
  expect(told.get(size + 2)).toBe('blocked open_blockers');
  const members = items.filter(({ number }) => number <= size);
  expect(new Set(members.map(({ reason }) => reason.code))).toEqual(new Set(['cycle']));
  const texts = new Map(members.map(({ number, reason }) => [number, reason.text]));
  expect([texts.get(1), texts.get(2), texts.get(3)]).toMatchInlineSnapshot(`
    [
      "Waits for itself in a cycle: acme/orbit#1 → acme/orbit#2 → acme/orbit#1.",
      "Waits for itself in a cycle: acme/orbit#2 → acme/orbit#1 → acme/orbit#2.",
      "Waits in a tangle of issues that wait for each other, such as acme/orbit#1 → acme/orbit#2 → acme/orbit#1.",
    ]
  `);
  const { cycles } = await readGraph(db, { limit: 1_000 });
  expect(cycles).toEqual([['acme/orbit#1', 'acme/orbit#2']]);
  // Without the edge that closes the long cycle only the pairs are left.
  await tell({ number: size, open: true, blockers: [] });
  const left = (await listPlans(store, { limit: size + 2 })).items;
  expect(left.filter(({ reason }) => reason.code === 'cycle')).toHaveLength(50);
});

testOfSqlite(
  'counting dependants in one pass gives the same numbers as counting them one by one',
  async () => {
    const { db } = await openTestDatabase();
    await db.transaction().execute(async (transaction) => {
      for (let told = 1; told <= 520; told += 1) {
        const blockers = told === 1 ? [] : [Math.floor(told / 2)];
        const update = issueUpdate({ number: told, blockers, open: told % 7 > 0, at: 1 });
        await storeUpdate(transaction, update, 1);
      }
    });
    const stood = await rows(db);
    expect(new Set(stood.map(({ unblocks }) => unblocks)).size).toBeGreaterThan(4);
    await db.updateTable('issues').set({ unblocks: 0 }).execute();
    await db.transaction().execute((transaction) => recomputeAllStates(transaction, 2));
    expect(await rows(db)).toEqual(stood);
  },
);
