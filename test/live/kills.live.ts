import { expect } from 'vitest';

import { startCoordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { createFigures } from './support/figures.ts';
import { createHook } from './support/hook.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { expectShown } from './support/expect-shown.ts';
import { expectAllShown } from './support/expect-all-shown.ts';
import { bot, type World } from './support/world.ts';

const isNewComment = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && /\/issues\/\d+\/comments$/.test(path);

liveTest(
  'Gitea is killed in the middle of 50 changes: nothing is lost, nothing twice',
  async (world) => {
    const { gitea, proxy } = world;
    const figures = createFigures('50 changes, Gitea killed in the middle:');
    await createHook(world);
    const coordinator = await startCoordinator(world);
    const changes = await fiftyChanges(world);
    let kills = 0;
    async function killAndRestart(): Promise<void> {
      kills += 1;
      await gitea.kill();
      await gitea.start();
    }
    // The second kill: a comment of ours was just created, and nobody will hear of it.
    proxy.onWritten((write) => {
      if (kills !== 1 || !isNewComment(write)) return 'pass';
      void killAndRestart();
      return 'drop';
    });
    for (const [index, change] of changes.entries()) {
      if (index === 20) void killAndRestart();
      await insist(change);
    }
    const tookMs = await expectAllShown(world, coordinator, 60_000);
    expect(kills).toBe(2);
    figures.add(`all right ${(tookMs / 1_000).toFixed(1)} s after the last change, ${kills} kills`);
    const created = proxy.writes.filter(isNewComment);
    expect(new Set(created.map(({ path }) => path)).size).toBe(created.length);
    figures.add(`${proxy.writes.length} writes, ${created.length} new comments`);
    figures.add(`reconcile: ${JSON.stringify((await coordinator.health()).checks['reconcile'])}`);
    await coordinator.stop();
  },
);

liveTest(
  'killed between the creation of a comment and its record, five times: one comment',
  async (world) => {
    const { maria, proxy } = world;
    const figures = createFigures('Killed when a comment had just been created:');
    await createHook(world);
    for (let cycle = 1; cycle <= 5; cycle += 1) {
      const killed = await startCoordinator(world);
      proxy.onWritten((write) => {
        if (!isNewComment(write)) return 'pass';
        void killed.kill();
        return 'drop';
      });
      const number = await maria.open({
        title: `Cycle ${cycle}`,
        body: issueText(),
        assignees: [bot],
      });
      expect(await killed.exit()).toMatchObject({ signal: 'SIGKILL' });
      proxy.onWritten(() => 'pass');
      const after = await startCoordinator(world);
      const tookMs = await expectShown({ world, coordinator: after, number }, { state: 'ready' });
      expect(proxy.writes.filter(isNewComment)).toHaveLength(cycle);
      figures.add(
        `cycle ${cycle}: right ${(tookMs / 1_000).toFixed(1)} s after the start, 1 comment`,
      );
      await after.stop();
    }
  },
);

/** Opens ten issues and changes each of them four times; each change may be made twice. */
async function fiftyChanges({ maria, tom }: World): Promise<(() => Promise<unknown>)[]> {
  const blocker = await maria.open({ title: 'A blocker' });
  const numbers: number[] = [];
  const rounds: ((number: number, index: number) => Promise<unknown>)[] = [
    (number) => maria.change(number, { body: issueText([blocker]) }),
    (number, index) => (index % 2 === 0 ? tom.close(number) : maria.assign(number, [])),
    (number, index) => (index % 2 === 0 ? tom.reopen(number) : maria.assign(number, [bot])),
    (number, index) => maria.change(number, { body: issueText([], `${40 + index},000`) }),
  ];
  const open = Array.from({ length: 10 }, (_, index) => async () => {
    const title = `Issue ${index}`;
    numbers.push(await maria.open({ title, body: issueText(), assignees: [bot] }));
  });
  const later = rounds.flatMap((change) =>
    open.map((_, index) => () => change(numbers[index] ?? 0, index)),
  );
  return [...open, ...later];
}

/** People try again when Gitea does not answer. */
async function insist(change: () => Promise<unknown>): Promise<void> {
  await eventually(30_000, async () => {
    await change();
  });
}
