import { expect, test, vi } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { minute, stageGitea, figures, states, expectEqual } from './stage.ts';

test('without any webhook every change is found, step by step, and each counts as missed once', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  const service = await serve();
  await service.reconcile();
  const step = async (change: () => unknown) => {
    clock.advance(5 * minute);
    change();
    await service.reconcile();
    await expectEqual(service, gitea);
  };
  const maria = gitea.as('maria');
  await step(() => open(1));
  expect(await states(service, 'acme/orbit#1')).toEqual(['ready']);
  await step(() => open(1, 'acme/ledger', { assignees: [] }));
  await step(() => maria.editIssue('acme/orbit#1', { body: 'Blocked by: acme/ledger#1' }));
  expect(await states(service, 'acme/orbit#1')).toEqual(['blocked']);
  await step(() => maria.close('acme/ledger#1'));
  expect(await states(service, 'acme/orbit#1')).toEqual(['ready']);
  await step(() => maria.reopen('acme/ledger#1'));
  expect(await states(service, 'acme/orbit#1')).toEqual(['blocked']);
  await step(() => maria.setLabels('acme/orbit#1', 'agent: opus'));
  await step(() => maria.editIssue('acme/orbit#1', { title: 'Renamed' }));
  await step(() => maria.unassign('acme/orbit#1', giteaBot));
  expect(await states(service, 'acme/orbit#1')).toEqual(['released']);
  await step(() => maria.assign('acme/orbit#1', giteaBot));
  await step(() => maria.comment('acme/orbit#1', 'Changes nothing that is shown.'));
  clock.advance(5 * minute);
  await service.reconcile();
  clock.advance(5 * minute);
  await service.reconcile();
  // All but ledger#1, which was nobody's concern when it was opened, and the comment.
  expect(await figures(service)).toMatchObject({ status: 'ok', differences: 8, missed: 8 });
});

test('a change reported by a webhook counts neither as a difference nor as missed', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  const service = await serve();
  await service.reconcile();
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  clock.advance(minute);
  open(3);
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Told' });
  await gitea.settled();
  await service.idle();
  clock.advance(5 * minute);
  await service.reconcile();
  expect(await figures(service)).toMatchObject({ differences: 0, missed: 0 });
  gitea.mute(true);
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Not told' });
  clock.advance(1_000);
  await service.reconcile();
  expect(await states(service, 'acme/orbit#2')).toEqual(['ready']);
  expect((await service.plan('acme/orbit#2'))?.title).toBe('Not told');
  // Its webhook might still have come.
  expect(await figures(service)).toMatchObject({ differences: 1, missed: 0 });
  clock.advance(minute);
  await service.reconcile();
  await service.reconcile();
  expect(await figures(service)).toMatchObject({ differences: 1, missed: 1 });
});

test('a reported change does not count as missed when something else moved the issue before it was handled', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(2);
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const service = await serve({
    aroundRead:
      (read) =>
      async (facts, ...rest) => {
        if (facts.title === 'Told') await held;
        return read(facts, ...rest);
      },
  });
  await service.reconcile();
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  clock.advance(5 * minute);
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Told' });
  await gitea.settled();
  clock.advance(2_000);
  // Moves it, and no webhook tells.
  gitea.as('maria').addDependency('acme/orbit#2', 'acme/orbit#1');
  const pass = service.reconcile();
  await vi.waitFor(async () => expect(await figures(service)).toMatchObject({ passes: 2 }));
  letGo(undefined);
  await pass;
  clock.advance(2 * minute);
  await service.reconcile();
  await expectEqual(service, gitea);
  expect(await figures(service)).toMatchObject({ missed: 0 });
});

test('a change counts as missed although a webhook reported another one before it', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(1);
  const service = await serve();
  await service.reconcile();
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  clock.advance(5 * minute);
  gitea.as('maria').comment('acme/orbit#1', 'A word.');
  await gitea.settled();
  await service.idle();
  clock.advance(minute);
  gitea.mute(true);
  gitea.as('maria').editIssue('acme/orbit#1', { title: 'Not told' });
  clock.advance(2 * minute);
  await service.reconcile();
  expect(await figures(service)).toMatchObject({ missed: 1 });
});
