import { expect, test } from 'vitest';

import { ownCommentMarker } from '../../../src/issue/own-marks.ts';
import { answers, emptyAnswer, startClaude } from '../../support/claude.ts';
import { manualClock } from '../../support/clock.ts';
import { failing, giteaBot, startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { startService, type ServiceOptions } from '../../support/service.ts';
import { claim } from '../../support/workers.ts';

const orbit = 2;
const ledger = 3;
const [one, two] = ['acme/orbit#1', 'acme/orbit#2'];
const [ours, theirs] = ['acme/ledger#1', 'acme/ledger#2'];

/** The bot's unless it is given away, open, told by a webhook of a real shape. */
const plain: GiteaIssue = {
  ...{ title: 'Issue', body: 'Total estimated: 20k', open: true },
  ...{ assignees: [giteaBot], labels: [] },
};

/** A Gitea with two repositories of two issues each, whose webhooks reach a service that may read it. */
async function stage(options: ServiceOptions = {}) {
  const clock = manualClock();
  const gitea = await startGitea({ now: clock.now });
  for (const [id, name] of [
    [orbit, 'acme/orbit'],
    [ledger, 'acme/ledger'],
  ] as const)
    gitea.repositories.set(id, { name, issues: new Map([1, 2].map((n) => [n, plain])) });
  const service = await startService({
    ...{ gitea, clock, workers: true },
    random: () => 0,
    ...options,
  });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  const maria = gitea.as('maria');
  /** Resolves when all webhooks so far are delivered and handled. */
  async function calm() {
    await gitea.settled();
    await service.idle();
    clock.advance(1_000);
  }
  /** Makes the service look at an issue, as any event does. */
  async function touch(...refs: readonly string[]) {
    for (const ref of refs) maria.comment(ref, 'Hello.');
    await calm();
  }
  async function stateOf(ref: string) {
    const plan = await service.plan(ref);
    return `${plan?.state} (${plan?.reason.code})`;
  }
  await touch(one, two, ours, theirs);
  return { ...service, gitea, clock, maria, calm, touch, stateOf };
}

test('a dependency set on the page of an issue is read with its next event, and one removed is gone', async () => {
  const { maria, touch, stateOf, plan } = await stage();
  maria.addDependency(one, two);
  maria.addDependency(one, theirs);
  await touch(one);
  expect(await plan(one)).toMatchObject({
    ...{ state: 'blocked', reason: { code: 'open_blockers' } },
    blockedBy: [
      { ref: two, state: 'open', source: 'gitea', evidence: 'Set on Gitea.' },
      { ref: theirs, state: 'open', source: 'gitea' },
    ],
  });
  expect(await plan(theirs)).toMatchObject({ blocks: [{ ref: one, source: 'gitea' }] });
  maria.close(two);
  await touch();
  expect(await stateOf(one)).toBe('blocked (open_blockers)');
  maria.removeDependency(one, theirs);
  await touch(one);
  expect(await plan(one)).toMatchObject({
    state: 'ready',
    blockedBy: [{ ref: two, state: 'closed', source: 'gitea' }],
  });
});

test('a dependency set right before an issue would be handed out keeps the issue back', async () => {
  const service = await stage();
  const { maria, stateOf, idle } = service;
  for (const ref of [two, ours, theirs]) maria.close(ref);
  await service.touch();
  maria.reopen(two);
  maria.unassign(two, giteaBot);
  await service.touch();
  maria.addDependency(one, two);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await idle();
  expect(await stateOf(one)).toBe('blocked (open_blockers)');
  maria.close(two);
  await service.touch();
  service.clock.advance(5_000);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: one } });
});

test('a blocker that the bot may not read keeps the issue back, and a dependency on itself does not', async () => {
  const service = await stage();
  const { maria, gitea, stateOf, idle, plan } = service;
  for (const ref of [two, ours]) maria.close(ref);
  await service.touch();
  maria.addDependency(one, theirs);
  maria.addDependency(one, one);
  gitea.repositories.set(ledger, {
    ...{ name: 'acme/ledger', issues: new Map([[2, plain]]), hidden: true },
  });
  expect(
    await claim(service, 'worker-1', { body: { repositories: ['acme/orbit'] } }),
  ).toMatchObject({ claim: null });
  await idle();
  expect(await stateOf(one)).toBe('blocked (hidden_blocker)');
  expect((await plan(one))?.reason.text).toMatch(/give the bot read access to its repository/);
  maria.removeDependency(one, theirs);
  await service.touch(one);
  expect((await plan(one))?.warnings.map(({ code }) => code)).toContain('self_reference');
  service.clock.advance(5_000);
  expect(
    await claim(service, 'worker-1', { body: { repositories: ['acme/orbit'] } }),
  ).toMatchObject({ claim: { issue: one } });
});

test('a worker that has begun learns of a blocker that the bot may not read', async () => {
  const service = await stage();
  const { maria, gitea, touch, plan } = service;
  for (const ref of [two, ours]) maria.close(ref);
  await touch();
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: one } });
  maria.addDependency(one, theirs);
  gitea.repositories.set(ledger, {
    ...{ name: 'acme/ledger', issues: new Map([[2, plain]]), hidden: true },
  });
  await touch(one);
  const told = await plan(one);
  expect(told?.state).toBe('in_progress');
  expect(told?.warnings.map(({ code }) => code)).toContain('hidden_blocker');
});

test('a pull request blocks until it is merged or closed', async () => {
  const { gitea, maria, touch, stateOf, plan } = await stage();
  const { issues } = gitea.repositories.get(orbit) ?? { issues: new Map<number, GiteaIssue>() };
  issues.set(9, { title: 'Pull', open: true, isPull: true });
  maria.addDependency(one, 'acme/orbit#9');
  await touch(one);
  expect(await stateOf(one)).toBe('blocked (open_blockers)');
  issues.set(9, { title: 'Pull', open: false, isPull: true });
  await touch(one);
  expect(await plan(one)).toMatchObject({
    state: 'ready',
    blockedBy: [{ ref: 'acme/orbit#9', state: 'closed' }],
  });
});

test('a repository with dependencies switched off has no dependencies of Gitea', async () => {
  const { gitea, maria, touch, stateOf } = await stage();
  maria.addDependency(one, two);
  await touch(one);
  const repository = gitea.repositories.get(orbit);
  if (repository !== undefined) repository.dependenciesOff = true;
  await touch(one, two);
  expect(await stateOf(one)).toBe('ready (ready)');
});

test('a renamed repository and another one that has its old name are not confused', async () => {
  const { gitea, maria, touch, plan } = await stage();
  maria.addDependency(one, ours);
  gitea.rename('acme/ledger', 'acme/books');
  gitea.repositories.set(9, { name: 'acme/ledger', issues: new Map([[2, plain]]) });
  maria.addDependency(one, 'acme/ledger#2');
  maria.close('acme/books#2');
  await touch(one);
  expect((await plan(one))?.blockedBy).toMatchObject([
    { ref: 'acme/books#1', state: 'open', source: 'gitea' },
    { ref: 'acme/ledger#2', state: 'open', source: 'gitea' },
  ]);
  maria.close('acme/books#1');
  maria.close('acme/ledger#2');
  await touch();
  expect(await plan(one)).toMatchObject({ state: 'ready' });
});

test('an issue keeps its dependencies when its own repository is renamed', async () => {
  const { gitea, maria, touch, plan } = await stage();
  maria.addDependency(one, two);
  gitea.rename('acme/orbit', 'acme/star');
  await touch('acme/star#1');
  expect(await plan('acme/star#1')).toMatchObject({
    state: 'blocked',
    blockedBy: [{ ref: 'acme/star#2', state: 'open', source: 'gitea' }],
  });
});

test('while Gitea does not list dependencies the event waits, and nothing is decided without them', async () => {
  const { gitea, clock, maria, touch, idle, stateOf } = await stage();
  maria.addDependency(one, two);
  gitea.breakWith(failing(502), (_method, path) => path.includes('/dependencies'));
  maria.editIssue(one, { title: 'Another' });
  await touch();
  expect(await stateOf(one)).toBe('ready (ready)');
  gitea.breakWith(undefined);
  clock.advance(300_000);
  await idle();
  expect(await stateOf(one)).toBe('blocked (open_blockers)');
});

test('a change of dependencies on Gitea asks Claude nothing', async () => {
  const claude = await startClaude(answers(emptyAnswer));
  const { maria, touch, stateOf } = await stage({ claude });
  const asked = claude.calls.length;
  expect(asked).toBeGreaterThan(0);
  maria.addDependency(one, two);
  await touch(one);
  expect(await stateOf(one)).toBe('blocked (open_blockers)');
  maria.removeDependency(one, two);
  await touch(one, two);
  expect(await stateOf(one)).toBe('ready (ready)');
  expect(claude.calls).toHaveLength(asked);
});

test('reading the dependencies of an issue costs two requests, however many there are', async () => {
  const { gitea, maria, touch } = await stage();
  maria.addDependency(one, two);
  await touch(one);
  gitea.requests.length = 0;
  await touch(one);
  expect(gitea.requests.map((path) => path.replace(/\?.*/, '')).sort()).toEqual([
    '/api/v1/repos/acme/orbit/issues/1',
    '/api/v1/repos/acme/orbit/issues/1/blocks',
    '/api/v1/repos/acme/orbit/issues/1/dependencies',
  ]);
});

test('what the bot writes of itself comes back and is dropped; what a worker does as the bot is handled', async () => {
  const { gitea, maria, api, calm, plan, logs } = await stage();
  const bot = gitea.as(giteaBot);
  const ignored = () => logs.filter(({ msg }) => msg === 'delivery ignored').length;
  maria.addLabels(one, 'bug');
  await calm();
  const before = (await api('/issues')).json;
  const [ready, blocked] = ['coordinator/ready', 'coordinator/blocked'];
  bot.addLabels(one, ready);
  await calm();
  bot.removeLabels(one, ready);
  bot.addLabels(one, blocked);
  const comment = bot.comment(one, `${ownCommentMarker}\nReady.`);
  bot.editComment(comment, `${ownCommentMarker}\nBlocked.`);
  await calm();
  expect(ignored()).toBe(5);
  expect((await api('/issues')).json).toEqual(before);
  bot.setLabels(one, 'priority/high', blocked);
  await calm();
  bot.addLabels(one, ready);
  await calm();
  expect(ignored()).toBe(6);
  expect(JSON.stringify((await api('/queue')).json)).toContain('priority/high');
  bot.setLabels(one);
  await calm();
  expect(JSON.stringify((await api('/queue')).json)).not.toContain('priority/high');
  bot.deleteComment(comment);
  bot.close(one);
  await calm();
  expect(ignored()).toBe(6);
  expect(await plan(one)).toMatchObject({ state: 'done' });
  bot.addLabels(two, ready);
  maria.unassign(two, giteaBot);
  await calm();
  bot.removeLabels(two, ready);
  await calm();
  expect(ignored()).toBe(8);
});
