import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { z } from 'zod';

import {
  claudeEnvironment,
  fails,
  startClaude,
  type ClaudeCall,
  type ClaudeScript,
} from '../../support/claude.ts';
import { manualClock } from '../../support/clock.ts';
import { giteaBot, startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';
import {
  hangs,
  refuses,
  stalls,
  page,
  reads,
  sendIssue,
  scheduled,
  readingOf,
  health,
} from './outages.ts';
import { statementIn } from '../../support/database.ts';

const hourMs = 3_600_000;

/** Twelve issues side by side, so that none waits for another where that is not what a test is about. */
function environmentOf(url: string) {
  return { ...claudeEnvironment(url), WORKER_CONCURRENCY: '12' };
}

function titleOf(call: ClaudeCall): string {
  const schema = z.object({ sentences: z.array(z.string()) });
  const [title = ''] = schema.parse(JSON.parse(call.messages[0]?.content ?? '')).sentences;
  return title.replace(/^1 /, '');
}

test('a Claude that is away for hours is asked every 2 minutes, by one issue after the other', async () => {
  const clock = manualClock();
  const askedAt: number[] = [];
  const asked = new Set<string>();
  const claude = await startClaude((call, response) => {
    askedAt.push(clock.now());
    asked.add(titleOf(call));
    fails(529)(call, response);
  });
  const service = await startService({ env: environmentOf(claude.url), now: clock.now });
  const startedAt = clock.now();
  const titles = ['One', 'Two', 'Three', 'Four'];
  for (const [index, title] of titles.entries())
    await sendIssue(service, { number: index + 1, title });
  await service.idle();
  while (clock.now() < startedAt + 4 * hourMs) {
    clock.advance(15_000);
    await service.idle();
  }
  const gaps = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(135_000);
  expect(askedAt.length).toBeLessThan(4 * 30 + 10);
  expect([...asked].sort()).toEqual(titles.toSorted());

  claude.answerWith(reads);
  clock.advance(120_000);
  await service.idle();
  for (const number of titles.keys())
    expect(await readingOf(service, number + 1)).toMatchObject({ outcome: 'complete' });
});

test('a later event is handled at once with the planned refresh; the delays double', async () => {
  const clock = manualClock();
  const claude = await startClaude(refuses);
  const service = await startService({ env: environmentOf(claude.url), now: clock.now });
  await sendIssue(service, { number: 5, title: 'One' });
  await service.idle();
  for (const seconds of [30, 60, 120]) {
    expect(await scheduled(service)).toEqual([
      { ref: 'acme/orbit#5', event: 'refreshed', seconds },
    ]);
    await sendIssue(service, { number: 5, title: `Title ${seconds}` });
    await service.idle();
    expect(await service.plan('acme/orbit#5')).toMatchObject({ title: `Title ${seconds}` });
  }
  for (let look = 0; look < 8; look += 1) {
    clock.advance(hourMs);
    await service.idle();
  }
  expect(await scheduled(service)).toMatchObject([{ seconds: 3_600 }]);
  // Both models are asked each time.
  expect(claude.calls).toHaveLength(2 * 12);

  claude.answerWith(reads);
  await sendIssue(service, { number: 5, title: 'Last' });
  await service.idle();
  expect(await readingOf(service, 5)).toMatchObject({ outcome: 'complete' });
  expect(await scheduled(service)).toEqual([]);
});

test('the first answer after an outage makes all other planned refreshes due at once', async () => {
  const clock = manualClock();
  const claude = await startClaude(fails(529));
  const service = await startService({ env: environmentOf(claude.url), now: clock.now });
  for (const number of [11, 12, 13, 14]) await sendIssue(service, { number, title: `${number}` });
  await service.idle();
  expect((await scheduled(service)).map(({ seconds }) => seconds).sort()).toEqual([15, 30, 30, 30]);

  claude.answerWith(reads);
  clock.advance(15_000);
  await sendIssue(service, { number: 20, title: 'New' });
  await service.idle();
  for (const number of [11, 12, 13, 14, 20])
    expect(await readingOf(service, number)).toMatchObject({ outcome: 'complete' });
  expect(await scheduled(service)).toEqual([]);
});

test('an issue that was being read without Claude when it came back is read again at once', async () => {
  const clock = manualClock();
  const gitea = await startGitea();
  const issues = new Map<number, GiteaIssue>();
  gitea.repositories.set(2, { name: 'acme/orbit', issues });
  const mine = { assignees: [giteaBot], body: 'No structure at all.' };
  issues.set(5, { ...mine, title: 'Five' });
  const claude = await startClaude(fails(429));
  const env = environmentOf(claude.url);
  const service = await startService({ gitea, clock, env });
  await sendIssue(service, { number: 5, title: 'Five', assignees: [giteaBot] });
  await service.idle();

  const probed = Promise.withResolvers<undefined>();
  const back = Promise.withResolvers<undefined>();
  claude.answerWith((call, response) => {
    probed.resolve(undefined);
    void back.promise.then(() => reads(call, response));
  });
  clock.advance(15_000);
  await sendIssue(service, { number: 5, title: 'Five', assignees: [giteaBot] });
  await probed.promise;

  // Read without Claude, the sixth issue waits for what Gitea says of the one it names.
  const looked = Promise.withResolvers<undefined>();
  const held: ServerResponse[] = [];
  const six = { ...mine, title: 'Six', body: 'Blocked by: #5' };
  issues.set(6, {
    ...six,
    get body() {
      gitea.breakWith((response) => {
        held.push(response);
        looked.resolve(undefined);
      });
      return six.body;
    },
  });
  await sendIssue(service, { number: 6, title: 'Six', assignees: [giteaBot] });
  await looked.promise;
  back.resolve(undefined);
  while ((await health(service)).checks.claude['pausedUntil'] !== null);
  issues.set(6, six);
  gitea.breakWith(undefined);
  for (const response of held) response.destroy();
  await service.idle();
  for (const number of [5, 6])
    expect(await readingOf(service, number)).toMatchObject({ outcome: 'complete' });
});

test('a restart asks again at once: the key may be another one', async () => {
  const clock = manualClock();
  const claude = await startClaude(fails(401));
  const env = environmentOf(claude.url);
  const directory = temporaryDirectory();
  const before = await startService({ env, directory, now: clock.now });
  for (const number of [5, 6]) await sendIssue(before, { number, title: `${number}` });
  await before.idle();
  await before.close();

  claude.answerWith(reads);
  const after = await startService({ env, directory, now: clock.now });
  await after.idle();
  for (const number of [5, 6])
    expect(await readingOf(after, number)).toMatchObject({ outcome: 'complete' });
});

test.each<[string, ClaudeScript]>([
  ['a page instead of an answer', page('text/html')],
  ['a refused request', fails(400)],
  ['an unknown model', fails(404)],
  ['a refused key', fails(401)],
])('a Claude that is no use (%s) degrades the service', async (_name, script) => {
  const claude = await startClaude(script);
  const service = await startService({ env: environmentOf(claude.url) });
  expect(await health(service)).toMatchObject({ status: 'ok', checks: { claude: { calls: 0 } } });
  await sendIssue(service, { title: 'One' });
  await service.idle();
  expect(await health(service)).toMatchObject({
    code: 200,
    status: 'degraded',
    checks: { claude: { status: 'degraded', mode: 'claude', calls: 1, failures: 1 } },
  });
});

test('a closed issue plans no refresh, and closing an issue cancels a planned one', async () => {
  const claude = await startClaude(fails(529));
  const service = await startService({ env: environmentOf(claude.url) });
  await sendIssue(service, { number: 5, title: 'One' });
  await service.idle();
  await sendIssue(service, { number: 5, title: 'One', action: 'closed', open: false });
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'done' });
  expect(await scheduled(service)).toEqual([]);
});

test('the refresh planned after a failing call does not undo an event of the same second', async () => {
  const clock = manualClock();
  const asked = Promise.withResolvers<undefined>();
  const closed = Promise.withResolvers<undefined>();
  const claude = await startClaude((call, response) => {
    asked.resolve(undefined);
    void closed.promise.then(() => fails(529)(call, response));
  });
  const service = await startService({ env: environmentOf(claude.url), now: clock.now });
  const updatedAt = '2026-11-23T12:00:00Z';
  await sendIssue(service, { number: 5, title: 'Old', updatedAt });
  await asked.promise;
  const closing = { number: 5, title: 'New', updatedAt, action: 'closed', open: false };
  await sendIssue(service, closing);
  closed.resolve(undefined);
  await service.idle();
  clock.advance(3_600_000);
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ title: 'New', state: 'done' });
});

test('neither a handled delivery nor a planned refresh keeps the text, which is stored with the issue', async () => {
  const claude = await startClaude(fails(529));
  const service = await startService({ env: environmentOf(claude.url) });
  await sendIssue(service, { number: 5, title: 'One', body: 'x'.repeat(50_000) });
  await service.idle();
  expect(
    await statementIn(service.directory, 'select kind, length(body) as length from deliveries'),
  ).toEqual([
    { kind: 'assigned', length: null },
    { kind: 'refreshed', length: 0 },
  ]);
});

test.each<[string, ClaudeScript]>([
  ['hangs', hangs],
  ['stalls', stalls],
])(
  'a service closed while Claude %s keeps the delivery, and the next start handles it',
  async (_name, script) => {
    const asked = Promise.withResolvers<undefined>();
    const claude = await startClaude((call, response) => {
      script(call, response);
      asked.resolve(undefined);
    });
    const env = environmentOf(claude.url);
    const directory = temporaryDirectory();
    const before = await startService({ env, directory });
    await sendIssue(before, { number: 5, title: 'One' });
    await asked.promise;
    const closingAt = performance.now();
    await before.close();
    expect(performance.now() - closingAt).toBeLessThan(3_000);
    expect(
      await statementIn(directory, 'select kind, status, attempts, error from deliveries'),
    ).toEqual([{ kind: 'assigned', status: 'waiting', attempts: 0, error: null }]);
    expect(await statementIn(directory, 'select number from issues')).toEqual([]);

    claude.answerWith(reads);
    const after = await startService({ env, directory });
    await after.idle();
    expect(await readingOf(after, 5)).toMatchObject({ outcome: 'complete' });
    expect(await statementIn(directory, 'select status from deliveries')).toEqual([
      { status: 'done' },
    ]);
  },
);
