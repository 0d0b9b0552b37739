import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { commits, startVerifying } from '../../support/verifying.ts';

/** The first issue has a pull request that passed; the second one waits for the merge of the first. */
async function stage() {
  const staged = await startVerifying({ publishes: true });
  const { gitea, service, clock } = staged;
  const settle = async () => {
    for (let round = 0; round < 2; round += 1) {
      await gitea.settled();
      clock.advance(6_000);
      await service.idle();
    }
  };
  const body = 'Difficulty: low\n\nBlocked by: the merge of #1';
  const later = { title: 'Two', body, assignees: [giteaBot] };
  gitea.as('maria').openIssue('acme/orbit', later);
  await settle();
  const pass = async () => {
    await staged.complete(staged.mine, commits.work, { branch: 'agent/one' });
    const job = await staged.take();
    if (job === null) throw new Error('no job');
    await staged.report(job);
    await settle();
  };
  const states = async () => [await service.stateOf(1), await service.stateOf(2)];
  return { ...staged, settle, pass, states };
}

test('the merge frees what waits for it, also where Gitea closes no issue', async () => {
  const { gitea, clock, service, settle, pass, states } = await stage();
  await pass();
  expect(await states()).toEqual(['in_review gates_passed', 'blocked open_blockers']);
  gitea.as('maria').editIssue('acme/orbit#3', { body: 'No word of closing.' });
  gitea.as('maria').mergePull('acme/orbit#3');
  await settle();
  expect(await states()).toEqual(['in_review gates_passed', 'ready ready']);
  expect((await service.plan('acme/orbit#2'))?.blockedBy).toMatchObject([
    { ref: 'acme/orbit#1', state: 'merged' },
  ]);
  clock.advance(60_000);
  await settle();
  expect(await states()).toEqual(['needs_human merged_not_closed', 'ready ready']);
  gitea.as('maria').close('acme/orbit#1');
  await settle();
  expect(await states()).toEqual(['done closed', 'ready ready']);
});

test('closed without a merge it frees nothing until a person decides', async () => {
  const { gitea, service, settle, pass, states } = await stage();
  await pass();
  gitea.as('maria').close('acme/orbit#1');
  await settle();
  // The pull request may still be merged.
  expect(await states()).toEqual(['done closed', 'blocked open_blockers']);
  gitea.as('maria').closePull('acme/orbit#3');
  await settle();
  expect(await states()).toEqual(['done closed', 'needs_human blocker_not_merged']);
  const resumed = { method: 'POST', body: JSON.stringify({ issue: 'acme/orbit#2' }) };
  const headers = { 'content-type': 'application/json' };
  expect((await service.api('/resume', { ...resumed, headers })).status).toBe(200);
  await settle();
  expect(await states()).toEqual(['done closed', 'ready ready']);
});
