import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createDatabase, type Database } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { storeUpdate } from '../../../src/handling/commit-update.ts';
import type { IssueUpdate } from '../../../src/plans/issue-update.ts';
import { issueUpdate } from '../../support/issue-update.ts';
import { recomputeAllStates } from '../../support/recompute-all-states.ts';

/** Ids of the repositories are 1, 2 and so on. */
const repositories = 3;

interface Told {
  readonly repository: number;
  readonly number: number;
}

interface Event extends Told {
  readonly kind: 'edited' | 'closed' | 'reopened' | 'deleted' | 'moved' | 'renamed';
  /** The text that an edit leaves, or the repository to which the issue is moved. */
  readonly blockedBy: readonly Told[];
  readonly blocks: readonly Told[];
  readonly to: number;
}

function anyOf(issues: number): fc.Arbitrary<Told> {
  return fc.record({
    repository: fc.integer({ min: 1, max: repositories }),
    number: fc.integer({ min: 1, max: issues }),
  });
}

function anyEvent(issues: number, edges: number): fc.Arbitrary<Event> {
  const issue = anyOf(issues);
  return fc
    .record({
      issue,
      kind: fc.oneof(
        { weight: 6, arbitrary: fc.constant('edited' as const) },
        { weight: 4, arbitrary: fc.constantFrom('closed' as const, 'reopened' as const) },
        { weight: 1, arbitrary: fc.constantFrom('deleted' as const, 'moved' as const) },
        { weight: 1, arbitrary: fc.constant('renamed' as const) },
      ),
      blockedBy: fc.array(issue, { maxLength: edges }),
      blocks: fc.array(issue, { maxLength: 1 }),
      to: fc.integer({ min: 1, max: repositories }),
    })
    .map(({ issue: told, ...rest }) => ({ ...told, ...rest }));
}

interface Known extends Told {
  open: boolean;
  blockedBy: readonly Told[];
  blocks: readonly Told[];
}

/** A store that is told one event after the other, as the worker stores them. */
async function openStore() {
  const db = createDatabase(':memory:');
  await migrate(db);
  const known = new Map<string, Known>();
  const names = new Map<number, string>();
  let at = Date.parse('2026-11-23T10:00:00Z');
  const nameOf = (repository: number) => names.get(repository) ?? `acme/r${repository}`;

  async function store(issue: Known, deleted = false) {
    at += 1000;
    const repository = nameOf(issue.repository);
    const base = issueUpdate({ number: issue.number, blockers: [], open: issue.open, at });
    const edges = (told: readonly Told[], direction: 'blocked_by' | 'blocks') =>
      told.map((other) => ({
        ...{ direction, repository: nameOf(other.repository), number: other.number },
        ...{ source: 'declared' as const, evidence: `${direction} ${other.number}` },
      }));
    const dependencies = [
      ...edges(issue.blockedBy, 'blocked_by'),
      ...edges(issue.blocks, 'blocks'),
    ];
    const facts = { ...base.facts, repositoryId: issue.repository, repository, deleted };
    const plan = base.plan && {
      ...base.plan,
      reading: { ...base.plan.reading, dependencies },
    };
    const update: IssueUpdate = {
      ...{ ...base, facts, names: [{ repository, updatedAt: at }] },
      ...(deleted ? { assigned: false, plan: undefined } : { plan }),
    };
    await db.transaction().execute((transaction) => storeUpdate(transaction, update, at));
  }

  async function tell({ kind, repository, number, blockedBy, blocks, to }: Event) {
    const id = `${repository}#${number}`;
    const issue = known.get(id) ?? { repository, number, open: true, blockedBy: [], blocks: [] };
    known.set(id, issue);
    if (kind === 'edited') Object.assign(issue, { blockedBy, blocks });
    if (kind === 'closed' || kind === 'reopened') issue.open = kind === 'reopened';
    if (kind === 'renamed') names.set(repository, `${nameOf(repository)}x`);
    if (kind === 'moved') {
      // Gitea has no word for it: the issue is gone here, and a new one is there.
      await store(issue, true);
      known.delete(id);
      await tell({ kind: 'edited', repository: to, number: number + 100, blockedBy, blocks, to });
      return;
    }
    await store(issue, kind === 'deleted');
    if (kind === 'deleted') known.delete(id);
  }

  return { db, tell, close: () => db.destroy() };
}

/** All that follows from the graph. */
function look(db: Database) {
  return db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'state', 'reason_code', 'reason_params', 'warnings'])
    .select(['queue_key', 'unblocks', 'cycle_key'])
    .orderBy('repository_id')
    .orderBy('number')
    .execute();
}

/** The same, computed from the facts alone; what is stored stays. */
async function lookAnew(db: Database) {
  let anew: Awaited<ReturnType<typeof look>> = [];
  const undo = new Error('undo');
  await db
    .transaction()
    .execute(async (transaction) => {
      const nothing = { state: '', reason_code: '', reason_params: '', warnings: '[]' };
      await transaction
        .updateTable('issues')
        .set({ ...nothing, unblocks: 0, cycle_key: null })
        .execute();
      await recomputeAllStates(transaction, 1);
      anew = await look(transaction);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return anew;
}

async function holdsAfter(events: readonly Event[], checkedFrom: number) {
  const { db, tell, close } = await openStore();
  try {
    for (const [index, event] of events.entries()) {
      await tell(event);
      if (index >= checkedFrom) expect(await look(db)).toEqual(await lookAnew(db));
    }
  } finally {
    await close();
  }
}

test('after any history across repositories states, sentences and counts are as computed anew', async () => {
  const history = fc.array(anyEvent(5, 3), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(history, (events) => holdsAfter(events, 0)),
    { numRuns: 60, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
  );
}, 60_000);

test('the same in a tangle of nearly all of a hundred issues', async () => {
  const issues = 34;
  const standing = fc.array(fc.array(anyOf(issues), { minLength: 3, maxLength: 6 }), {
    minLength: issues * repositories,
    maxLength: issues * repositories,
  });
  const events = fc.array(anyEvent(issues, 4), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(standing, events, async (texts, changes) => {
      const first = texts.map((blockedBy, index) => ({
        ...{ kind: 'edited' as const, repository: 1 + (index % repositories), to: 1 },
        ...{ number: 1 + Math.floor(index / repositories), blockedBy, blocks: [] },
      }));
      await holdsAfter([...first, ...changes], first.length - 20);
    }),
    { numRuns: 6, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  );
}, 90_000);
