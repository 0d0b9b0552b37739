import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { setUp } from './support/command.ts';
import { startCoordinator } from './support/coordinator.ts';
import { createFigures } from './support/figures.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { expectShown, lookAtShown, type Expected } from './support/expect-shown.ts';
import { bot } from './support/world.ts';

/** Two passes of the reconciler and more fit in. */
const quietMs = 25_000;

liveTest('whatever people do to an issue ends in the right comment and label', async (world) => {
  const { maria, tom, proxy } = world;
  const figures = createFigures('What people did, until comment and label stood:');
  expect((await setUp(world)).exitCode).toBe(0);
  const coordinator = await startCoordinator(world);
  const ready: Expected = { state: 'ready' };
  const waiting: Expected = { state: 'blocked', reason: 'open_blockers' };
  const numbers: number[] = [];

  /** A new issue of the bot, right at first sight. */
  async function scene(blockers: readonly number[] = []): Promise<number> {
    const title = `Issue of scene ${numbers.length + 1}`;
    const number = await maria.open({ title, body: issueText(blockers) });
    numbers.push(number);
    const state = blockers.length > 0 ? waiting : ready;
    await step(`a new issue assigned`, number, () => maria.assign(number, [bot]), state);
    return number;
  }

  async function step(
    what: string,
    number: number,
    act: () => Promise<unknown>,
    expected: Expected,
    deadlineMs = 15_000,
  ): Promise<number> {
    const before = proxy.writes.length;
    await act();
    const tookMs = await expectShown({ world, coordinator, number }, expected, deadlineMs);
    const seconds = (tookMs / 1_000).toFixed(1);
    const writes = proxy.writes.length - before;
    figures.add(`${what}: ${seconds} s, ${expected.state}, ${writes} writes`);
    return tookMs;
  }

  async function commentOf(number: number) {
    const comment = (await maria.comments(number)).find(({ user }) => user.login === bot);
    if (comment === undefined) throw new Error(`No comment of the bot on ${number}.`);
    return comment;
  }

  const first = await maria.open({ title: 'Is read first', body: issueText() });
  numbers.push(first);
  const firstMs = await step(
    'the first issue assigned',
    first,
    () => maria.assign(first, [bot]),
    ready,
  );
  expect(firstMs).toBeLessThan(5_000);

  const blocker = await maria.open({ title: 'The job record schema' });
  const waits = await scene([blocker]);
  await step('blocker closed', waits, () => tom.close(blocker), ready);
  await step('blocker reopened', waits, () => tom.reopen(blocker), waiting);

  const edited = await scene([blocker]);
  await step('text edited', edited, () => maria.change(edited, { body: issueText([], '62,400') }), {
    ...ready,
    says: ['62,400'],
  });
  await step(
    'a blocker written into it',
    edited,
    () => maria.change(edited, { body: issueText([blocker]) }),
    waiting,
  );

  const released = await scene();
  await step('bot unassigned', released, () => maria.assign(released, ['tom']), {
    state: 'released',
  });
  await step('reassigned', released, () => maria.assign(released, ['tom', bot]), ready);

  await world.rename('orbit-renamed');
  await step(
    'repository renamed, text edited',
    first,
    () => maria.change(first, { body: issueText([], '50,000') }),
    { ...ready, says: ['50,000'] },
  );

  const commented = await scene();
  const deleted = await commentOf(commented);
  await step('our comment deleted', commented, () => maria.deleteComment(deleted.id), ready);
  const remade = await commentOf(commented);
  expect(remade.id).not.toBe(deleted.id);
  await step(
    'our comment edited by hand',
    commented,
    () => maria.editComment(remade.id, `${remade.body}\n\nForged.`),
    { ...ready, saysNot: ['Forged'] },
  );
  await step('a comment by a person', commented, () => tom.comment(commented, 'Fine.'), ready);

  const labelled = await scene();
  const { labels } = await maria.look(labelled);
  const own = labels.find(({ name }) => name === 'coordinator/ready')?.id ?? 0;
  await step('our label removed by hand', labelled, () => tom.removeLabel(labelled, own), ready);
  const bug = await maria.createLabel('bug');
  await step('a label of theirs added', labelled, () => tom.addLabel(labelled, bug), ready);
  const names = (await maria.look(labelled)).labels.map(({ name }) => name);
  expect(names).toEqual(['bug', 'coordinator/ready']);

  const native = await scene();
  const add = () => maria.addBlocker(native, blocker);
  await step('a blocker added on the page', native, add, waiting, 30_000);
  const remove = () => maria.removeBlocker(native, blocker);
  await step('a blocker removed on the page', native, remove, ready, 30_000);

  const finished = await scene();
  await step('closed', finished, () => maria.close(finished), { state: 'done', reason: 'closed' });
  await step('reopened', finished, () => maria.reopen(finished), ready);

  const claim = await coordinator.claim();
  const claimed = Number(/#(\d+)$/.exec(claim.issue)?.[1]);
  const nothing = () => Promise.resolve();
  await step('claimed by a worker', claimed, nothing, { state: 'in_progress' });
  const giveBack = () => claim.end('release', { reason: 'another time' });
  await step('given back', claimed, giveBack, ready);

  const places = numbers.map((number) => lookAtShown(world, coordinator, number));
  const shown = await Promise.all(places);
  const before = proxy.writes.length;
  await sleep(quietMs);
  figures.add(`${quietMs / 1_000} s of quiet: ${proxy.writes.length - before} writes`);
  expect(proxy.writes.slice(before)).toEqual([]);
  for (const [index, number] of numbers.entries())
    expect(await lookAtShown(world, coordinator, number)).toEqual(shown[index]);
  // Forgejo sends no webhook for a text that the API changed: health says so until the next delivery.
  const expected = world.gitea.isForgejo ? ['ok', 'degraded'] : ['ok'];
  expect(expected).toContain((await coordinator.health()).status);
  await coordinator.stop();
});
