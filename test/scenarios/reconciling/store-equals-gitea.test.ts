import { expect, test } from 'vitest';

import { readOffline } from '../../../src/reading/offline-reading.ts';
import { failing, giteaBot, type FakeGitea } from '../../fake-gitea/gitea.ts';
import type { Service } from '../../support/service.ts';
import { hour, minute, stageGitea, figures, states, expectEqual } from './stage.ts';

/** Does something right before the fake answers the nth request that matches. */
function beforeRequest(gitea: FakeGitea, path: RegExp, act: (nth: number) => void): void {
  let count = 0;
  gitea.breakWith(failing(500), (_method, url) => {
    if (path.test(url)) act((count += 1));
    return false;
  });
}

test('after twenty changes while it was stopped, one pass makes the store equal to Gitea', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  gitea.repositories.set(4, { name: 'acme/vault', issues: new Map() });
  open(20);
  open(3, 'acme/ledger', { assignees: [] });
  open(2, 'acme/vault');
  const maria = gitea.as('maria');
  maria.editIssue('acme/orbit#18', { body: 'Blocked by: acme/ledger#1' });
  maria.editIssue('acme/orbit#19', { body: 'Blocked by: acme/ledger#2' });
  maria.editIssue('acme/orbit#20', { body: 'Blocked by: acme/ledger#3' });
  const before = await serve();
  await before.reconcile();
  await expectEqual(before, gitea);
  expect(await states(before, 'acme/orbit#18', 'acme/orbit#20')).toEqual(['blocked', 'blocked']);
  await before.close();

  clock.advance(hour);
  maria.editIssue('acme/orbit#1', { title: 'Another title' });
  maria.editIssue('acme/orbit#2', { body: 'Total estimated: 46,800 tokens' });
  maria.close('acme/orbit#3');
  maria.unassign('acme/orbit#4', giteaBot);
  maria.unassign('acme/orbit#5', giteaBot);
  maria.assign('acme/orbit#5', giteaBot);
  maria.deleteIssue('acme/orbit#6');
  maria.setLabels('acme/orbit#7', 'agent: opus');
  maria.addLabels('acme/orbit#8', 'one', 'two');
  maria.clearLabels('acme/orbit#8');
  maria.close('acme/orbit#9');
  maria.reopen('acme/orbit#9');
  maria.assign('acme/orbit#10', 'tom');
  maria.comment('acme/orbit#11', 'A word.');
  maria.addDependency('acme/orbit#12', 'acme/orbit#13');
  maria.close('acme/ledger#1');
  maria.deleteIssue('acme/ledger#2');
  maria.editIssue('acme/ledger#3', { title: 'Found another name' });
  const [added] = open(1, 'acme/orbit', { title: 'New one' });
  maria.deleteIssue('acme/vault#2');
  gitea.rename('acme/vault', 'acme/safe');
  gitea.rename('acme/orbit', 'nadia/orbit');
  const silent = gitea.repositories.get(2)?.issues;
  // A collaborator removed and added again: unassigned without a trace.
  const fourteen = silent?.get(14);
  if (fourteen !== undefined) silent?.set(14, { ...fourteen, assignees: [] });

  const after = await serve({ directory: before.directory });
  await after.reconcile();
  await expectEqual(after, gitea);
  expect(
    await states(
      after,
      ...[3, 4, 5, 6, 9, 12, 14, 18, 19, 20].map((number) => `nadia/orbit#${number}`),
    ),
  ).toEqual([
    'done',
    'released',
    'ready',
    undefined,
    'ready',
    'blocked',
    'released',
    'ready',
    'ready',
    'blocked',
  ]);
  expect(await states(after, `nadia/orbit#${added ?? 0}`, 'acme/safe#1', 'acme/safe#2')).toEqual([
    'ready',
    'ready',
    undefined,
  ]);
  expect(await figures(after)).toMatchObject({ status: 'ok', passes: 2, missed: 0 });
  await after.reconcile();
  await expectEqual(after, gitea);
});

test('a repository that was made private keeps its plans, with a warning, and counts no differences', async () => {
  const { gitea, open, serve } = await stageGitea();
  open(3);
  const service = await serve();
  await service.reconcile();
  const orbit = gitea.repositories.get(2);
  if (orbit !== undefined) orbit.hidden = true;
  const restarted = async (from: Service) => {
    await from.close();
    const next = await serve({ directory: service.directory });
    await next.reconcile();
    return next;
  };
  const second = await restarted(service);
  const plan = await second.plan('acme/orbit#1');
  expect(plan).toMatchObject({ state: 'blocked', reason: { code: 'no_access' } });
  expect(plan?.warnings.map(({ code }) => code)).toContain('gitea_unreadable');
  const { differences } = await figures(second);
  const third = await restarted(second);
  expect(await figures(third)).toMatchObject({ differences });
  if (orbit !== undefined) orbit.hidden = false;
  const fourth = await restarted(third);
  expect((await fourth.plan('acme/orbit#1'))?.warnings).not.toContainEqual(
    expect.objectContaining({ code: 'gitea_unreadable' }),
  );
});

test('dependencies set on Gitea are found without a webhook and do not count as missed', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(3);
  open(1, 'acme/ledger', { assignees: [] });
  const service = await serve();
  await service.reconcile();
  const step = async (change: () => unknown) => {
    clock.advance(5 * minute);
    change();
    const outcome = await service.reconcile();
    expect(outcome).toMatchObject({ full: false });
    return states(service, 'acme/orbit#1', 'acme/orbit#2');
  };
  const maria = gitea.as('maria');
  expect(await step(() => maria.addDependency('acme/orbit#1', 'acme/ledger#1'))).toEqual([
    'blocked',
    'ready',
  ]);
  expect(await step(() => maria.addDependency('acme/orbit#2', 'acme/orbit#3'))).toEqual([
    'blocked',
    'blocked',
  ]);
  expect(await step(() => maria.close('acme/ledger#1'))).toEqual(['ready', 'blocked']);
  const ledger = gitea.repositories.get(3);
  const hide = (hidden: boolean) => () => {
    if (ledger !== undefined) ledger.hidden = hidden;
  };
  await step(() => maria.reopen('acme/ledger#1'));
  expect(await step(hide(true))).toEqual(['blocked', 'blocked']);
  expect((await service.plan('acme/orbit#1'))?.reason.code).toBe('hidden_blocker');
  expect(await step(hide(false))).toEqual(['blocked', 'blocked']);
  expect((await service.plan('acme/orbit#1'))?.reason.code).toBe('open_blockers');
  expect(await step(() => maria.removeDependency('acme/orbit#2', 'acme/orbit#3'))).toEqual([
    'blocked',
    'ready',
  ]);
  const settled = await figures(service);
  // No webhook reported the blocker that was closed and opened again.
  expect(settled).toMatchObject({ missed: 2 });
  await step(() => undefined);
  expect(await figures(service)).toMatchObject({ differences: settled.differences, missed: 2 });
});

test('an issue that waits for a pull request is freed by the next pass after it was merged, and nothing was missed', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(1, 'acme/orbit', { body: 'Blocked by: #2' });
  const issues = gitea.repositories.get(2)?.issues;
  issues?.set(2, { title: 'Pull', open: true, isPull: true });
  const service = await serve();
  await service.reconcile();
  expect(await states(service, 'acme/orbit#1')).toEqual(['blocked']);
  clock.advance(5 * minute);
  const updatedAt = new Date(clock.now()).toISOString();
  issues?.set(2, { title: 'Pull', open: false, isPull: true, updatedAt });
  expect(await service.reconcile()).toMatchObject({ full: false, differences: 1 });
  expect(await states(service, 'acme/orbit#1')).toEqual(['ready']);
  clock.advance(5 * minute);
  expect(await service.reconcile()).toMatchObject({ differences: 0 });
  expect(await figures(service)).toMatchObject({ missed: 0 });
});

test('an issue that slips from page to page is refreshed, not taken for deleted; an unknown one is found', async () => {
  const { gitea, clock, open, serve } = await stageGitea({ maxRows: 10 });
  open(35);
  const first = await serve();
  // The newest leaves between the first page and the second: #25 slips onto the first one.
  beforeRequest(gitea, /issues\/search.*assigned/, (nth) => {
    if (nth === 2) gitea.as('maria').close('acme/orbit#35');
  });
  await first.reconcile();
  await expectEqual(first, gitea);
  await first.close();
  clock.advance(hour);
  const service = await serve({ directory: first.directory });
  beforeRequest(gitea, /issues\/search.*assigned/, (nth) => {
    if (nth === 2) gitea.as('maria').unassign('acme/orbit#34', giteaBot);
    if (nth === 2) gitea.as('maria').assign('acme/orbit#34', giteaBot);
    if (nth === 3) gitea.as('maria').unassign('acme/orbit#33', giteaBot);
    if (nth > 4) gitea.as('maria').close(`acme/orbit#${40 - nth}`);
  });
  await service.reconcile();
  gitea.breakWith(undefined);
  await service.reconcile();
  await expectEqual(service, gitea);
  expect(await states(service, 'acme/orbit#24', 'acme/orbit#14')).toEqual(['ready', 'ready']);
});

test('texts too large for one answer are read in smaller pages', async () => {
  const { open, serve } = await stageGitea();
  open(50, 'acme/orbit', { body: 'x'.repeat(400_000) });
  open(1, 'acme/ledger', { body: 'y'.repeat(17_000_000), title: 'Too large' });
  const service = await serve({
    read: (issue) => Promise.resolve(readOffline({ ...issue, body: '' }, [])),
  });
  await service.reconcile();
  const missing = service.logs.filter(
    ({ msg }) => msg?.includes('too large to be listed') === true,
  );
  expect(missing).toHaveLength(1);
  await service.idle();
  expect(await states(service, 'acme/orbit#1', 'acme/orbit#50')).toEqual(['ready', 'ready']);
}, 60_000);

test('the issues of another bot than the token’s user are found among all', async () => {
  const { gitea, clock, open, serve } = await stageGitea({ maxRows: 10 });
  open(15);
  open(12, 'acme/ledger', { assignees: ['Robot', 'tom'] });
  const service = await serve({ env: { GITEA_BOT_USERNAME: 'robot' } });
  await service.reconcile();
  expect(await states(service, 'acme/orbit#1', 'acme/ledger#1', 'acme/ledger#12')).toEqual([
    undefined,
    'ready',
    'ready',
  ]);
  clock.advance(5 * minute);
  gitea.as('maria').unassign('acme/ledger#1', 'Robot');
  await service.reconcile();
  expect(await states(service, 'acme/ledger#1')).toEqual(['released']);
  expect(gitea.requests.filter((path) => path.includes('assigned=true'))).toEqual([]);
});

test('the bot’s issues stay its own when its account gets another name', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(3);
  const service = await serve();
  await service.reconcile();
  clock.advance(5 * minute);
  gitea.renameBot('mosaic-bot');
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Another title' });
  expect(await service.reconcile()).toMatchObject({ full: true });
  const refs = [1, 2, 3].map((number) => `acme/orbit#${number}`);
  expect(await states(service, ...refs)).toEqual(['ready', 'ready', 'ready']);
  expect((await service.plan('acme/orbit#2'))?.title).toBe('Another title');
  expect(service.logs.map(({ msg }) => msg)).toContain('the bot was renamed on Gitea');
});

test('issues of a repository with issues switched off are not refreshed without end', async () => {
  const { gitea, open, serve } = await stageGitea();
  open(2);
  const orbit = gitea.repositories.get(2);
  const service = await serve();
  await service.reconcile();
  if (orbit !== undefined) orbit.hasIssues = false;
  await service.close();
  const second = await serve({ directory: service.directory });
  await second.reconcile();
  const { differences } = await figures(second);
  await second.close();
  const third = await serve({ directory: service.directory });
  await third.reconcile();
  expect(await figures(third)).toMatchObject({ differences });
});

test('a full pass restores a deleted comment and a removed label', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(1);
  const env = { PUBLISH: 'comment,labels' };
  const service = await serve({ env });
  await service.reconcile();
  const shown = () => ({
    comments: gitea.commentsOf('acme/orbit#1').length,
    labels: gitea.labelsOf('acme/orbit#1'),
  });
  expect(shown()).toEqual({ comments: 1, labels: ['coordinator/ready'] });
  for (const { id } of gitea.commentsOf('acme/orbit#1')) gitea.as('maria').deleteComment(id);
  gitea.as('maria').removeLabels('acme/orbit#1', 'coordinator/ready');
  await service.close();
  clock.advance(hour);
  const after = await serve({ env, directory: service.directory });
  await after.reconcile();
  expect(shown()).toEqual({ comments: 1, labels: ['coordinator/ready'] });
});
