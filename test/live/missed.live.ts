import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { logLines } from '../support/process.ts';
import { startCoordinator, type Coordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { issueText } from './support/issue-text.ts';
import { bot } from './support/world.ts';
import { createFigures } from './support/figures.ts';
import { createHook, deleteHooks, findHooks } from './support/hook.ts';
import { prepareChanges } from './twenty-changes.ts';
import { expectAllShown } from './support/expect-all-shown.ts';
import { liveTest } from './support/live-test.ts';

liveTest(
  'what happened while the coordinator was down is found by its first pass',
  async (world) => {
    const figures = createFigures('20 changes while the coordinator was down:');
    await createHook(world);
    const before = await startCoordinator(world);
    const { changes } = await prepareChanges(world);
    await expectAllShown(world, before, 30_000);
    await before.stop();
    for (const change of changes) await change();
    const startedAt = performance.now();
    // Only the pass at the start can find them.
    const after = await startCoordinator(world, { RECONCILE_INTERVAL_SECONDS: '3600' });
    const upMs = performance.now() - startedAt;
    const tookMs = await expectAllShown(world, after, 30_000);
    figures.add(
      `all right ${(tookMs / 1_000).toFixed(1)} s after it listened (${(upMs / 1_000).toFixed(1)} s to start)`,
    );
    figures.add(`reconcile: ${JSON.stringify((await after.health()).checks['reconcile'])}`);
    await after.stop();
  },
);

liveTest('without any webhooks everything still works, slower', async (world) => {
  const figures = createFigures('With the hook deleted:');
  await createHook(world);
  await deleteHooks(world);
  expect(await findHooks(world)).toEqual([]);
  const coordinator = await startCoordinator(world);
  const { changes, uncommented } = await prepareChanges(world);
  const firstMs = await expectAllShown(world, coordinator, 60_000);
  figures.add(`new issues right after ${(firstMs / 1_000).toFixed(1)} s`);
  for (const change of changes) await change();
  const most = await expectAllShown(world, coordinator, 60_000, [uncommented]);
  figures.add(`19 of 20 changes right after ${(most / 1_000).toFixed(1)} s`);
  figures.add(`reconcile: ${JSON.stringify((await coordinator.health()).checks['reconcile'])}`);
  await coordinator.stop();
  // That a comment was deleted shows only in a full pass; a start makes one.
  const again = await startCoordinator(world);
  const rest = await expectAllShown(world, again, 60_000);
  figures.add(`the 20th ${(rest / 1_000).toFixed(1)} s after a start`);
  await again.stop();
});

liveTest('a lost database costs no second comment, and a dry run writes nothing', async (world) => {
  const { maria, tom, proxy, directory } = world;
  await createHook(world);
  const before = await startCoordinator(world);
  const blocker = await maria.open({ title: 'A blocker' });
  const ours = (title: string, blockers: readonly number[] = []) =>
    maria.open({ title, body: issueText(blockers), assignees: [bot] });
  await ours('Is ready');
  await ours('Waits', [blocker]);
  await maria.addBlocker(await ours('Waits on the page'), blocker);
  await expectAllShown(world, before, 30_000);
  await before.stop();
  const written = proxy.writes.length;
  rmSync(join(directory, 'coordinator.db'));
  const after = await startCoordinator(world);
  await settled(after);
  await expectAllShown(world, after, 30_000);
  await settled(after);
  expect(proxy.writes.slice(written)).toEqual([]);
  await after.stop();

  const dry = await startCoordinator(world, {}, ['serve', '--dry-run']);
  await tom.close(blocker);
  await ours('Is new');
  await eventually(30_000, () => {
    expect(wouldDo(dry, 'edit the comment').size).toBe(2);
    expect(wouldDo(dry, 'create a comment').size).toBe(1);
    return Promise.resolve();
  });
  expect(proxy.writes.slice(written)).toEqual([]);
  await dry.stop();
});

/** Issues to which a dry run says it would do this. */
function wouldDo({ output }: Coordinator, action: string): Set<unknown> {
  const told = logLines(output.stdout).filter((line) => line['action'] === action);
  return new Set(told.map((line) => line['issue']));
}

/** A pass is over, and all of it is published. */
async function settled(coordinator: Coordinator): Promise<void> {
  await eventually(30_000, async () => {
    const { reconcile, publish, inbox } = (await coordinator.health()).checks;
    expect(reconcile?.['lastPassAt']).toEqual(expect.any(String));
    expect(publish).toMatchObject({ pending: 0 });
    expect(inbox).toMatchObject({ pending: 0 });
  });
}
