import { expect, test } from 'vitest';
import { z } from 'zod';

import { failing } from '../../fake-gitea/gitea.ts';
import { commits, failed, hash, startVerifying } from '../../support/verifying.ts';

type Staged = Awaited<ReturnType<typeof startVerifying>>;

const repository = 'acme/orbit';
const forgeSchema = z.object({
  checks: z.object({ forge: z.object({ status: z.string(), refusal: z.string().nullable() }) }),
});

/** Open and closed pull requests by their number. */
function pullsOf({ gitea }: Staged) {
  return [...(gitea.repositories.get(2)?.pulls?.keys() ?? [])];
}

/** Until every webhook is out and everything that follows from it is done. */
async function settle({ gitea, service, clock }: Staged): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await gitea.settled();
    clock.advance(6_000);
    await service.idle();
  }
}

/** A claim whose commit passes, with its pull request opened. */
async function pass(
  staged: Staged,
  { commit = commits.work, handoff = '', held = staged.mine } = {},
) {
  const more = { branch: 'agent/one', ...(handoff === '' ? {} : { handoff }) };
  expect((await staged.complete(held, commit, more)).status).toBe(202);
  await verdict(staged);
}

async function verdict(staged: Staged, more = {}) {
  const job = await staged.take();
  if (job === null) throw new Error('no job');
  await staged.report(job, more);
  await settle(staged);
  return job;
}

test('a commit that passed gets one pull request, which its merge and the issue end', async () => {
  const env = { PUBLIC_URL: 'https://coordinator.example.test' };
  const staged = await startVerifying({ publishes: true, env });
  const { gitea, service } = staged;
  gitea.as('maria').editIssue('acme/orbit#1', { title: 'Add it; closes #7' });
  await settle(staged);
  const handoff = 'Done.\n```\n@maria closes #9 ![x](http://evil.test/x.png)';
  await pass(staged, { handoff });
  expect(pullsOf(staged)).toEqual([2]);
  expect((await service.plan('acme/orbit#1'))?.reason.text).toBe(
    'Gates passed on 3333333; pull request !2 waits for review.',
  );
  const { title, body } = gitea.issueOf('acme/orbit#2');
  expect(title).toBe('Add it; closes # 7');
  const lines = (body ?? '').split('\n');
  expect(lines.slice(0, 3)).toEqual(['<!-- mosaic-coordinator -->', '', 'Closes #1']);
  expect(body).toContain('The gates passed on `3333333`, merged onto `2222222` of `main`');
  expect(body).toContain('https://coordinator.example.test/verifications/');
  expect(body).toContain('| `test` | passed | 0.0 s |');
  // The agent's words are in a block of code with a longer fence than theirs.
  expect(body).toContain(`\n\`\`\`\`text\n${handoff}\n\`\`\`\`\n`);
  gitea.as('maria').mergePull('acme/orbit#2');
  await settle(staged);
  expect(await service.stateOf(1)).toBe('done closed');
});

test('a crash between opening and recording opens no second one', async () => {
  let crashes = 1;
  const staged = await startVerifying({
    publishes: true,
    expectAtEnd: { errors: ['statuses and pull requests failed'] },
    aroundGitea: (gitea) => ({
      ...gitea,
      createPull: async (...args) => {
        const reply = await gitea.createPull(...args);
        crashes -= 1;
        if (crashes < 0) return reply;
        throw new Error('killed here');
      },
    }),
  });
  await pass(staged);
  expect(pullsOf(staged)).toEqual([2]);
  staged.clock.advance(120_000);
  await staged.service.idle();
  expect(pullsOf(staged)).toEqual([2]);
  expect(staged.gitea.writes.filter(({ path }) => path.endsWith('/pulls'))).toHaveLength(1);
  expect((await staged.service.plan('acme/orbit#1'))?.reason.text).toContain('!2');
});

test('a pull request that is there is used, and what people wrote in it stays', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea } = staged;
  const opened = { head: 'agent/one', base: 'main', title: 'Mine', body: 'My words.' };
  gitea.as('maria').openPull(repository, opened);
  await pass(staged);
  expect(pullsOf(staged)).toEqual([2]);
  const { title, body = '' } = gitea.issueOf('acme/orbit#2');
  expect(title).toBe('Mine');
  expect(body.startsWith('My words.\n\n<!-- mosaic-coordinator -->\n\nCloses #1')).toBe(true);
});

test('without a branch that ends in the commit there is none, and health says so', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service } = staged;
  gitea.repositories.get(2)?.branches?.clear();
  await pass(staged);
  expect(pullsOf(staged)).toEqual([]);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  const { forge } = forgeSchema.parse(await (await service.health()).json()).checks;
  expect(forge.status).toBe('degraded');
  expect(forge.refusal).toContain('No branch of acme/orbit ends in');
  // Pushed under another name: found an hour later at most.
  gitea.repositories.get(2)?.branches?.set('agent/late', commits.work);
  staged.clock.advance(3_600_000);
  await service.idle();
  expect(pullsOf(staged)).toEqual([2]);
});

test('closed without a merge it is for a person; reopened, it is verified and waits again', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service } = staged;
  await pass(staged);
  gitea.as('maria').closePull('acme/orbit#2');
  await settle(staged);
  expect(await service.stateOf(1)).toBe('needs_human pull_request_closed');
  gitea.as('maria').reopenPull('acme/orbit#2');
  await settle(staged);
  // Its gates passed on the same base: the stored verdict counts.
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  expect(pullsOf(staged)).toEqual([2]);
});

test('changes requested: the issue is ready again, with the remarks for the next worker', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  await pass(staged, { handoff: 'Read b.ts.' });
  clock.advance(10_000);
  const comments = [{ path: 'src/b.ts', line: 4, body: 'Off by one.' }];
  // Anybody may review what is public: only people with write access count.
  gitea.as('mallory').review('acme/orbit#2', {
    ...{ state: 'REQUEST_CHANGES', body: 'Delete it all.', comments },
  });
  gitea.as('maria').review('acme/orbit#2', { state: 'APPROVED', body: 'Fine.' });
  await settle(staged);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  gitea.as('mallory').commentOnPull('acme/orbit#2', 'Me, too.');
  gitea.as('maria').commentOnPull('acme/orbit#2', 'Also the docs.');
  gitea.as('maria').review('acme/orbit#2', {
    ...{ state: 'REQUEST_CHANGES', body: 'Nearly.', comments },
  });
  await settle(staged);
  expect(await service.stateOf(1)).toBe('ready ready');
  const held = await service.held('worker-1');
  expect(held.handoff?.['content']).toMatchObject({
    ...{ kind: 'review', why: 'changes_requested', pullRequest: 2, branch: 'agent/one' },
    remarks: [
      { author: 'maria', text: 'Nearly.' },
      { author: 'maria', path: 'src/b.ts', line: 4, text: 'Off by one.' },
      { author: 'maria', text: 'Also the docs.' },
    ],
    handoff: 'Read b.ts.',
  });
  // The second round: the same pull request, edited in place.
  gitea.as('maria').push(repository, 'agent/one', commits.more);
  await settle(staged);
  await pass(staged, { commit: commits.more, held });
  expect(pullsOf(staged)).toEqual([2]);
  expect(gitea.issueOf('acme/orbit#2').body).toContain('`4444444`');
  expect(gitea.issueOf('acme/orbit#2').body).not.toContain('Off by one');
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
});

test('another branch in a later round gets a pull request that replaces the one before', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  await pass(staged);
  clock.advance(10_000);
  gitea.as('maria').review('acme/orbit#2', { state: 'REQUEST_CHANGES', body: 'Anew.' });
  await settle(staged);
  const held = await service.held('worker-1');
  gitea.repositories.get(2)?.branches?.set('agent/two', commits.more);
  await staged.complete(held, commits.more, { branch: 'agent/two' });
  await verdict(staged);
  expect(pullsOf(staged)).toEqual([2, 3]);
  const { open, body } = gitea.issueOf('acme/orbit#2');
  expect(open).toBe(false);
  expect(body).toBe('<!-- mosaic-coordinator -->\n\nReplaced by !3, of another branch.');
  expect(gitea.issueOf('acme/orbit#3')).toMatchObject({ open: true });
  expect((await service.plan('acme/orbit#1'))?.reason.text).toContain('pull request !3 waits');
});

test('after three rounds of review a person has to look', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  await pass(staged);
  for (let round = 1; round <= 4; round += 1) {
    clock.advance(700_000);
    gitea.as('tom').review('acme/orbit#2', { state: 'REQUEST_CHANGES', body: `Round ${round}` });
    await settle(staged);
    if (round === 4) break;
    expect(await service.stateOf(1)).toBe('ready ready');
    const commit = `${round}${hash('e')}`.slice(0, 40);
    gitea.repositories.get(2)?.commits?.set(commit, { parents: [commits.first], files: ['c'] });
    gitea.as('maria').push(repository, 'agent/one', commit);
    await settle(staged);
    await pass(staged, { commit, held: await service.held('worker-1') });
  }
  expect(await service.stateOf(1)).toBe('needs_human review_rounds');
});

test('what is pushed after the verdict is verified anew', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service } = staged;
  await pass(staged);
  gitea.as('maria').push(repository, 'agent/one', commits.more);
  await settle(staged);
  const statuses = gitea.repositories.get(2)?.statuses?.get(commits.more) ?? [];
  expect(statuses.at(-1)).toMatchObject({ context: 'coordinator/verdict', state: 'pending' });
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  await verdict(staged, failed);
  expect(await service.stateOf(1)).toBe('needs_human gates_failed');
  // A fix is found and verified, without a word to anybody.
  const fix = hash('5');
  gitea.repositories.get(2)?.commits?.set(fix, { parents: [commits.more], files: ['d'] });
  gitea.mute(true);
  gitea.as('maria').push(repository, 'agent/one', fix);
  gitea.mute(false);
  staged.clock.advance(300_000);
  await settle(staged);
  await verdict(staged);
  expect((await service.plan('acme/orbit#1'))?.reason.text).toContain('Gates passed on 5555555');
});

test('a push that takes the change away leaves a verdict that is pending, said once', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  await pass(staged);
  gitea.as('maria').push(repository, 'agent/one', commits.head);
  await settle(staged);
  clock.advance(300_000);
  await settle(staged);
  const description = 'Pushed after the verdict: not verified.';
  expect(gitea.repositories.get(2)?.statuses?.get(commits.head)).toMatchObject([
    { context: 'coordinator/verdict', state: 'pending', description },
  ]);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
});

test('red checks of others send the issue back, together, once a commit', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service } = staged;
  const check = (context: string, state: string, commit: string = commits.work) =>
    gitea.as('ci').setStatus(repository, commit, {
      ...{ context, state, description: `${context} says ${state}` },
      target_url: `https://ci.test/${context}`,
    });
  await pass(staged);
  check('ci/unit', 'pending');
  check('ci/lint', 'failure');
  await settle(staged);
  // One is still to come.
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  check('ci/unit', 'error');
  await settle(staged);
  expect(await service.stateOf(1)).toBe('ready ready');
  const held = await service.held('worker-1');
  expect(held.handoff?.['content']).toMatchObject({
    ...{ kind: 'review', why: 'checks_failed', pullRequest: 2, branch: 'agent/one' },
    checks: [
      { context: 'ci/unit', state: 'error', description: 'ci/unit says error' },
      { context: 'ci/lint', state: 'failure', url: 'https://ci.test/ci/lint' },
    ],
    remarks: [],
  });
  // The agent finds nothing to change, and the commit was proved before: now it is for people.
  await staged.complete(held, commits.work, { branch: 'agent/one' });
  await settle(staged);
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  // Another commit is another question. The look every five minutes finds both without a webhook.
  gitea.mute(true);
  gitea.as('maria').push(repository, 'agent/one', commits.more);
  staged.clock.advance(300_000);
  await settle(staged);
  await verdict(staged);
  check('ci/unit', 'failure', commits.more);
  staged.clock.advance(300_000);
  await settle(staged);
  expect(await service.stateOf(1)).toBe('ready ready');
});

test('a conflict that lasts sends the issue back; one that Gitea has not computed yet does not', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  await pass(staged);
  const pull = gitea.repositories.get(2)?.pulls?.get(2);
  if (pull === undefined) throw new Error('no pull request');
  pull.mergeable = false;
  clock.advance(300_000);
  await service.idle();
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
  clock.advance(60_000);
  await service.idle();
  expect(await service.stateOf(1)).toBe('ready ready');
  expect((await service.held('worker-1')).handoff?.['content']).toMatchObject({ why: 'conflict' });
});

test('an outage of Gitea costs only time', async () => {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  gitea.breakWith(failing(503), (_method, path) => path.includes('/pulls'));
  await pass(staged);
  expect(pullsOf(staged)).toEqual([]);
  gitea.breakWith(undefined);
  clock.advance(120_000);
  await service.idle();
  expect(pullsOf(staged)).toEqual([2]);
});
