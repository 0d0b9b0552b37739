import { expect, test } from 'vitest';

import { maskBlocked, maskPlan } from '../../src/api/mask.ts';
import { migrate, migrations } from '../../src/db/migrations.ts';
import { storeUpdate } from '../../src/handling/commit-update.ts';
import type { Dependency, Reading } from '../../src/issue/reading.ts';
import type { IssueUpdate } from '../../src/plans/issue-update.ts';
import { findPlan, listBlocked } from '../../src/plans/plan-views.ts';
import { issueUpdate } from '../support/issue-update.ts';
import { openTestDatabase } from '../support/database.ts';

const giteaUrl = 'https://git.example.test';

/** A store; `put` stores an open issue of the bot with these dependencies. */
async function openStore(of = migrations) {
  const { db } = await openTestDatabase(false);
  await migrate(db, of);

  async function put(number: number, dependencies: readonly Dependency[] = [], at = number) {
    const update = issueUpdate({ number, blockers: [], open: true, at });
    await store(reading(update, { dependencies: [...dependencies] }), at);
  }

  async function store(update: IssueUpdate, at: number) {
    await db.transaction().execute((transaction) => storeUpdate(transaction, update, at));
  }

  const plan = (number: number, repository = 'acme/orbit') =>
    findPlan({ db, giteaUrl }, { repository, number });
  return { db, put, store, plan };
}

function reading(update: IssueUpdate, given: Partial<Reading>): IssueUpdate {
  const { plan } = update;
  if (plan === undefined) throw new Error('the issue has no plan');
  return {
    ...update,
    plan: { ...plan, reading: { ...plan.reading, ...given } },
  };
}

function proposed(number: number, given: Partial<Dependency> = {}): Dependency {
  return {
    ...{ direction: 'blocks', repository: null, number, source: 'model' },
    ...{ evidence: `#${number} can wait`, standing: 'proposed', ...given },
  };
}

/** An issue of another repository. */
function inLib(update: IssueUpdate): IssueUpdate {
  const facts = { ...update.facts, repositoryId: 9, repository: 'acme/lib' };
  return { ...update, facts, names: [{ repository: 'acme/lib', updatedAt: facts.updatedAt }] };
}

test('a text makes 20 proposals in a direction, and an issue shows 20 of other texts', async () => {
  const { put, plan } = await openStore();
  await put(1);
  for (let number = 2; number < 30; number += 1) await put(number, [proposed(1)]);
  const many = Array.from({ length: 30 }, (_, index) => proposed(index + 100));
  await put(50, [...many, ...many.map((each) => ({ ...each, direction: 'blocked_by' as const }))]);
  const shown = (await plan(1))?.proposals ?? [];
  expect(shown.map(({ ref }) => ref)).toEqual(
    Array.from({ length: 20 }, (_, index) => `acme/orbit#${index + 2}`),
  );
  const directions = (await plan(50))?.proposals.map(({ direction }) => direction) ?? [];
  expect(directions.filter((each) => each === 'blocks')).toHaveLength(20);
  expect(directions).toHaveLength(40);
});

test('a reading replaces its proposals, and both issues are published anew only when one changed', async () => {
  const { db, put, plan } = await openStore();
  await put(1);
  await put(2);
  const revision = async () =>
    (await db.selectFrom('issues').select('revision').where('number', '=', 1).executeTakeFirst())
      ?.revision ?? 0;
  const before = await revision();
  await put(2, [proposed(1)], 10);
  const shown = await revision();
  expect(shown).toBeGreaterThan(before);
  await put(2, [proposed(1)], 11);
  expect(await revision()).toBe(shown);
  await put(2, [proposed(7)], 12);
  expect(await revision()).toBeGreaterThan(shown);
  expect((await plan(1))?.proposals).toEqual([]);
  expect((await plan(2))?.proposals).toMatchObject([{ ref: 'acme/orbit#7' }]);
});

test('an issue whose repository is known by name only shows the proposal when its name is known', async () => {
  const { put, store, plan } = await openStore();
  await put(2, [proposed(1, { repository: 'Acme/Lib' })]);
  expect((await plan(2))?.proposals).toMatchObject([{ ref: 'acme/lib#1' }]);
  await store(inLib(issueUpdate({ number: 1, blockers: [], open: true, at: 5 })), 5);
  expect((await plan(1, 'acme/lib'))?.proposals).toEqual([
    {
      ...{ ref: 'acme/orbit#2', direction: 'blocked_by', standing: 'proposed' },
      ...{ evidence: '#1 can wait', readIn: 'acme/orbit#2' },
      confirm: { issue: 'acme/lib#1', line: 'Blocked by: acme/orbit#2' },
    },
  ]);
});

test('a denial holds by every name of the repository, and only for the number it names', async () => {
  const { store, put, plan } = await openStore();
  await put(2, [proposed(1, { repository: 'acme/lib' })]);
  async function says(denied: Reading['denied'], at: number) {
    const update = issueUpdate({ number: 1, blockers: [], open: true, at });
    await store(inLib(reading(update, { denied })), at);
    const shown = [await plan(1, 'acme/lib'), await plan(2)];
    return shown.map((each) => each?.proposals.length);
  }
  expect(await says([], 5)).toEqual([1, 1]);
  expect(await says([{ repository: 'Acme/Orbit', number: 2 }], 6)).toEqual([0, 0]);
  expect(await says([{ repository: 'acme/orbit', number: 3 }], 7)).toEqual([1, 1]);
  expect(await says([{ repository: null, number: 2 }], 8)).toEqual([1, 1]);
  const renamed = issueUpdate({ number: 9, blockers: [], open: true, at: 9 });
  const facts = { ...renamed.facts, repository: 'acme/planet' };
  await store({ ...renamed, facts, names: [{ repository: 'acme/planet', updatedAt: 9 }] }, 9);
  expect((await plan(1, 'acme/lib'))?.proposals).toMatchObject([{ ref: 'acme/planet#2' }]);
  expect((await says([{ repository: 'acme/orbit', number: 2 }], 10))[0]).toBe(0);
});

test('the second opinion differs: only the issue itself shows it', async () => {
  const { put, plan } = await openStore();
  await put(1);
  await put(2, [proposed(1, { direction: 'blocked_by' })]);
  expect((await plan(1))?.proposals).toEqual([]);
  expect((await plan(2))?.proposals).toMatchObject([
    { direction: 'blocked_by', confirm: { issue: 'acme/orbit#2', line: 'Blocked by: #1' } },
  ]);
});

test('what a text says comes before what Claude alone says of the same two issues', async () => {
  const { put, plan } = await openStore();
  const ofModel = proposed(1, { direction: 'blocked_by', standing: 'counts' });
  await put(2, [ofModel]);
  expect((await plan(2))?.blockedBy).toMatchObject([{ removeWith: 'Not blocked by #1' }]);
  await put(1, [{ ...proposed(2), source: 'declared', standing: 'counts' }]);
  const [edge] = (await plan(2))?.blockedBy ?? [];
  expect(edge).toMatchObject({ source: 'declared' });
  expect(edge).not.toHaveProperty('removeWith');
});

test('a caller is not told of proposals and blockers in repositories that it may not see', async () => {
  const { db, put, plan } = await openStore();
  const elsewhere = { repository: 'secret/vault', direction: 'blocked_by' } as const;
  await put(2, [proposed(1, elsewhere), proposed(3, { ...elsewhere, standing: 'counts' })]);
  const caller = { name: 'board', role: 'reader', repositories: ['acme/*'] } as const;
  const all = await plan(2);
  if (all === undefined) throw new Error('there is no plan');
  const [blocked] = await listBlocked(db, { limit: 5 });
  if (blocked === undefined) throw new Error('nothing is blocked');
  expect(blocked.onlyClaude).toMatchObject([{ ref: 'secret/vault#3' }]);
  expect(all.proposals).toHaveLength(1);
  expect(maskPlan(all, caller).proposals).toEqual([]);
  expect(maskBlocked(blocked, caller).onlyClaude).toMatchObject([{ ref: 'an issue elsewhere' }]);
  for (const shown of [maskPlan(all, caller), maskBlocked(blocked, caller)])
    expect(JSON.stringify(shown)).not.toContain('vault');
});

test('a database of before has no proposals until its texts are read again', async () => {
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '009'));
  const { db, put, plan } = await openStore(before);
  await migrate(db);
  await put(1);
  expect((await plan(1))?.proposals).toEqual([]);
});
