import { expect, test } from 'vitest';

import { manualClock } from '../../support/clock.ts';
import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
import { startService } from '../../support/service.ts';
import { hour, minute, stageGitea, figures, states, expectEqual } from './stage.ts';

test.each([-5, 5])('a Gitea whose clock is off by %i hours hides no change', async (hours) => {
  const { gitea, clock, open, serve } = await stageGitea({ aheadMs: hours * hour });
  open(2);
  const service = await serve();
  await service.reconcile();
  clock.advance(5 * minute);
  gitea.as('maria').editIssue('acme/orbit#1', { title: 'Changed' });
  await service.reconcile();
  await expectEqual(service, gitea);
  clock.advance(5 * minute);
  gitea.rename('acme/orbit', 'acme/comet');
  gitea.as('maria').close('acme/comet#2');
  await service.reconcile();
  await expectEqual(service, gitea);
  clock.advance(5 * minute);
  await service.reconcile();
  expect(await figures(service)).toMatchObject({ missed: 2 });
  await service.close();
  gitea.rename('acme/comet', 'acme/orbit');
  const again = await serve({ directory: service.directory });
  await again.reconcile();
  await expectEqual(again, gitea);
});

test('a change in the very second of the newest one seen is found', async () => {
  const { gitea, open, serve } = await stageGitea();
  open(2);
  const service = await serve();
  await service.reconcile();
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Same second' });
  await service.reconcile();
  gitea.as('maria').editIssue('acme/orbit#2', { title: 'Same second again' });
  await service.reconcile();
  await expectEqual(service, gitea);
});

test('a Gitea whose clock was ahead and was put right hides no change', async () => {
  const clock = manualClock();
  let ahead = 6 * hour;
  const gitea = await startGitea({ now: () => clock.now() + ahead });
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
  const maria = gitea.as('maria');
  maria.openIssue('acme/orbit', { title: 'One', body: '', assignees: [] });
  maria.openIssue('acme/orbit', { title: 'Two', body: 'Blocked by: #1', assignees: [giteaBot] });
  const service = await startService({ gitea, clock, random: () => 0 });
  await service.reconcile();
  ahead = 0;
  clock.advance(5 * minute);
  maria.close('acme/orbit#1');
  clock.advance(5 * minute);
  await service.reconcile();
  expect(await states(service, 'acme/orbit#2')).toEqual(['ready']);
  clock.advance(5 * minute);
  maria.editIssue('acme/orbit#2', { title: 'Then' });
  await service.reconcile();
  await expectEqual(service, gitea);
});
