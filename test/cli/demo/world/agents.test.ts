import { expect, test } from 'vitest';

import { createAgent } from '../../../../src/cli/demo/world/agents.ts';
import type { Temper } from '../../../../src/cli/demo/world/backlog.ts';
import { createOutcomes } from '../../../../src/cli/demo/world/verdict/outcomes.ts';
import type { Reply } from '../../../../src/cli/demo/world/api.ts';
import { loadedDice, playedGitea, scriptedApi } from './played.ts';

const claim = {
  ...{ claimId: 'c1', token: 't1', issue: 'acme/harbor#1' },
  plan: { estimate: { likely: 90_000, formula: 40_000 } },
};

interface Play {
  readonly temper?: Temper;
  readonly pace?: number;
  readonly verdicts?: string[];
  readonly answers?: Readonly<Record<string, Partial<Reply>>>;
  readonly dice?: Parameters<typeof loadedDice>[0];
}

/** An agent whose issue has 40,000 tokens by the formula, of which it reads half. */
async function play({ temper = 'smooth', pace = 1, verdicts = [], answers = {}, dice }: Play = {}) {
  const { acts, state } = playedGitea();
  await acts.openIssue('acme/harbor', 'maria', { title: 'One', body: '' });
  const outcomes = createOutcomes();
  const { api, posts, paths } = scriptedApi((path) => {
    const told = answers[path];
    if (told !== undefined) return told;
    if (path === '/claims') return { status: 201, json: { claim } };
    if (path === '/claims/c1/heartbeat') return { json: { context: { action: 'continue' } } };
    if (path === '/claims/c1/complete')
      return { status: 202, json: { verification: { id: 'v1' } } };
    if (path === '/verifications/v1') return { json: { state: verdicts.shift() ?? 'running' } };
    return undefined;
  });
  const agent = createAgent({
    ...{ api, acts, outcomes, worker: { name: 'desk', agents: ['opus'] } },
    ...{ dice: loadedDice(dice), temperOf: () => temper, now: () => 0, pace: () => pace },
  });
  const steps = async (count: number) => {
    for (let done = 0; done < count; done += 1) await agent.step();
  };
  return { agent, steps, posts, paths, state, outcomes };
}

function bodyOf(posts: readonly { path: string; body: unknown }[], path: string) {
  return posts.find((post) => post.path === path)?.body;
}

test('an agent reads as much as the text says, times its share, and then pushes', async () => {
  const { steps, posts, paths, state } = await play();
  await steps(7);
  expect(paths().at(-1)).toBe('/claims/c1/complete');
  // 12,000 of a fresh session, and 1,500 a step up to half of 40,000.
  expect(posts.at(-2)?.body).toMatchObject({ contextUsed: 20_000 });
  expect(state.repositories[0]?.branches.get('agent/issue-1')).toHaveLength(40);
});

test('where the text has no factors, the estimate says how much', async () => {
  const unsized = { ...claim, plan: { estimate: { likely: 26_000, formula: null } } };
  const answers = { '/claims': { status: 201, json: { claim: unsized } } };
  const { steps, posts } = await play({ answers });
  await steps(2);
  expect(posts.at(-2)?.body).toMatchObject({ contextUsed: 13_000 });
});

test('what another agent has begun takes less', async () => {
  const begun = { ...claim, handoff: { position: 'Half of it is written.' } };
  const answers = { '/claims': { status: 201, json: { claim: begun } } };
  const { steps, paths } = await play({ answers });
  await steps(2);
  expect(paths().at(-1)).toBe('/claims/c1/complete');
});

test('an agent without work asks again', async () => {
  const { steps, paths } = await play({ answers: { '/claims': { json: { claim: null } } } });
  await steps(2);
  expect(paths()).toEqual(['/claims', '/claims']);
});

test('an agent whose claim was taken away begins anew', async () => {
  const { steps, paths } = await play({ answers: { '/claims/c1/heartbeat': { status: 409 } } });
  await steps(3);
  expect(paths()).toEqual(['/claims', '/claims/c1/heartbeat', '/claims']);
});

test('after a failed verification it goes on, after a passed one it rests', async () => {
  const verdicts = ['running', 'queued', 'failed', 'passed'];
  const { steps, paths } = await play({ verdicts, pace: 20, dice: { between: (low) => low || 1 } });
  await steps(2);
  const first = paths().length;
  await steps(3);
  expect(paths()).toHaveLength(first);
  await steps(1);
  expect(paths().slice(first)).toEqual(['/claims/c1/heartbeat', '/claims/c1/complete']);
  await steps(2);
  expect(paths()).toHaveLength(first + 2);
  await steps(1);
  expect(paths().at(-1)).toBe('/claims');
});

test('a commit that is not taken ends the job', async () => {
  const answers = { '/claims/c1/complete': { status: 422, json: { error: {} } } };
  const { steps, paths } = await play({ answers, pace: 20 });
  await steps(3);
  expect(paths().at(-1)).toBe('/claims');
});

test('a stuck agent asks, and a flaky one gives up without a word', async () => {
  const stuck = await play({ temper: 'stuck', pace: 20 });
  await stuck.steps(2);
  expect(bodyOf(stuck.posts, '/claims/c1/block')).toHaveProperty('handoff.asks');
  const flaky = await play({ temper: 'flaky', pace: 20 });
  await flaky.steps(2);
  expect(bodyOf(flaky.posts, '/claims/c1/release')).not.toHaveProperty('handoff');
});

test('a greedy agent spends far more than others', async () => {
  const spent = async (temper: Temper) => {
    const { steps, posts } = await play({ temper });
    await steps(2);
    return bodyOf(posts, '/claims/c1/heartbeat');
  };
  expect(await spent('smooth')).toMatchObject({ spent: { costUsd: 0.02 } });
  expect(await spent('greedy')).toMatchObject({ spent: { costUsd: 0.62 } });
});

test('told to compact it has less in its window, told to rotate it begins a new one', async () => {
  const told = (action: string) => ({
    '/claims/c1/heartbeat': { json: { context: { action } } },
  });
  const compact = await play({ answers: told('compact'), pace: 2 });
  await compact.steps(3);
  expect(compact.posts.at(-1)?.body).toMatchObject({ contextUsed: 15_000 * 0.4 + 3_000 });
  const rotated = await play({ answers: told('rotate') });
  await rotated.steps(3);
  expect(rotated.posts.at(-2)?.body).toMatchObject({ contextUsed: 12_000 + 4_000 + 1_500 });
});

test('an agent that may not rotate lets its claim go', async () => {
  const answers = {
    '/claims/c1/heartbeat': { json: { context: { action: 'rotate' } } },
    '/claims/c1/rotate': { status: 409 },
  };
  const { steps, paths } = await play({ answers });
  await steps(3);
  expect(paths().slice(-2)).toEqual(['/claims/c1/rotate', '/claims']);
});

test('an agent at its limit gives back what it works on, but not what is verified', async () => {
  const { agent, steps, posts, paths } = await play();
  await agent.reachLimit();
  expect(paths()).toEqual([]);
  await steps(2);
  await agent.reachLimit();
  expect(posts.at(-1)?.body).toMatchObject({ limitedUntil: '1970-01-01T00:15:00.000Z' });
  const before = paths().length;
  await steps(3);
  expect(paths()).toHaveLength(before);
  const busy = await play({ pace: 20 });
  await busy.steps(2);
  await busy.agent.reachLimit();
  expect(busy.paths().at(-1)).toBe('/claims/c1/complete');
});
