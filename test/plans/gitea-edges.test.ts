import { expect, onTestFinished, test } from 'vitest';

import { giteaDependencyLimit } from '../../src/handling/add-gitea-dependencies.ts';
import { findPlan } from '../../src/plans/plan-views.ts';
import { openWorld, type World, type WorldIssue } from '../scenarios/dependencies/handled-world.ts';

const plain: WorldIssue = { open: true, assigned: true, body: 'Small.', hidden: 0 };
const [one, two, three, lib] = [
  'acme/orbit#1',
  'acme/orbit#2',
  'acme/orbit#3',
  'acme/lib#1',
] as const;

/** A world of issues of the bot, all alike but for what is given, each handled once. */
async function settle(given: Partial<World> & { more?: Record<string, Partial<WorldIssue>> }) {
  const { more = {}, ...rest } = given;
  const issues = new Map(
    [one, two, three, lib, ...Object.keys(more)].map((ref) => [ref, { ...plain, ...more[ref] }]),
  );
  const world: World = { issues, pairs: [], ...rest };
  const opened = await openWorld(world);
  onTestFinished(() => opened.close());
  for (const ref of issues.keys()) await opened.handle(ref);
  const plan = async (ref: string) => {
    const [repository = '', number = ''] = ref.split('#');
    const store = { db: opened.db, giteaUrl: 'https://git.test' };
    const found = await findPlan(store, { repository, number: Number(number) });
    if (found === undefined) throw new Error(`${ref} is not known`);
    return found;
  };
  return { ...opened, world, plan };
}

test('a dependency set on Gitea blocks, and is shown on both sides with its source', async () => {
  const { plan } = await settle({ pairs: [[one, two]] });
  expect(await plan(one)).toMatchObject({
    ...{ state: 'blocked', reason: { text: 'Waits for acme/orbit#2, which is open.' } },
    blockedBy: [{ ref: two, state: 'open', source: 'gitea', evidence: 'Set on Gitea.' }],
  });
  expect(await plan(two)).toMatchObject({
    state: 'ready',
    blocks: [{ ref: one, source: 'gitea' }],
  });
});

test.each([one, two])(
  'added, it blocks as soon as either issue is read again, and removed it frees: %s',
  async (read) => {
    const { world, become, handle, plan } = await settle({});
    become({ ...world, pairs: [[one, two]] });
    await handle(read);
    expect(await plan(one)).toMatchObject({ state: 'blocked' });
    become(world);
    await handle(read);
    expect(await plan(one)).toMatchObject({ state: 'ready', blockedBy: [] });
    expect(await plan(two)).toMatchObject({ blocks: [] });
  },
);

test('a blocker that is nobody’s of ours blocks, and so does ours what is not ours', async () => {
  const { plan, stateOf } = await settle({
    pairs: [
      [one, two],
      [three, one],
    ],
    more: { [two]: { assigned: false }, [three]: { assigned: false } },
  });
  expect(await plan(one)).toMatchObject({
    state: 'blocked',
    blocks: [{ ref: three, source: 'gitea' }],
  });
  expect(await stateOf(three)).toContain('released');
});

test('a closed blocker stays in the list of Gitea and blocks no more', async () => {
  const { plan } = await settle({ pairs: [[one, two]], more: { [two]: { open: false } } });
  expect(await plan(one)).toMatchObject({
    state: 'ready',
    blockedBy: [{ ref: two, state: 'closed', source: 'gitea' }],
  });
});

test.each<[string, Record<string, Partial<WorldIssue>>]>([
  ['the blocked one', { [one]: { body: `Blocked by ${two}` } }],
  ['the blocker', { [two]: { body: `Blocks ${one}` } }],
])('with the same in the text of %s it is one edge, of Gitea', async (_whose, more) => {
  const { world, become, handle, plan } = await settle({ more });
  expect((await plan(one)).blockedBy).toMatchObject([{ ref: two, source: 'declared' }]);
  for (const read of [one, two]) {
    become({ ...world, pairs: [[one, two]] });
    await handle(read);
    expect((await plan(one)).blockedBy).toMatchObject([{ ref: two, source: 'gitea' }]);
    become(world);
    await handle(read);
    expect((await plan(one)).blockedBy).toMatchObject([{ ref: two, source: 'declared' }]);
  }
});

test.each<[string, Record<string, Partial<WorldIssue>>, string]>([
  ['the blocked one', { [one]: { body: `Blocks ${two}` } }, one],
  ['the blocker', { [two]: { body: `Blocked by ${one}` } }, two],
])('where the text of %s turns it round, Gitea counts', async (_whose, more, warned) => {
  const { world, become, handle, plan } = await settle({ more });
  expect(await plan(two)).toMatchObject({ state: 'blocked' });
  for (const read of [one, two]) {
    become({ ...world, pairs: [[one, two]] });
    await handle(read);
    expect(await plan(one)).toMatchObject({ state: 'blocked', reason: { code: 'open_blockers' } });
    expect(await plan(two)).toMatchObject({ state: 'ready' });
    const codes = (await plan(warned)).warnings.map(({ code }) => code);
    expect(codes).toContain('direction_disagrees');
    become(world);
    await handle(one);
    await handle(two);
  }
});

test('a cycle that only Gitea knows is named, and one of text and Gitea as well', async () => {
  const onGitea = await settle({
    pairs: [
      [one, two],
      [two, three],
      [three, one],
    ],
  });
  expect(await onGitea.plan(one)).toMatchObject({
    reason: {
      code: 'cycle',
      text: `Waits for itself in a cycle: ${one} → ${two} → ${three} → ${one}.`,
    },
  });
  const mixed = await settle({
    pairs: [[one, two]],
    more: { [two]: { body: `Blocked by ${lib}` }, [lib]: { body: `Blocked by ${one}` } },
  });
  expect(await mixed.plan(lib)).toMatchObject({ reason: { code: 'cycle' } });
});

test('an issue that waits for itself on Gitea is ready, with a warning', async () => {
  const { plan } = await settle({ pairs: [[one, one]] });
  const { state, warnings, blockedBy } = await plan(one);
  expect([state, blockedBy]).toEqual(['ready', []]);
  expect(warnings.map(({ code }) => code)).toContain('self_reference');
});

test('blockers that the bot may not read block until they are gone', async () => {
  const { world, become, handle, plan } = await settle({ more: { [one]: { hidden: 2 } } });
  expect(await plan(one)).toMatchObject({ state: 'blocked', reason: { code: 'hidden_blocker' } });
  become({ ...world, issues: new Map([...world.issues, [one, plain]]) });
  await handle(one);
  expect(await plan(one)).toMatchObject({ state: 'ready' });
});

test('while the bot cannot read the repository, what Gitea said of dependencies stands', async () => {
  const { world, become, handle, plan } = await settle({
    pairs: [[lib, one]],
    more: { [lib]: { hidden: 1 } },
  });
  become({ ...world, pairs: [], unreadable: ['acme/lib'] });
  await handle(lib);
  expect(await plan(lib)).toMatchObject({
    state: 'blocked',
    reason: { code: 'open_blockers' },
    blockedBy: [{ ref: one, source: 'gitea' }],
  });
  const issues = new Map([...world.issues, [one, { ...plain, open: false }]]);
  become({ issues, pairs: [], unreadable: ['acme/lib'] });
  await handle(one);
  expect(await plan(lib)).toMatchObject({ reason: { code: 'hidden_blocker' } });
  expect((await plan(lib)).warnings.map(({ code }) => code)).toContain('gitea_unreadable');
  become({ ...world, issues, pairs: [] });
  await handle(lib);
  expect(await plan(lib)).toMatchObject({ reason: { code: 'hidden_blocker' }, blockedBy: [] });
});

test('where dependencies are switched off there are none, and those of before are gone', async () => {
  const { world, become, handle, plan } = await settle({
    pairs: [[one, two]],
    more: { [one]: { hidden: 1 } },
  });
  become({ ...world, off: ['acme/orbit'] });
  await handle(one);
  await handle(two);
  expect(await plan(one)).toMatchObject({ state: 'ready', blockedBy: [] });
});

test('what Gitea lists is not asked for one by one, also where the text names it', async () => {
  const body = `Blocked by ${two}, ${lib} and ${three}.`;
  const { asked, handle } = await settle({
    pairs: [
      [one, two],
      [one, lib],
    ],
    more: { [one]: { body } },
  });
  asked.length = 0;
  await handle(one);
  expect(asked.sort()).toEqual([one, three]);
});

test('a bound of 500 in each direction, and a warning where more are set', async () => {
  const many = Array.from(
    { length: giteaDependencyLimit + 20 },
    (_, index) => `acme/lib#${index + 100}`,
  );
  const { world, become, handle, plan } = await settle({});
  const closed = { ...plain, assigned: false, open: false };
  const issues = [...world.issues, ...many.map((ref) => [ref, closed] as const)];
  become({ issues: new Map(issues), pairs: many.map((ref) => [one, ref]) });
  await handle(one);
  const { state, blockedBy, warnings } = await plan(one);
  expect(state).toBe('ready');
  expect(blockedBy).toHaveLength(giteaDependencyLimit);
  expect(warnings.map(({ code }) => code)).toContain('too_many_native_dependencies');
}, 60_000);
