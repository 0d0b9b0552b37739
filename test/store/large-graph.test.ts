import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createDatabase, type Database } from '../../src/store/database.ts';
import { storeIssue } from '../../src/store/issues.ts';
import { migrate } from '../../src/store/migrations.ts';
import { redecideAll } from '../../src/store/redecide.ts';
import { issueUpdate } from '../support/issue-update.ts';
import { temporaryDirectory } from '../support/service.ts';

/** More issues than are walked over in the first step, which is 50. */
const issues = 160;
const number = fc.integer({ min: 1, max: issues });

/** In most of these about half of the issues wait for each other. */
const graph = fc.array(fc.array(number, { minLength: 1, maxLength: 2 }), {
  minLength: issues,
  maxLength: issues,
});
const change = fc.record({
  number,
  open: fc.boolean(),
  blockers: fc.option(fc.array(number, { maxLength: 2 })),
});

test('in a graph of many issues, too, every change ends as if all had been decided anew', async () => {
  const path = `${temporaryDirectory()}/graph.db`;
  await fc.assert(
    fc.asyncProperty(graph, fc.array(change, { maxLength: 25 }), async (waitsFor, changes) => {
      const db = createDatabase(path);
      let at = Date.parse('2026-11-23T10:00:00Z');
      const tell = (told: { number: number; open: boolean; blockers: readonly number[] }) =>
        db
          .transaction()
          .execute((transaction) =>
            storeIssue(transaction, issueUpdate({ ...told, at: (at += 1000) }), at),
          );
      try {
        await migrate(db);
        // Most of them stand when the last ones close circles over long ways.
        for (const [index, blockers] of waitsFor.entries())
          await tell({ number: index + 1, open: true, blockers });
        for (const { blockers, ...told } of changes) {
          const present = waitsFor[told.number - 1] ?? [];
          await tell({ ...told, blockers: blockers ?? present });
          const stood = await rows(db);
          await db.transaction().execute((transaction) => redecideAll(transaction, at + 1));
          expect(await rows(db)).toEqual(stood);
        }
      } finally {
        for (const table of ['edges', 'issues', 'issue_texts'] as const)
          await db.deleteFrom(table).execute();
        await db.destroy();
      }
    }),
    { numRuns: 12, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  );
}, 60_000);

function rows(db: Database) {
  return db.selectFrom('issues').selectAll().orderBy('number').execute();
}
