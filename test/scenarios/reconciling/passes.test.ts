import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';

import { failing } from '../../fake-gitea/gitea.ts';
import { hour, minute, stageGitea, figures, states, expectEqual } from './stage.ts';

test('a pass that fails half way loses nothing and is repeated', async () => {
  const { gitea, clock, open, serve } = await stageGitea({ maxRows: 10 });
  open(5);
  const service = await serve();
  await service.reconcile();
  clock.advance(5 * minute);
  open(25);
  let count = 0;
  gitea.breakWith(failing(503), (_method, url) => url.includes('search') && (count += 1) > 2);
  await expect(service.reconcile()).rejects.toMatchObject({ code: 'gitea_unavailable' });
  await service.idle();
  expect(await figures(service)).toMatchObject({
    status: 'degraded',
    passes: 1,
    lastError: 'gitea_unavailable',
  });
  gitea.breakWith(undefined);
  await service.reconcile();
  await expectEqual(service, gitea);
  expect(await figures(service)).toMatchObject({ status: 'ok', passes: 2, differences: 30 });
});

test('only one pass runs at a time', async () => {
  const { gitea, open, serve } = await stageGitea();
  open(1);
  const service = await serve();
  const [one, other] = await Promise.all([service.reconcile(), service.reconcile()]);
  expect(one).toBe(other);
  expect(gitea.requests.filter((path) => path.includes('search'))).toHaveLength(1);
});

test('the start does not wait for the first pass, and a stop ends it', async () => {
  const { gitea, open, serve } = await stageGitea();
  open(1);
  const held: ServerResponse[] = [];
  const asked = Promise.withResolvers<undefined>();
  gitea.breakWith(
    (response) => {
      held.push(response);
      asked.resolve(undefined);
    },
    (_method, url) => url.includes('search'),
  );
  const service = await serve({ reconcileByHand: false });
  await asked.promise;
  expect(await figures(service)).toMatchObject({ status: 'ok', passes: 0 });
  await service.close();
  expect(held).toHaveLength(1);
});

test('the first pass runs without being asked for', async () => {
  const { open, serve } = await stageGitea();
  open(1);
  const added = Promise.withResolvers<undefined>();
  const service = await serve({
    reconcileByHand: false,
    aroundRead: (read) => async (issue, signal) => {
      added.resolve(undefined);
      return read(issue, signal);
    },
  });
  await added.promise;
  await service.idle();
  expect(await states(service, 'acme/orbit#1')).toEqual(['ready']);
});

test('an issue that Gitea cannot show hides no other; many of them mean that Gitea is out of order', async () => {
  const { gitea, clock, open, serve } = await stageGitea();
  open(30);
  const service = await serve();
  await service.reconcile();
  await service.close();
  clock.advance(hour);
  for (const number of [1, 2, 30]) gitea.as('maria').deleteIssue(`acme/orbit#${number}`);
  const broken = (pattern: RegExp) =>
    gitea.breakWith(failing(403), (_method, url) => pattern.test(url));
  broken(/issues\/2(\/|$)/);
  const second = await serve({ directory: service.directory });
  expect(await second.reconcile()).toMatchObject({ full: true, skipped: 1 });
  expect(await states(second, 'acme/orbit#1', 'acme/orbit#2', 'acme/orbit#30')).toEqual([
    undefined,
    'ready',
    undefined,
  ]);
  broken(/issues\/\d+\//);
  await expect(second.reconcile()).rejects.toMatchObject({ code: 'gitea_auth' });
  gitea.breakWith(undefined);
  expect(await second.reconcile()).toMatchObject({ full: true, skipped: 0 });
  await expectEqual(second, gitea);
});
