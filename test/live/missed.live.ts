import { expect } from 'vitest';

import { startCoordinator } from './support/coordinator.ts';
import { createFigures } from './support/figures.ts';
import { createHook, deleteHooks, findHooks } from './support/hook.ts';
import { twentyChanges } from './support/changes.ts';
import { expectTruth } from './support/truth.ts';
import { liveTest } from './support/live-test.ts';

liveTest(
  'what happened while the coordinator was down is found by its first pass',
  async (world) => {
    const figures = createFigures('20 changes while the coordinator was down:');
    await createHook(world);
    const before = await startCoordinator(world);
    const changes = await twentyChanges(world);
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
  const changes = await twentyChanges(world);
  const firstMs = await expectTruth(world, coordinator, 60_000);
  figures.add(`new issues right after ${(firstMs / 1_000).toFixed(1)} s`);
  for (const change of changes) await change();
  const tookMs = await expectTruth(world, coordinator, 60_000);
  figures.add(`20 changes right after ${(tookMs / 1_000).toFixed(1)} s`);
  figures.add(`reconcile: ${JSON.stringify((await coordinator.health()).checks['reconcile'])}`);
  await coordinator.stop();
});
