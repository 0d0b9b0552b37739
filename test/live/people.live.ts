import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { startCoordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { createFigures } from './support/figures.ts';
import { createHook } from './support/hook.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { expectShown, lookAtShown, type Expected } from './support/shown.ts';
import { bot } from './support/world.ts';

/** Two passes of the reconciler and more fit in. */
const quietMs = 25_000;

liveTest('whatever people do to an issue ends in the right comment and label', async (world) => {
  const { maria, tom, proxy } = world;
  const figures = createFigures('What people did, until comment and label stood:');
  await createHook(world);
  const coordinator = await startCoordinator(world);
  const blocker = await maria.open({ title: 'The job record schema' });
  const number = await maria.open({ title: 'Explain decisions', body: issueText([blocker]) });
  const place = { world, coordinator, number };

  async function step(
    what: string,
    act: () => Promise<unknown>,
    expected: Expected,
    deadlineMs?: number,
  ): Promise<number> {
    const before = proxy.writes.length;
    await act();
    const tookMs = await expectShown(place, expected, deadlineMs);
    const writes = proxy.writes.slice(before).map(({ method, path }) => `${method} ${path}`);
    const seconds = (tookMs / 1_000).toFixed(1);
    figures.add(`${what}: ${seconds} s, ${expected.state}, ${writes.length} writes`);
    return tookMs;
  }

  const ready: Expected = { state: 'ready' };
  const waiting: Expected = { state: 'blocked', reason: 'open_blockers' };
  const firstMs = await step('bot assigned', () => maria.assign(number, [bot]), waiting);
  expect(firstMs).toBeLessThan(5_000);
  await step('text edited', () => maria.change(number, { body: issueText([], '62,400') }), {
    ...ready,
    says: ['62,400'],
  });
  await step(
    'blocker written into the text again',
    () => maria.change(number, { body: issueText([blocker]) }),
    waiting,
  );
  await step('blocker closed', () => tom.close(blocker), ready);
  await step('blocker reopened', () => tom.reopen(blocker), waiting);
  await step('blocker closed again', () => tom.close(blocker), ready);
  await step('bot unassigned', () => maria.assign(number, ['tom']), { state: 'released' });
  await step('bot assigned beside a person', () => maria.assign(number, ['tom', bot]), ready);

  await world.rename('orbit-renamed');
  await step(
    'repository renamed, title edited',
    () => maria.change(number, { title: 'Explain' }),
    ready,
  );

  const [comment] = (await maria.comments(number)).filter(({ user }) => user.login === bot);
  if (comment === undefined) throw new Error('No comment of the bot to delete.');
  await maria.deleteComment(comment.id);
  await step('our comment deleted', () => Promise.resolve(), ready);
  const remade = (await maria.comments(number)).find(({ user }) => user.login === bot);
  expect(remade?.id).not.toBe(comment.id);
  await step(
    'our comment edited by hand',
    () => maria.editComment(remade?.id ?? 0, `${remade?.body ?? ''}\n\nForged.`),
    { ...ready, saysNot: ['Forged'] },
  );

  const labels = (await maria.look(number)).labels;
  const label = labels.find(({ name }) => name === 'coordinator/ready');
  await step('our label removed by hand', () => tom.removeLabel(number, label?.id ?? 0), ready);
  const bug = await maria.createLabel('bug');
  await step('a label of theirs added', () => tom.addLabel(number, bug), ready);
  expect((await maria.look(number)).labels.map(({ name }) => name)).toContain('bug');
  await step('a comment by a person', () => tom.comment(number, 'Looks fine.'), ready);

  const other = await maria.open({ title: 'A limit for jobs' });
  await step('blocker added on the page', () => maria.addBlocker(number, other), waiting, 30_000);
  await step(
    'blocker removed on the page',
    () => maria.removeBlocker(number, other),
    ready,
    30_000,
  );

  let claim = await coordinator.claim();
  await step('claimed by a worker', () => Promise.resolve(), { state: 'in_progress' });
  await step('given back', () => claim.end('release', { reason: 'another time' }), ready);
  claim = await coordinator.claim();
  await step('claimed again, stuck', () => claim.end('block', { reason: 'unclear' }), {
    state: 'needs_human',
  });
  await step('closed', () => maria.close(number), { state: 'done', reason: 'closed' });
  await step('reopened', () => maria.reopen(number), { state: 'needs_human' }, 10_000).catch(
    () => undefined,
  );

  const before = proxy.writes.length;
  const shown = await lookAtShown(world, coordinator, number);
  await sleep(quietMs);
  figures.add(`${quietMs / 1_000} s of quiet: ${proxy.writes.length - before} writes`);
  expect(proxy.writes.slice(before)).toEqual([]);
  expect(await lookAtShown(world, coordinator, number)).toEqual(shown);
  await eventually(1_000, async () => expect((await coordinator.health()).status).toBe('ok'));
  await coordinator.stop();
});
