import { expect, test } from 'vitest';

import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
import { manualClock } from '../../support/clock.ts';
import type { PayloadChanges } from '../../support/recordings.ts';
import { startService, type Service } from '../../support/service.ts';
import { issueEvent } from '../../support/workers.ts';
import { statementIn } from '../../support/database.ts';

const hourMs = 3_600_000;
const env = { GITEA_BOT_USERNAME: 'coordinator-bot' };

/** Tells of an issue by the clock of the service, and waits until it is handled. */
async function tell(service: Service, at: number, changes: PayloadChanges = {}): Promise<void> {
  const { json } = await service.send(issueEvent(1, Math.floor(at / 1_000) * 1_000, changes));
  expect(json.status).toBe('accepted');
  await service.idle();
}

const closed = { action: 'closed', open: false };
const stateOf = async (service: Service) => (await service.plan('acme/orbit#1'))?.state;
/** Any use of a claim settles a jump. */
const settle = (service: Service) => service.api('/claims');

/** Reads the database beside the service. */
function query({ directory }: Service, sql: string): Promise<unknown[]> {
  return statementIn(directory, sql);
}

const jumps = [24 * hourMs, hourMs, 4 * 60_000, 5_000];

test.each(jumps)(
  'both clocks %s ms ahead, then put back: what happens next is believed',
  async (ahead) => {
    const clock = manualClock();
    const service = await startService({ clock, env });
    clock.jump(ahead);
    await settle(service);
    await tell(service, clock.now(), { labels: ['blocked'] });
    expect(await stateOf(service)).toBe('blocked');
    clock.jump(-ahead);
    await settle(service);
    await tell(service, clock.now(), { action: 'label_cleared' });
    expect(await stateOf(service)).toBe('ready');
    await tell(service, clock.now(), closed);
    expect(await stateOf(service)).toBe('done');
  },
);

test('also when the clock is put back while the service is stopped', async () => {
  const clock = manualClock();
  clock.jump(24 * hourMs);
  const first = await startService({ clock, env });
  await tell(first, clock.now());
  await first.close();
  clock.jump(-24 * hourMs);
  const second = await startService({ clock, directory: first.directory, env });
  await tell(second, clock.now(), closed);
  expect(await stateOf(second)).toBe('done');
});

test('also when the delivery of the future still waits', async () => {
  const clock = manualClock();
  let fails = true;
  const first = await startService({
    ...{ clock, env },
    aroundRead: (read) => (facts, signal) =>
      fails ? Promise.reject(new Error('not now')) : read(facts, signal),
  });
  clock.jump(24 * hourMs);
  await settle(first);
  await tell(first, clock.now(), { body: 'Blocked by #7' });
  expect(await stateOf(first)).toBeUndefined();
  clock.jump(-24 * hourMs);
  await settle(first);
  fails = false;
  await tell(first, clock.now(), { action: 'edited', body: 'Blocked by #8' });
  expect((await first.plan('acme/orbit#1'))?.blockedBy).toMatchObject([{ ref: 'acme/orbit#8' }]);
});

test('the text of an issue that was unassigned meanwhile is found again', async () => {
  const clock = manualClock();
  const service = await startService({ clock, env });
  clock.jump(24 * hourMs);
  await settle(service);
  const text = { action: 'unassigned', assignees: [], body: 'Blocked by #7' };
  await tell(service, clock.now(), text);
  clock.jump(-24 * hourMs);
  await settle(service);
  const found = `select body from deliveries join issues using (snapshot_at) where body is not null`;
  expect(await query(service, found)).toEqual([{ body: 'Blocked by #7' }]);
});

test("a date of Gitea's API is bounded as one of a delivery is", async () => {
  const clock = manualClock();
  const gitea = await startGitea({ now: () => clock.now() + 24 * hourMs });
  const issue = { title: 'Issue 1', body: '', open: true, assignees: [giteaBot], labels: [] };
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map([[1, issue]]) });
  const service = await startService({ gitea, clock, env });
  gitea.as('maria').editIssue('acme/orbit#1', { title: 'Issue one' });
  await tell(service, clock.now());
  expect(await query(service, 'select title, snapshot_at from issues')).toEqual([
    { title: 'Issue one', snapshot_at: clock.now() + 600 },
  ]);
});
