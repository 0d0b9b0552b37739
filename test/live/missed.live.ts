import { expect } from 'vitest';

import { startCoordinator } from './support/coordinator.ts';
import { createFigures } from './support/figures.ts';
import { createHook, deleteHooks, findHooks } from './support/hook.ts';
import { prepareChanges } from './support/changes.ts';
import { expectTruth } from './support/truth.ts';
import { liveTest } from './support/live-test.ts';

liveTest(
  'what happened while the coordinator was down is found by its first pass',
  async (world) => {
    const figures = createFigures('20 changes while the coordinator was down:');
    await createHook(world);
    const before = await startCoordinator(world);
    const { changes } = await prepareChanges(world);
    await expectTruth(world, before, 30_000);
    await before.stop();
    for (const change of changes) await change();
    const startedAt = performance.now();
    // Only the pass at the start can find them.
    const after = await startCoordinator(world, { RECONCILE_INTERVAL_SECONDS: '3600' });
    const upMs = performance.now() - startedAt;
    const tookMs = await expectTruth(world, after, 30_000);
    figures.add(
      `all right ${(tookMs / 1_000).toFixed(1)} s after it listened (${(upMs / 1_000).toFixed(1)} s to start)`,
    );
    figures.add(`reconcile: ${JSON.stringify((await after.health()).checks['reconcile'])}`);
    await after.stop();
  },
);

liveTest('with webhooks off altogether it still works, slower', async (world) => {
  const figures = createFigures('With the hook deleted:');
  await createHook(world);
  await deleteHooks(world);
  expect(await findHooks(world)).toEqual([]);
  const coordinator = await startCoordinator(world);
  const { changes, uncommented } = await prepareChanges(world);
  const firstMs = await expectTruth(world, coordinator, 60_000);
  figures.add(`new issues right after ${(firstMs / 1_000).toFixed(1)} s`);
  for (const change of changes) await change();
  const most = await expectTruth(world, coordinator, 60_000, [uncommented]);
  figures.add(`19 of 20 changes right after ${(most / 1_000).toFixed(1)} s`);
  // That a comment was deleted shows only in a full pass, each twelfth.
  const rest = await expectTruth(world, coordinator, 200_000);
  figures.add(`the 20th ${(rest / 1_000).toFixed(1)} s later`);
  figures.add(`reconcile: ${JSON.stringify((await coordinator.health()).checks['reconcile'])}`);
  await coordinator.stop();
});
