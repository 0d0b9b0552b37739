import { expect, test } from 'vitest';
import { z } from 'zod';

import { giteaBot, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService } from '../../support/service.ts';
import { claim, issueEvent } from '../../support/workers.ts';
import { stageGitea, states } from '../reconciling/stage.ts';

const at = Date.parse('2026-11-23T10:00:00Z');
const updatedAt = new Date(at).toISOString();
const pull: GiteaIssue = {
  title: 'Cache',
  body: '',
  isPull: true,
  open: true,
  assignees: [],
  updatedAt,
};

async function stage() {
  const { gitea, clock, serve } = await stageGitea();
  const issues = gitea.repositories.get(2)?.issues;
  if (issues === undefined) throw new Error('no repository');
  const service = await serve({ workers: true });
  await service.reconcile();
  let seconds = 0;
  const deliver = async (number: number, issue: GiteaIssue = {}) => {
    seconds += 1;
    const known = { body: '', open: true, assignees: [giteaBot], labels: [], ...issue };
    const time = new Date(at + seconds * 1_000).toISOString();
    issues.set(number, { title: `Issue ${number}`, ...known, updatedAt: time });
    const { body, open } = known;
    await service.send(
      issueEvent(number, at + seconds * 1_000, { body, open, assignees: [...known.assignees] }),
    );
    await service.idle();
  };
  const setPull = (change: GiteaIssue) => {
    clock.advance(60_000);
    issues.set(50, { ...pull, ...change, updatedAt: new Date(clock.now()).toISOString() });
  };
  return { gitea, clock, service, issues, deliver, setPull };
}

test('closed without a merge, a pull request frees nothing until a person decides', async () => {
  const { service, issues, deliver, setPull } = await stage();
  issues.set(50, pull);
  await deliver(5, { body: 'Blocked by #50' });
  expect(await service.plan('acme/orbit#5')).toMatchObject({ reason: { code: 'open_blockers' } });
  setPull({ open: false, merged: false });
  await service.reconcile();
  expect(await service.plan('acme/orbit#5')).toMatchObject({
    state: 'needs_human',
    reason: { code: 'blocker_not_merged' },
    blockedBy: [{ ref: 'acme/orbit#50', state: 'not_merged' }],
  });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  const resume = { method: 'POST', body: JSON.stringify({ issue: 'acme/orbit#5' }) };
  const headers = { 'content-type': 'application/json' };
  expect(await service.api('/resume', { ...resume, headers })).toMatchObject({
    json: { resumed: true },
  });
  expect(await states(service, 'acme/orbit#5')).toEqual(['ready']);
  setPull({ open: true, merged: false });
  await service.reconcile();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ reason: { code: 'open_blockers' } });
  setPull({ open: false, merged: true });
  await service.reconcile();
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#5' } });
});

test('set on Gitea, a pull request that is not merged is found right before the hand-out', async () => {
  const { gitea, service, issues, deliver, setPull } = await stage();
  issues.set(50, { ...pull, open: false, merged: true });
  await deliver(5);
  gitea.as('maria').addDependency('acme/orbit#5', 'acme/orbit#50');
  await deliver(5);
  expect(await states(service, 'acme/orbit#5')).toEqual(['ready']);
  setPull({ open: false, merged: false });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({
    reason: { code: 'blocker_not_merged' },
  });
});

test('a blocker closed while its pull request is open is a warning until that is closed, too', async () => {
  const { service, issues, deliver, setPull } = await stage();
  issues.set(50, { ...pull, body: 'Closes #12' });
  await deliver(12, { assignees: [] });
  await deliver(5, { body: 'Blocked by #12' });
  await deliver(12, { assignees: [], open: false });
  expect(await service.plan('acme/orbit#5')).toMatchObject({
    state: 'ready',
    warnings: [{ code: 'blocker_closed_early' }],
  });
  setPull({ open: false, merged: true, body: 'Closes #12' });
  await service.reconcile();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready', warnings: [] });
});

test('without a token, events of a pull request count where an issue waits for it', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: giteaBot } });
  const tell = async (number: number, action: string, merged: boolean) => {
    const { issue, repository } = issuePayload({
      ...{ number, title: 'Cache', body: '', open: action !== 'closed', assignees: [], labels: [] },
      ...{ repositoryId: 2, repository: 'acme/orbit', updatedAt },
    });
    const pull_request = { ...z.looseObject({}).parse(issue), merged, pull_request: undefined };
    const request = signedRequest(
      { action, number, pull_request, repository },
      { event: 'pull_request' },
    );
    return (await service.send(request)).json;
  };
  expect(await tell(50, 'opened', false)).toMatchObject({ status: 'ignored' });
  await service.send(issueEvent(5, at, { body: 'Blocked by #50' }));
  await service.idle();
  expect(await tell(50, 'closed', false)).toMatchObject({ status: 'accepted' });
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({
    reason: { code: 'blocker_not_merged' },
  });
});

const epic = [
  [20, 'Closes when all parts are done.\n\n## Blocks\n- [ ] #21\n- [ ] #22'],
  [21, 'Part of #20. Files to modify: 2'],
  [22, 'Parent: #20'],
] as const;

test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 0, 2]]])(
  'an epic does not block its own parts, in whatever order they come: %j',
  async (order) => {
    const { service, deliver } = await stage();
    for (const index of order)
      await deliver(epic[index]?.[0] ?? 0, { body: epic[index]?.[1] ?? '' });
    const refs = ['acme/orbit#20', 'acme/orbit#21', 'acme/orbit#22'];
    expect(await states(service, ...refs)).toEqual(['ready', 'ready', 'ready']);
    for (const ref of refs) {
      const cycle = (await service.plan(ref))?.warnings.find(
        ({ code }) => code === 'parent_blocks_part',
      );
      expect(cycle?.text).toContain('acme/orbit#20 →');
    }
  },
);

test('a parent that is set as a blocker on Gitea does not keep its part from the workers', async () => {
  const { gitea, service, deliver } = await stage();
  await deliver(20, { body: 'Blocked by #21', assignees: [] });
  await deliver(21, { body: 'Part of #20' });
  gitea.as('maria').addDependency('acme/orbit#21', 'acme/orbit#20');
  await deliver(21, { body: 'Part of #20' });
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#21' } });
});

test('a parent that waits for its parts goes on waiting for them', async () => {
  const { service, deliver } = await stage();
  await deliver(20, { body: '## Blocked by\n- [ ] #21' });
  await deliver(21, { body: 'Part of #20' });
  expect(await states(service, 'acme/orbit#20', 'acme/orbit#21')).toEqual(['blocked', 'ready']);
});

test.each([
  ['changes its text', { body: 'Alone.' }],
  ['is unassigned', { body: 'Part of #60', assignees: [] }],
])('what blocks a part of a part holds it again when the one between %s', async (_how, change) => {
  const { service, deliver } = await stage();
  await deliver(60, { body: 'Blocks #62' });
  await deliver(61, { body: 'Part of #60' });
  await deliver(62, { body: 'Part of #61' });
  expect(await states(service, 'acme/orbit#62')).toEqual(['ready']);
  await deliver(61, change);
  expect(await service.plan('acme/orbit#62')).toMatchObject({
    state: 'blocked',
    reason: { code: 'open_blockers' },
    warnings: [{ code: 'nothing_readable' }],
  });
  await deliver(61, { body: 'Part of #60' });
  expect(await states(service, 'acme/orbit#62')).toEqual(['ready']);
});
