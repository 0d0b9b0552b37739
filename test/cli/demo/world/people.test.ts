import { expect, test } from 'vitest';

import type { Temper } from '../../../../src/cli/demo/world/backlog.ts';
import { createPeople } from '../../../../src/cli/demo/world/people/people.ts';
import { loadedDice, playedGitea, scriptedApi } from './played.ts';

const repository = 'acme/harbor';

interface Play {
  /** Reasons of the issues in each state; the numbers count from 1, or stand in front (`11 no_agent_fits`). */
  readonly issues?: Readonly<Record<string, readonly string[]>>;
  readonly dead?: readonly string[];
  readonly chance?: boolean;
  readonly isOpen?: boolean;
  readonly pulls?: number;
}

/** People before a Gitea of ten issues, and an API that lists some of them in the states of a test. */
async function play({ issues = {}, dead = [], chance = true, isOpen = true, pulls = 0 }: Play) {
  const { state, acts, events } = playedGitea();
  for (let number = 1; number <= 10; number += 1)
    await acts.openIssue(repository, 'maria', { title: `Issue ${number}`, body: 'Text' });
  const [gitea] = state.repositories;
  for (let number = 1; number <= pulls; number += 1) {
    const head = `agent/issue-${number}`;
    gitea?.branches.set(head, 'a'.repeat(40));
    gitea?.pulls.set(20 + number, {
      ...{ number: 20 + number, author: 'maria', title: 'Pull', body: `Closes #${number}` },
      ...{ head, base: 'main', open: true, merged: false, updatedAt: 0, comments: [], reviews: [] },
    });
  }
  let shown = { ready: ['ready', 'ready', 'ready', 'ready'], ...issues };
  const { api, posts, paths } = scriptedApi((path) => {
    if (path.startsWith('/deliveries?'))
      return { json: { items: dead.map((deliveryId) => ({ deliveryId })) } };
    const wanted = /^\/issues\?state=(\w+)/.exec(path)?.[1] ?? '';
    const codes = Object.entries(shown).find(([name]) => name === wanted)?.[1] ?? [];
    const items = codes.map((text, index) => {
      const [, number = index + 1, code = text] = /^(\d+) (.+)$/.exec(text) ?? [];
      return { ref: `${repository}#${number}`, reason: { code } };
    });
    return path.startsWith('/issues') ? { json: { items } } : undefined;
  });
  const tempers = new Map<string, Temper>();
  const faults = new Set<string>();
  let limits = 0;
  const agents = [{ reachLimit: () => Promise.resolve(void (limits += 1)) }];
  let pace = 1;
  const people = createPeople({
    ...{ api, acts, state, agents, tempers, faults, dice: loadedDice({ chance: () => chance }) },
    ...{ pace: () => pace, isOpen: () => isOpen },
  });
  const before = events().length;
  return {
    ...{ gitea, acts, posts, paths, tempers, faults },
    limits: () => limits,
    show: (now: Play['issues']) => void (shown = { ...shown, ...now }),
    /** One step that is as long as so many. */
    step: async (length = 1) => {
      pace = length;
      await people.step();
    },
    told: () => events().slice(before),
  };
}

const twice = async (step: (length: number) => Promise<void>, length: number) => {
  await step(1);
  await step(length);
};

test('what has waited for its review is merged, which closes the issue; the last one waits', async () => {
  const world = await play({
    isOpen: false,
    issues: { in_review: ['gates_passed', 'gates_passed'] },
    pulls: 2,
  });
  await twice(world.step, 12);
  expect(world.told()).toEqual([
    ...['pull_request_approved reviewed', 'pull_request closed', 'issues closed'],
  ]);
  expect(world.gitea?.issues.get(1)?.open).toBe(false);
  expect(world.gitea?.issues.get(2)?.open).toBe(true);
  await world.step(50);
  expect(world.gitea?.issues.get(2)?.open).toBe(false);
});

test('a reviewer asks for changes, or closes what nobody wants, and has no opinion twice', async () => {
  const world = await play({
    isOpen: false,
    issues: { in_review: ['gates_passed', 'gates_passed'] },
    pulls: 2,
  });
  world.tempers.set(`${repository}#1`, 'reviewed').set(`${repository}#2`, 'unwanted');
  await twice(world.step, 60);
  expect(world.told()).toEqual(['pull_request_rejected reviewed', 'pull_request closed']);
  expect([...world.tempers.values()]).toEqual(['smooth', 'smooth']);
  expect(world.gitea?.pulls.get(21)?.reviews).toMatchObject([
    { comments: [{ path: 'src/berths.ts' }] },
  ]);
});

test('reviewers take their time, unless there are many, and need a pull request', async () => {
  const few = { in_review: ['gates_passed', 'gates_passed'] };
  const slow = await play({ isOpen: false, issues: few, pulls: 2, chance: false });
  await twice(slow.step, 60);
  expect(slow.told()).toEqual([]);
  const many = { in_review: Array.from({ length: 6 }, () => 'gates_passed') };
  const busy = await play({ isOpen: false, issues: many, pulls: 6, chance: false });
  await twice(busy.step, 60);
  expect(busy.told().filter((event) => event === 'issues closed')).toHaveLength(1);
  const without = await play({ isOpen: false, issues: few });
  await twice(without.step, 60);
  expect(without.told()).toEqual([]);
});

test('people answer what needs them, one at a time, and leave one to the visitor', async () => {
  const world = await play({ issues: { needs_human: ['worker_blocked', 'gates_failed'] } });
  await twice(world.step, 30);
  expect(world.posts).toEqual([]);
  await world.step(60);
  expect(world.posts).toEqual([{ path: '/resume', body: { issue: `${repository}#1` } }]);
  expect(world.told().filter((event) => event.startsWith('issue'))).toEqual(
    expect.arrayContaining(['issue_comment created', 'issues edited']),
  );
  world.show({ needs_human: ['gates_failed'] });
  await world.step(100);
  expect(world.posts.filter(({ body }) => JSON.stringify(body).includes('issue'))).toHaveLength(1);
});

test('when many wait, somebody hurries; a pull request that was closed closes its issue', async () => {
  const needs_human = ['pull_request_closed', 'gates_failed', 'issue_budget', 'failed_attempts'];
  const world = await play({ issues: { needs_human } });
  await twice(world.step, 6);
  expect(world.told()).toEqual(['issues closed']);
  await world.step(1);
  expect(world.posts).toEqual([{ path: '/resume', body: { issue: `${repository}#2` } }]);
});

test('before the visitor comes nobody answers, splits or has an accident', async () => {
  const issues = { needs_human: ['a', 'b', 'c', 'd'], oversized: ['x', 'y'] };
  const world = await play({ issues, isOpen: false });
  await twice(world.step, 600);
  expect([world.told(), world.posts]).toEqual([[], []]);
});

test('what is too large is split into parts, and a part that is too large again is closed', async () => {
  const world = await play({ issues: { oversized: ['no_agent_fits', 'no_agent_fits'] } });
  await twice(world.step, 40);
  expect(world.gitea?.issues.get(1)).toMatchObject({
    open: false,
    comments: [{ body: 'Too large for one agent: it goes on in #11, #12.' }],
  });
  expect(world.gitea?.issues.get(11)?.body).toContain('a part of #1, which was too large');
  const part = await play({ issues: { oversized: ['no_agent_fits'] } });
  await twice(part.step, 100);
  expect(part.gitea?.issues.size).toBe(10);
  await part.step(240);
  expect(part.gitea?.issues.size).toBe(12);
});

test('a part that no agent can take either is not split again', async () => {
  const world = await play({ issues: { oversized: ['no_agent_fits', 'no_agent_fits'] } });
  await twice(world.step, 40);
  world.show({ oversized: ['11 no_agent_fits', '12 no_agent_fits'] });
  await twice(world.step, 40);
  world.show({ oversized: ['12 no_agent_fits'] });
  await twice(world.step, 240);
  const closed = [...(world.gitea?.issues.values() ?? [])].filter(({ open }) => !open);
  expect(closed.map(({ number }) => number)).toEqual([1, 11, 12]);
  const bought = { body: 'We buy this instead.' };
  expect(world.gitea?.issues.get(12)?.comments).toContainEqual(expect.objectContaining(bought));
  expect(world.gitea?.issues.size).toBe(12);
});

test('people think of issues while little is ready: some too large, some that wait', async () => {
  const large = await play({ issues: { ready: [] } });
  await large.step(1);
  expect(large.gitea?.issues.get(11)?.title).toBe('Rebuild berth lists from the ground up (1)');
  const waiting = await play({ issues: { ready: ['ready'] }, isOpen: false });
  await waiting.step(9);
  expect(waiting.gitea?.issues.size).toBe(13);
  expect(waiting.gitea?.issues.get(11)?.body).toContain('**Blocked by:** #1');
  const lazy = await play({ issues: { ready: [] }, chance: false });
  await lazy.step(1);
  expect(lazy.told()).toEqual([]);
});

test('an idea that waits for nothing says so', async () => {
  const world = await play({ issues: { ready: [] }, isOpen: false });
  await world.step(1);
  expect(world.gitea?.issues.get(11)?.body).not.toContain('Blocked by');
});

test('now and then there are remarks, pauses and limits', async () => {
  const world = await play({});
  for (let done = 0; done < 15; done += 1) await world.step(9);
  expect(world.told().filter((event) => event === 'issue_comment created')).toHaveLength(15);
  expect(world.limits()).toBe(1);
  await world.step(9);
  expect(world.paths()).toEqual(['/pause', '/resume']);
});

test('what is held is let go, and something else is held after a while', async () => {
  const world = await play({});
  await world.step(230);
  const held = world.gitea?.issues.get(4)?.labels;
  expect(held).toHaveLength(1);
  world.show({ blocked: ['open_blockers', 'open_blockers', 'cycle', 'held_by_label'] });
  await world.step(230);
  expect(world.gitea?.issues.get(4)?.labels).toEqual([]);
  world.show({ blocked: [], ready: [] });
  const before = world.told().filter((event) => event === 'issues label_updated').length;
  await world.step(230);
  expect(world.told().filter((event) => event === 'issues label_updated')).toHaveLength(before);
});

test('a disk is lost and found: what was given up meanwhile is replayed', async () => {
  const world = await play({ issues: { blocked: ['cycle'] }, dead: ['d/1', 'd/2'] });
  await world.step(540);
  expect([...world.faults]).toEqual([`${repository}#1`]);
  expect(world.told()).toContain('issues edited');
  const replays = () => world.paths().filter((path) => path.endsWith('/replay'));
  await world.step(1);
  expect(replays()).toEqual([]);
  await world.step(80);
  expect(replays()).toEqual(['/deliveries/d%2F1/replay', '/deliveries/d%2F2/replay']);
  expect(world.faults.size).toBe(0);
});

test('where nothing is in a cycle or given up, no disk is lost and nothing replayed', async () => {
  const world = await play({});
  await world.step(540);
  expect(world.faults.size).toBe(0);
  world.faults.add(`${repository}#1`);
  await world.step(1);
  expect(world.paths().filter((path) => path.endsWith('/replay'))).toEqual([]);
});
