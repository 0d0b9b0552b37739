import { expect, test } from 'vitest';

import { storeUpdate } from '../../src/handling/commit-update.ts';
import { CoordinatorError } from '../../src/errors.ts';
import { findPlan, listPlans, type PlanStore } from '../../src/plans/plan-views.ts';
import { readQueue } from '../../src/claims/hand-out/queue-view.ts';
import { openTestDatabase } from '../support/database.ts';
import { recomputeAllStates } from '../support/recompute-all-states.ts';
import { advance, isAssigned } from '../../src/issue/facts.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { assignAgent } from '../../src/planning/assign-agent.ts';
import { estimateContext } from '../../src/planning/estimate.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';

/** A store of its own; `put` stores one open issue of the bot at a time of the test's choice. */
async function openStore() {
  const { db } = await openTestDatabase();
  const store: PlanStore = { db, giteaUrl: 'https://git.example.test/sub' };

  async function put(
    number: number,
    now: number,
    {
      body = 'Total estimated: 20k',
      assignees = ['bot'],
      repositoryId = 2,
      repository = 'acme/orbit',
      labels = Array.of<string>(),
    } = {},
  ) {
    const issue = {
      repositoryId,
      repository,
      number,
      title: `Issue ${number}`,
      body,
      bodyCut: false,
    };
    const snapshot = { ...issue, open: true, assignees, labels, updatedAt: now };
    const facts = advance(undefined, { kind: 'edited', issue: snapshot });
    const reading = readOffline(issue, []);
    const estimate = estimateContext(reading);
    const assigned = isAssigned(assignees, 'bot');
    const plan = assigned
      ? { reading, estimate, assignment: assignAgent(reading, estimate, builtInAgents) }
      : undefined;
    const names = [{ repository, updatedAt: now }];
    await db
      .transaction()
      .execute((transaction) => storeUpdate(transaction, { facts, assigned, plan, names }, now));
  }
  return { store, put };
}

/** All pages of a list, as numbers of issues. */
async function pages(store: PlanStore, limit: number, repository?: string) {
  const found: number[][] = [];
  let cursor: string | undefined;
  do {
    const page = await listPlans(store, { limit, repository, cursor });
    found.push(page.items.map(({ number }) => number));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

test('pages follow one another without gap or repetition, also among changes of the same moment', async () => {
  const { store, put } = await openStore();
  for (const number of [1, 2, 3, 4, 5]) await put(number, 1_000);
  await put(6, 2_000);
  expect(await pages(store, 2)).toEqual([
    [6, 5],
    [4, 3],
    [2, 1],
  ]);
  expect(await pages(store, 4)).toEqual([
    [6, 5, 4, 3],
    [2, 1],
  ]);
  expect(await pages(store, 6)).toEqual([[6, 5, 4, 3, 2, 1]]);
});

test('a list can be of one repository, whose letter case does not matter', async () => {
  const { store, put } = await openStore();
  await put(1, 1_000);
  await put(2, 1_000, { repositoryId: 9, repository: 'acme/lib' });
  expect(await pages(store, 1, 'ACME/Lib')).toEqual([[2]]);
  expect(await pages(store, 1, 'acme/none')).toEqual([[]]);
});

test.each([
  '',
  'x',
  Buffer.from('1 2').toString('base64url'),
  Buffer.from('1 2 x').toString('base64url'),
])('a cursor that no list gave out is refused: %j', async (cursor) => {
  const { store } = await openStore();
  const error = await listPlans(store, { limit: 1, cursor }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CoordinatorError);
  expect(error).toMatchObject({ code: 'invalid_cursor' });
});

test('a plan of an unknown repository or number is undefined', async () => {
  const { store, put } = await openStore();
  await put(1, 1_000);
  expect(await findPlan(store, { repository: 'acme/none', number: 1 })).toBeUndefined();
  expect(await findPlan(store, { repository: 'acme/orbit', number: 2 })).toBeUndefined();
  expect(await findPlan(store, { repository: 'acme/orbit', number: 1 })).toMatchObject({
    url: 'https://git.example.test/sub/acme/orbit/issues/1',
    updatedAt: '1970-01-01T00:00:01.000Z',
  });
});

test('the queue hands out the longest ready first, then by number, and counts the rest by reason', async () => {
  const { store, put } = await openStore();
  await put(3, 1_000);
  await put(2, 2_000);
  await put(1, 2_000);
  await put(8, 500, { assignees: [] });
  await put(4, 500, { body: 'Blocked by #8' });
  await put(5, 500, { body: 'Blocked by #77' });
  await put(6, 500, { body: 'Total estimated: 900k' });
  await put(7, 500, { assignees: [] });
  const queue = await readQueue(store, { limit: 10, now: 0 });
  expect(queue.ready.map(({ ref, rank }) => `${rank}: ${ref}`)).toEqual([
    '1: acme/orbit#3',
    '2: acme/orbit#1',
    '3: acme/orbit#2',
  ]);
  expect(queue.ready[0]?.why).toBe(
    'Ready since 1970-01-01T00:00:01.000Z; the longest ready goes first.',
  );
  expect(queue.waiting).toEqual({ no_agent_fits: 1, open_blockers: 1, unknown_blockers: 1 });
  expect((await readQueue(store, { limit: 2, now: 0 })).ready).toHaveLength(2);
});

test('a label and the issues that wait move an issue forward or back, by no more than a limit', async () => {
  const { store, put } = await openStore();
  const hour = 3_600_000;
  const day = 24 * hour;
  await put(1, 10 * day, { labels: ['bug', 'Priority/High', 'priority/low'] });
  await put(2, 8 * day, { labels: ['priority/medium'] });
  await put(3, 7 * day + 1);
  await put(4, 6 * day + 2, { labels: ['priority/low'] });
  await put(5, 9 * day + 3);
  await put(6, 0, { body: 'Blocked by #5' });
  for (let number = 7; number < 30; number += 1)
    await put(number, 0, { body: `Blocked by #${number - 1}` });
  const whys = async () =>
    (await readQueue(store, { limit: 10, now: 0 })).ready.map(({ ref, why }) => `${ref} ${why}`);
  expect(await whys()).toEqual([
    'acme/orbit#1 Ready since 1970-01-11T00:00:00.000Z, moved 72 hours forward for the label priority/high; the longest ready goes first.',
    'acme/orbit#2 Ready since 1970-01-09T00:00:00.000Z, moved 24 hours forward for the label priority/medium; the longest ready goes first.',
    'acme/orbit#3 Ready since 1970-01-08T00:00:00.001Z; the longest ready goes first.',
    'acme/orbit#4 Ready since 1970-01-07T00:00:00.002Z, moved 24 hours back for the label priority/low; the longest ready goes first.',
    'acme/orbit#5 Ready since 1970-01-10T00:00:00.003Z, moved 48 hours forward for the 12 or more issues that wait for it; the longest ready goes first.',
  ]);
  await put(5, 11 * day, { labels: ['priority/low'] });
  await put(1, 11 * day);
  expect((await whys()).map((why) => why.slice(0, 12))).toEqual(
    [2, 3, 4, 5, 1].map((number) => `acme/orbit#${number}`),
  );
  expect((await whys())[3]).toContain(
    'moved 24 hours back for the label priority/low and 48 hours forward for the 12 or more issues',
  );
});

test('a full recomputation gives issues that lost their places the same places again', async () => {
  const { store, put } = await openStore();
  await put(1, 1_000);
  await put(2, 2_000, { body: 'Blocked by #1' });
  await put(3, 2_000, { body: 'Blocked by #4' });
  await put(4, 2_000, { body: 'Blocked by #3' });
  const rows = () => store.db.selectFrom('issues').selectAll().orderBy('number').execute();
  const before = await rows();
  const nothing = { queue_key: null, unblocks: 0, cycle_key: null };
  await store.db.updateTable('issues').set(nothing).execute();
  await store.db.transaction().execute((transaction) => recomputeAllStates(transaction, 9_000));
  expect(await rows()).toEqual(before);
  await store.db.transaction().execute((transaction) => recomputeAllStates(transaction, 10_000));
  expect(await rows()).toEqual(before);
});

test('an issue that stays ready keeps its place, one that was blocked goes to the end', async () => {
  const { store, put } = await openStore();
  await put(1, 1_000);
  await put(2, 2_000);
  await put(1, 3_000, { body: 'Total estimated: 21k' });
  const refs = async () =>
    (await readQueue(store, { limit: 10, now: 0 })).ready.map(({ plan }) => plan.number);
  expect(await refs()).toEqual([1, 2]);
  await put(1, 4_000, { body: 'Blocked by #2' });
  expect(await refs()).toEqual([2]);
  await put(1, 5_000);
  expect(await refs()).toEqual([2, 1]);
});

test('storing the same again changes nothing, not even the time of the change', async () => {
  const { store, put } = await openStore();
  await put(1, 1_000, { body: 'Blocked by #2' });
  const before = await findPlan(store, { repository: 'acme/orbit', number: 1 });
  await put(1, 9_000, { body: 'Blocked by #2' });
  expect(await findPlan(store, { repository: 'acme/orbit', number: 1 })).toEqual(before);
});

test('an issue with thousands of issues waiting for it is stored and shown', async () => {
  const { store, put } = await openStore();
  for (let number = 2; number <= 41; number += 1)
    await put(number, number, {
      body: Array.from({ length: 60 }, (_, index) => `Blocks #${1000 + index * 40 + number}`).join(
        '\n',
      ),
    });
  await put(1, 1, { body: 'Blocked by #2' });
  const plan = await findPlan(store, { repository: 'acme/orbit', number: 2 });
  expect(plan?.blocks).toHaveLength(61);
  expect((await listPlans(store, { limit: 10_000 })).items).toHaveLength(41);
});

test('a plan changes when an edge to it comes or goes, and when its repository is renamed', async () => {
  const { store, put } = await openStore();
  const changedAt = async (repository: string, number: number) =>
    Date.parse((await findPlan(store, { repository, number }))?.updatedAt ?? '');
  await put(1, 1_000);
  await put(2, 2_000, { body: 'Blocked by #1' });
  expect(await changedAt('acme/orbit', 1)).toBe(2_000);
  await put(2, 3_000, { body: 'Blocked by #1\nDifficulty: low' });
  expect(await changedAt('acme/orbit', 1)).toBe(2_000);
  await put(2, 4_000);
  expect(await changedAt('acme/orbit', 1)).toBe(4_000);
  await put(2, 5_000, { repository: 'acme/nova' });
  expect(await changedAt('acme/nova', 1)).toBe(5_000);
  await put(1, 6_000, { repository: 'acme/nova', body: 'Blocks acme/lib#7' });
  await put(7, 7_000, { repositoryId: 9, repository: 'acme/lib' });
  expect(await changedAt('acme/nova', 1)).toBe(7_000);
});
