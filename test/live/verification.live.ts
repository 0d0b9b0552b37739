import { expect } from 'vitest';
import { z } from 'zod';

import { createFigures } from './support/figures.ts';
import { verifyingSchema } from '../support/verifying.ts';
import { claimAnswerSchema } from '../support/workers.ts';
import { createRepository, type TestRepository } from '../verifier/support/repository.ts';
import { callGitea } from './support/call-gitea.ts';
import { setUp } from './support/command.ts';
import { startCoordinator, type Coordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { bot, type World } from './support/world.ts';

const statusesSchema = z.object({
  state: z.string(),
  statuses: z.array(z.object({ context: z.string(), status: z.string() })).nullable(),
});
const pullsSchema = z.array(z.object({ number: z.number(), title: z.string(), body: z.string() }));

/** What a worker does: it claims, pushes and completes. */
async function startWorker(coordinator: Coordinator) {
  const { json } = await coordinator.call('POST', '/claims');
  const { claim } = claimAnswerSchema.parse(json);
  if (claim === null) throw new Error(`Nothing is handed out: ${JSON.stringify(json)}`);
  return {
    claim,
    /** The verification of a commit, once it has ended. */
    complete: async (commit: string, branch: string) => {
      const asked = await coordinator.call('POST', `/claims/${claim.claimId}/complete`, {
        body: { commit, branch, handoff: `Look at ${branch}.` },
        headers: { 'x-claim-token': claim.token },
      });
      expect(asked.status, JSON.stringify(asked.json)).toBe(202);
      const { id } = verifyingSchema.parse(asked.json).verification;
      let view: unknown;
      await eventually(120_000, async () => {
        ({ json: view } = await coordinator.call('GET', `/verifications/${id}?wait=10`));
        expect(z.looseObject({ endedAt: z.string() }).safeParse(view).success).toBe(true);
      });
      return view;
    },
  };
}

/** The statuses of a commit as Gitea has them, by context. */
async function statusesOf({ root, repository }: World, commit: string) {
  const found = await callGitea(root, 'GET', `/repos/${repository()}/commits/${commit}/status`);
  const { state, statuses } = statusesSchema.parse(found);
  const byContext = Object.fromEntries(
    (statuses ?? []).map(({ context, status }) => [context, status]),
  );
  return { state, ...byContext };
}

async function pullsOf({ root, repository }: World) {
  const path = `/repos/${repository()}/pulls?state=open`;
  return pullsSchema.parse(await callGitea(root, 'GET', path));
}

/** What somebody reads who opens a page of the repository and is not signed in. */
async function expectOnPage(
  { gitea, repository }: World,
  page: string,
  words: readonly string[],
): Promise<void> {
  const reply = await fetch(`${gitea.url}/${repository()}/${page}`);
  const text = await reply.text();
  expect(reply.status).toBe(200);
  expect(words.filter((word) => !text.includes(word))).toEqual([]);
}

function merge({ root, repository }: World, pull: number) {
  return callGitea(root, 'POST', `/repos/${repository()}/pulls/${pull}/merge`, { Do: 'merge' });
}

liveTest(
  'an issue goes from assigned to done: red, refused, mended, green, merged',
  async (world) => {
    const { maria, gitea, root, repository } = world;
    const figures = createFigures('From assigned to done:');
    const startedAt = performance.now();
    const note = (what: string) =>
      figures.add(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s  ${what}`);
    using project = createRepository();
    const url = `${gitea.url.replace('://', `://root1:${gitea.tokens.root}@`)}/${repository()}.git`;
    project.git('remote', 'add', 'gitea', url);
    project.git('push', '--quiet', 'gitea', 'main');
    await callGitea(root, 'PATCH', `/repos/${repository()}`, { default_branch: 'main' });
    await callGitea(root, 'POST', `/repos/${repository()}/branch_protections`, {
      ...{ branch_name: 'main', enable_push: true, enable_status_check: true },
      status_check_contexts: ['coordinator/verdict'],
    });

    const scopes = ['write:issue', 'write:repository', 'read:user'];
    const token = await gitea.tokenOf(bot, scopes);
    expect((await setUp(world)).exitCode).toBe(0);
    const coordinator = await startCoordinator(world, { GITEA_TOKEN: token, VERIFIERS: '1' });
    const stateOf = async (number: number) => {
      const plan = await coordinator.plan(number);
      return `${plan?.state} ${plan?.reason.code}`;
    };
    const first = await maria.open({ title: 'Add in any order', body: issueText() });
    const second = await maria.open({ title: 'Goes on from there', body: issueText([first]) });
    await maria.assign(first, [bot]);
    await maria.assign(second, [bot]);
    await eventually(15_000, async () => {
      expect([await stateOf(first), await stateOf(second)]).toEqual([
        'ready ready',
        'blocked open_blockers',
      ]);
    });
    note('assigned: the first is ready, the second waits for it');

    const worker = await startWorker(coordinator);
    expect(worker.claim.issue).toBe(`${repository()}#${first}`);
    const red = project.push('agent/one', { 'src/add.js': 'export const add = () => 4;\n' });
    project.git('push', '--quiet', 'gitea', 'agent/one');
    const refused = await worker.complete(red, 'agent/one');
    expect(refused).toMatchObject({ state: 'failed', cause: { code: 'gates_failed' } });
    note(`called done while red: ${z.object({ findings: z.string() }).parse(refused).findings}`);
    await eventually(15_000, async () => {
      expect(await statusesOf(world, red)).toMatchObject({ 'coordinator/verdict': 'failure' });
    });
    expect(await stateOf(first)).toBe('in_progress claimed');
    expect(await pullsOf(world)).toEqual([]);

    const right = 'export const add = (a, b) => b + a;\n';
    const mended = project.push('agent/one', { 'src/add.js': right }, 'agent/one');
    project.git('push', '--quiet', 'gitea', 'agent/one');
    expect(await worker.complete(mended, 'agent/one')).toMatchObject({ state: 'passed' });
    await eventually(30_000, async () => {
      expect(await statusesOf(world, mended)).toMatchObject({ 'coordinator/verdict': 'success' });
      expect(await pullsOf(world)).toHaveLength(1);
      expect(await stateOf(first)).toBe('in_review gates_passed');
    });
    const [pull] = await pullsOf(world);
    if (pull === undefined) throw new Error('There is no pull request.');
    expect(pull.title).toContain('Add in any order');
    expect(pull.body).toContain(`Closes #${first}`);
    note(
      `green: pull request !${pull.number}, statuses ${JSON.stringify(await statusesOf(world, mended))}`,
    );

    await expectOnPage(world, `pulls/${pull.number}`, [
      ...['coordinator/verdict', 'coordinator/unit', 'coordinator/integrity'],
      ...['Add in any order', 'Look at agent/one.'],
    ]);

    // A pull request of the red commit cannot be merged, and that of the green one can.
    project.git('push', '--quiet', 'gitea', `${red}:refs/heads/red`);
    const redPull = z.object({ number: z.number() }).parse(
      await callGitea(root, 'POST', `/repos/${repository()}/pulls`, {
        ...{ head: 'red', base: 'main', title: 'Red' },
      }),
    );
    await expect(merge(world, redPull.number)).rejects.toThrow(/405/);
    await eventually(15_000, async () => {
      await merge(world, pull.number);
    });
    note('merged; that of the red commit is refused by branch protection');
    await eventually(30_000, async () => {
      expect([await stateOf(first), await stateOf(second)]).toEqual(['done closed', 'ready ready']);
    });
    note('done, and the second issue is ready');
    expect(await pullsOf(world)).toHaveLength(1);
    await coordinator.stop();
  },
  // Its pages are read without signing in.
  { isPrivate: false },
);

/** A project on Gitea whose only issue is ready, and a coordinator with a verifier. */
async function stageReview(world: World, project: TestRepository) {
  const { maria, gitea, root, repository } = world;
  const url = `${gitea.url.replace('://', `://root1:${gitea.tokens.root}@`)}/${repository()}.git`;
  project.git('remote', 'add', 'gitea', url);
  project.git('push', '--quiet', 'gitea', 'main');
  await callGitea(root, 'PATCH', `/repos/${repository()}`, { default_branch: 'main' });
  const token = await gitea.tokenOf(bot, ['write:issue', 'write:repository', 'read:user']);
  expect((await setUp(world)).exitCode).toBe(0);
  const coordinator = await startCoordinator(world, { GITEA_TOKEN: token, VERIFIERS: '1' });
  const stateOf = async (of: number) => {
    const plan = await coordinator.plan(of);
    return `${plan?.state} ${plan?.reason.code}`;
  };
  const number = await maria.open({ title: 'Add in any order', body: issueText() });
  await maria.assign(number, [bot]);
  await eventually(15_000, async () => expect(await stateOf(number)).toBe('ready ready'));
  return { coordinator, number, stateOf };
}

liveTest(
  'reviewers are heard: changes asked for, closed unmerged, pushed after green',
  async (world) => {
    const { gitea, root, repository } = world;
    const figures = createFigures('Rounds of review:');
    using project = createRepository();
    const { coordinator, number, stateOf } = await stageReview(world, project);

    let from = 'main';
    for (const round of [1, 2]) {
      const worker = await startWorker(coordinator);
      if (round > 1) expect(JSON.stringify(worker.claim.handoff)).toContain(`Round ${round - 1}`);
      const text = `export const add = (a, b) => b + a; // ${round}\n`;
      const commit = project.push('agent/one', { 'src/add.js': text }, from);
      from = 'agent/one';
      project.git('push', '--quiet', '--force', 'gitea', 'agent/one');
      expect(await worker.complete(commit, 'agent/one')).toMatchObject({ state: 'passed' });
      let pull = 0;
      await eventually(30_000, async () => {
        const found = await pullsOf(world);
        expect(found).toHaveLength(1);
        pull = found[0]?.number ?? 0;
        expect(await stateOf(number)).toBe('in_review gates_passed');
      });
      await callGitea(
        { url: gitea.url, token: gitea.tokens.maria },
        'POST',
        `/repos/${repository()}/pulls/${pull}/reviews`,
        { event: 'REQUEST_CHANGES', body: `Round ${round}: say why.`, commit_id: commit },
      );
      const took = await eventually(60_000, async () => {
        expect(await stateOf(number)).toBe('ready ready');
      });
      figures.add(`changes asked for in round ${round}: ready again after ${took.toFixed(0)} ms`);
    }

    const worker = await startWorker(coordinator);
    const last = project.push(
      'agent/one',
      { 'src/add.js': 'export const add = (a, b) => a + b; // 3\n' },
      from,
    );
    project.git('push', '--quiet', 'gitea', 'agent/one');
    expect(await worker.complete(last, 'agent/one')).toMatchObject({ state: 'passed' });
    await eventually(30_000, async () => {
      expect(await stateOf(number)).toBe('in_review gates_passed');
      expect(await statusesOf(world, last)).toMatchObject({ 'coordinator/verdict': 'success' });
    });
    const after = project.push('agent/one', { 'src/more.js': 'export const one = 1;\n' }, from);
    project.git('push', '--quiet', 'gitea', 'agent/one');
    const pendingMs = await eventually(60_000, async () => {
      const statuses = await statusesOf(world, after);
      expect(Object.keys(statuses)).toContain('coordinator/verdict');
    });
    figures.add(`pushed after green: a status on the new commit after ${pendingMs.toFixed(0)} ms`);
    const [pull] = await pullsOf(world);
    await callGitea(root, 'PATCH', `/repos/${repository()}/pulls/${pull?.number ?? 0}`, {
      state: 'closed',
    });
    const closedMs = await eventually(90_000, async () => {
      expect(await stateOf(number)).toBe('needs_human pull_request_closed');
    });
    figures.add(`closed without a merge: needs a person after ${closedMs.toFixed(0)} ms`);
    await coordinator.stop();
  },
);

liveTest('red checks of others and a conflict with the base send the issue back', async (world) => {
  const { gitea, root, repository } = world;
  const figures = createFigures('Red checks and conflicts:');
  using project = createRepository();
  const { coordinator, number, stateOf } = await stageReview(world, project);

  async function passes(from: string, body: string) {
    const worker = await startWorker(coordinator);
    const file = { 'src/add.js': `export const add = (a, b) => ${body};\n` };
    const commit = project.push('agent/one', file, from);
    project.git('push', '--quiet', 'gitea', 'agent/one');
    expect(await worker.complete(commit, 'agent/one')).toMatchObject({ state: 'passed' });
    await eventually(30_000, async () => {
      expect(await pullsOf(world)).toHaveLength(1);
      expect(await stateOf(number)).toBe('in_review gates_passed');
    });
    return { commit, handoff: JSON.stringify(worker.claim.handoff) };
  }

  const first = await passes('main', 'b + a');
  const check = (context: string, state: string) =>
    callGitea(root, 'POST', `/repos/${repository()}/statuses/${first.commit}`, {
      ...{ context, state, description: `${context}: ${state}` },
      target_url: 'https://ci.example.test/7',
    });
  await check('ci/slow', 'pending');
  await check('ci/other', 'failure');
  await check('ci/slow', 'success');
  const redMs = await eventually(60_000, async () => {
    expect(await stateOf(number)).toBe('ready ready');
  });
  figures.add(`a red check of others: ready again after ${redMs.toFixed(0)} ms`);

  const second = await passes('agent/one', 'b - -a');
  expect(second.handoff).toContain('checks_failed');
  expect(second.handoff).toContain('ci/other: failure');
  expect(second.handoff).not.toContain('ci/slow');

  project.push('main', { 'src/add.js': 'export const add = (a, b) => a - -b;\n' });
  project.git('push', '--quiet', 'gitea', 'main');
  const [pull] = await pullsOf(world);
  // Gitea tells of nothing that concerns the pull request: an approval is what makes us look now.
  await eventually(30_000, async () => {
    const path = `/repos/${repository()}/pulls/${pull?.number ?? 0}`;
    const found = await callGitea(root, 'GET', path);
    expect(z.object({ mergeable: z.boolean() }).parse(found).mergeable).toBe(false);
  });
  await callGitea(
    { url: gitea.url, token: gitea.tokens.maria },
    'POST',
    `/repos/${repository()}/pulls/${pull?.number ?? 0}/reviews`,
    { event: 'APPROVED', body: 'Fine.' },
  );
  const conflictMs = await eventually(150_000, async () => {
    expect(await stateOf(number)).toBe('ready ready');
  });
  figures.add(`a conflict with the base: ready again after ${conflictMs.toFixed(0)} ms`);
  const worker = await startWorker(coordinator);
  expect(JSON.stringify(worker.claim.handoff)).toContain('conflict');
  await coordinator.stop();
});
