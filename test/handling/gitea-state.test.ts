import { createServer } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { manualClock } from '../support/clock.ts';
import {
  failing,
  giteaBot,
  giteaToken,
  startGitea,
  type GiteaIssue,
  type GiteaOutage,
} from '../fake-gitea/gitea.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';

const orbit = 2;
const ledger = 3;
const minutes = 60_000;

/** A Gitea with acme/orbit and acme/ledger, and a service that may read it. */
async function stage(env: Record<string, string> = {}, basePath = '') {
  const gitea = await startGitea({ basePath });
  const orbitIssues = new Map<number, GiteaIssue>();
  const ledgerIssues = new Map<number, GiteaIssue>();
  gitea.repositories.set(orbit, { name: 'acme/orbit', issues: orbitIssues });
  gitea.repositories.set(ledger, { name: 'acme/ledger', issues: ledgerIssues });
  const clock = manualClock();
  const service = await startService({
    ...{ gitea, clock, env },
    random: () => 0,
  });
  return { gitea, orbitIssues, ledgerIssues, clock, service };
}

/** What the payload and Gitea say unless a test wants otherwise: #5 is the bot's and open. */
const issue5: GiteaIssue = { title: 'Five', body: 'Small.', assignees: [giteaBot], labels: [] };

async function deliver(service: Service, changes: PayloadChanges = {}, event = 'issues') {
  const payload = issuePayload({ assignees: [giteaBot], title: 'Told', body: '', ...changes });
  const reply = await service.send(signedRequest(payload, { event }));
  await service.idle();
  return reply;
}

async function health(service: Service) {
  const reply = await service.health();
  const schema = z.looseObject({ status: z.string(), checks: z.record(z.string(), z.unknown()) });
  return { httpStatus: reply.status, ...schema.parse(await reply.json()) };
}

const deliveriesSchema = z.object({
  items: z.array(
    z.looseObject({
      status: z.string(),
      event: z.string().nullable(),
      attempts: z.number(),
      error: z.string().nullable(),
    }),
  ),
});

async function deliveries(service: Service) {
  return deliveriesSchema.parse((await service.api('/deliveries')).json).items;
}

test.each<[string, GiteaIssue, object]>([
  ['closed', { open: false }, { state: 'done', open: false }],
  ['unassigned', { assignees: [] }, { state: 'released' }],
  ['another title', { title: 'True' }, { state: 'ready', title: 'True' }],
  ['older than the payload', { updatedAt: '2020-01-01T00:00:00Z' }, { title: 'Five' }],
  ['another text', { body: 'Total estimated: 46,800 tokens' }, { estimate: { likely: 46_800 } }],
])('Gitea beats the payload: %s', async (_name, current, plan) => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, ...current });
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toMatchObject(plan);
});

test('an issue the payload says is nobody’s is planned when it is the bot’s, in any letter case', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, assignees: ['Coordinator-BOT'] });
  await deliver(service, { assignees: [], open: false });
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready' });
});

test('labels come from Gitea, so a payload that lies about them leaves no doubt', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, labels: ['a', 'b'] });
  await deliver(service, { action: 'label_updated', labels: [] });
  const plan = await service.plan('acme/orbit#5');
  expect(plan?.warnings.map(({ code }) => code)).not.toContain('labels_uncertain');
});

test('an issue that is gone from Gitea is gone, and back when Gitea has it', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, issue5);
  await deliver(service);
  orbitIssues.delete(5);
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toBeUndefined();
  orbitIssues.set(5, issue5);
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready', title: 'Five' });
});

test('a renamed repository is found by its id, and its plan under the new name', async () => {
  const { service, gitea, orbitIssues } = await stage();
  orbitIssues.set(5, issue5).set(6, { ...issue5, updatedAt: '2020-01-01T00:00:00Z' });
  await deliver(service, { number: 6, updatedAt: '2020-01-01T00:00:00Z' });
  await deliver(service);
  gitea.repositories.set(orbit, { name: 'acme/newname', issues: orbitIssues });
  gitea.renamed.set('acme/orbit', orbit);
  await deliver(service, { number: 6 });
  expect(await service.plan('acme/newname#6')).toMatchObject({ ref: 'acme/newname#6' });
  expect(await service.plan('acme/newname#5')).toMatchObject({ title: 'Five' });
  expect(gitea.requests).toContain('/api/v1/repositories/2');
});

test('a name that has passed to another repository does not lend its issues', async () => {
  const { service, gitea, orbitIssues } = await stage();
  orbitIssues.set(5, issue5);
  gitea.repositories.set(orbit, { name: 'acme/newname', issues: orbitIssues });
  const issues = new Map([[5, { title: 'Another', assignees: [] }]]);
  gitea.repositories.set(9, { name: 'acme/orbit', issues });
  await deliver(service);
  expect(await service.plan('acme/newname#5')).toMatchObject({ title: 'Five', state: 'ready' });
});

test.each([{ hidden: true }, { hasIssues: false }])(
  'a repository that cannot be read (%o): the payload counts, and the plan says so',
  async (state) => {
    const { service, gitea, orbitIssues } = await stage();
    orbitIssues.set(5, issue5);
    gitea.repositories.set(orbit, { name: 'acme/orbit', issues: orbitIssues, ...state });
    await deliver(service, { body: 'Blocked by: #12' });
    const plan = await service.plan('acme/orbit#5');
    expect(plan).toMatchObject({ title: 'Told', state: 'blocked' });
    expect(plan?.blockedBy).toMatchObject([{ ref: 'acme/orbit#12', state: 'unknown' }]);
    expect(plan?.warnings.map(({ code }) => code)).toContain('gitea_unreadable');
    expect(await health(service)).toMatchObject({ status: 'ok' });
  },
);

test('a blocker that does not exist goes on blocking, with a warning that names it', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, body: 'Blocked by: #4' });
  await deliver(service);
  const plan = await service.plan('acme/orbit#5');
  expect(plan).toMatchObject({
    state: 'blocked',
    blockedBy: [{ ref: 'acme/orbit#4', state: 'unknown' }],
  });
  expect(plan?.warnings).toContainEqual({
    code: 'target_missing',
    text: 'There is no acme/orbit#4 on Gitea, and the dependency on it still counts: correct the number, or remove the line.',
  });
});

test.each<[string, GiteaIssue, object]>([
  ['closed', { open: false }, { state: 'ready' }],
  ['open', { open: true }, { state: 'blocked', reason: { code: 'open_blockers' } }],
  ['an open pull request', { isPull: true, open: true }, { state: 'blocked' }],
  ['a merged pull request', { isPull: true, open: false }, { state: 'ready' }],
])('a blocker never seen in an event is known at once: %s', async (_name, blocker, plan) => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, body: 'Blocked by: #12' });
  orbitIssues.set(12, { title: 'Twelve', assignees: [], ...blocker });
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toMatchObject(plan);
  const state = blocker.open === true ? 'open' : 'closed';
  expect((await service.plan('acme/orbit#5'))?.blockedBy).toMatchObject([{ state }]);
});

test('an issue that is blocked by this one is looked at, and read if it is the bot’s', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, body: 'Blocks: #7' });
  orbitIssues.set(7, { ...issue5, title: 'Seven', body: 'Blocked by: #5' });
  await deliver(service);
  expect(await service.plan('acme/orbit#7')).toMatchObject({ title: 'Seven', state: 'blocked' });
  expect((await deliveries(service)).map(({ event }) => event)).toEqual(['refreshed', 'assigned']);
});

test('a blocker whose state changed without a delivery is looked at again', async () => {
  const { service, orbitIssues } = await stage();
  orbitIssues.set(5, { ...issue5, body: 'Blocked by: #12' });
  orbitIssues.set(12, { title: 'Twelve', open: true, assignees: [] });
  await deliver(service);
  orbitIssues.set(12, { title: 'Twelve', open: false, assignees: [] });
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready' });
  expect(await deliveries(service)).toHaveLength(4);
  await deliver(service);
  expect(await deliveries(service)).toHaveLength(5);
});

test('blockers in other repositories: open, renamed, missing, unreadable, and this issue itself', async () => {
  const { service, gitea, orbitIssues, ledgerIssues } = await stage();
  const others = ['acme/ledger#2', 'acme/oldledger#3', 'acme/ledger#999', 'acme/hidden#1'];
  const body = [...others, 'acme/oldorbit#5'].map((ref) => `Blocked by: ${ref}`).join('\n\n');
  orbitIssues.set(5, { ...issue5, body });
  ledgerIssues.set(2, { title: 'Two', open: true, assignees: [] });
  ledgerIssues.set(3, { title: 'Three', open: false, assignees: [] });
  gitea.renamed.set('acme/oldledger', ledger).set('acme/oldorbit', orbit);
  await deliver(service);
  const plan = await service.plan('acme/orbit#5');
  expect(plan?.blockedBy).toMatchObject([
    { ref: 'acme/ledger#2', state: 'open' },
    { ref: 'acme/ledger#3', state: 'closed' },
    { ref: 'acme/ledger#999', state: 'unknown' },
    { ref: 'acme/hidden#1', state: 'unknown' },
  ]);
  expect(plan?.warnings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['target_unreadable', 'self_reference']),
  );
});

test('many blockers are asked about a few at a time', async () => {
  const { service, gitea, orbitIssues } = await stage();
  const numbers = Array.from({ length: 30 }, (_, index) => 100 + index);
  orbitIssues.set(5, { ...issue5, body: numbers.map((n) => `Blocked by: #${n}`).join('\n\n') });
  for (const number of numbers) orbitIssues.set(number, { open: false, assignees: [] });
  await deliver(service);
  const plan = await service.plan('acme/orbit#5');
  expect(plan?.blockedBy).toHaveLength(30);
  expect(plan?.state).toBe('ready');
  expect(gitea.mostAtOnce()).toBeLessThanOrEqual(5);
});

const html: GiteaOutage = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html>Bad gateway</html>');
};
const flood: GiteaOutage = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ body: 'x'.repeat(17 * 1024 * 1024) }));
};

test.each<[string, GiteaOutage | 'refused', string, number]>([
  ['500', failing(500), 'gitea_unavailable', 12],
  ['429', failing(429), 'gitea_unavailable', 2],
  ['401', failing(401), 'gitea_auth', 12],
  ['403', failing(403), 'gitea_auth', 2],
  ['HTML', html, 'gitea_unexpected', 12],
  ['more than 16 MiB', flood, 'gitea_oversized', 2],
  ['refused', 'refused', 'gitea_unreachable', 10],
  ['no answer', () => undefined, 'gitea_timeout', 1],
])(
  'Gitea down (%s): the delivery waits, and outlives its 8 tries',
  async (_n, outage, code, tries) => {
    const { service, gitea, orbitIssues, clock } = await stage({ GITEA_BOT_USERNAME: giteaBot });
    orbitIssues.set(5, issue5);
    if (outage === 'refused') await gitea.stop();
    else gitea.breakWith(outage);
    expect(await deliver(service)).toMatchObject({ status: 200, json: { status: 'accepted' } });
    for (let round = 1; round < tries; round += 1) {
      clock.advance(5 * minutes);
      await service.idle();
    }
    const [waiting] = await deliveries(service);
    expect(waiting).toMatchObject({ status: 'scheduled', attempts: 0 });
    expect(waiting?.error).toContain('TryAgainLater');
    expect(await health(service)).toMatchObject({
      httpStatus: 200,
      status: 'degraded',
      checks: { gitea: { status: 'degraded', lastError: code } },
    });

    if (outage === 'refused') await gitea.restart();
    else gitea.breakWith(undefined);
    clock.advance(5 * minutes);
    await service.idle();
    expect(await service.plan('acme/orbit#5')).toMatchObject({ title: 'Five', state: 'ready' });
    expect(await health(service)).toMatchObject({ checks: { gitea: { status: 'ok' } } });
    expect(JSON.stringify(service.logs)).not.toContain(giteaToken);
    // Lines of one cause are one with a count, which is written at the latest when the service closes.
    await service.close();
    const failures = service.logs
      .filter(({ msg }) => msg?.startsWith('handling failed'))
      .map((line) => Number(line['count'] ?? 1));
    expect(failures.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(tries);
  },
);

test('the wait grows with the outage up to 5 minutes', async () => {
  const { service, gitea, clock } = await stage({ GITEA_BOT_USERNAME: giteaBot });
  gitea.breakWith(failing(500));
  await deliver(service);
  const tries: number[] = [];
  for (let second = 5; second <= 25 * 60; second += 5) {
    clock.advance(5_000);
    const before = gitea.requests.length;
    await service.idle();
    if (gitea.requests.length > before) tries.push(second);
  }
  expect(tries).toEqual([5, 10, 20, 40, 80, 160, 320, 620, 920, 1220]);
}, 60_000);

test('until Gitea tells whose the token is, deliveries are taken and wait', async () => {
  const gitea = await startGitea();
  const issues = new Map<number, GiteaIssue>([[5, issue5]]);
  gitea.repositories.set(orbit, { name: 'acme/orbit', issues });
  gitea.breakWith(failing(503));
  const clock = manualClock();
  const service = await startService({
    ...{ gitea, clock },
    random: () => 0,
  });
  const ownLabel: PayloadChanges = {
    action: 'label_updated',
    labels: ['coordinator/ready'],
    sender: giteaBot,
  };
  const ownComment: PayloadChanges = {
    action: 'created',
    comment: '<!-- mosaic-coordinator -->',
    sender: giteaBot,
  };
  expect(await deliver(service, ownLabel)).toMatchObject({ json: { status: 'accepted' } });
  expect(await deliver(service, ownComment, 'issue_comment')).toMatchObject({
    json: { status: 'accepted' },
  });
  expect(await service.plan('acme/orbit#5')).toBeUndefined();
  gitea.breakWith(undefined);
  clock.advance(5 * minutes);
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready' });
  expect(gitea.requests.filter((path) => path === '/api/v1/user').length).toBeGreaterThan(1);
  const asked = gitea.requests.length;
  const otherLabel = { ...ownLabel, labels: ['coordinator/blocked'] };
  const otherComment = { ...ownComment, comment: '<!-- mosaic-coordinator --> Blocked.' };
  expect(await deliver(service, otherLabel)).toMatchObject({ json: { status: 'ignored' } });
  expect(await deliver(service, otherComment, 'issue_comment')).toMatchObject({
    json: { status: 'ignored' },
  });
  expect(gitea.requests).toHaveLength(asked);
});

test('closing does not wait for a Gitea that never answers, and loses nothing', async () => {
  const { service, gitea } = await stage();
  gitea.breakWith(() => undefined);
  await service.send(signedRequest(issuePayload({ assignees: [giteaBot] })));
  const startedAt = performance.now();
  await service.close();
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  gitea.breakWith(undefined);
  gitea.repositories.get(orbit)?.issues.set(5, issue5);
  const again = await startService({ directory: service.directory, gitea });
  await again.idle();
  expect(await again.plan('acme/orbit#5')).toMatchObject({ state: 'ready' });
});

test('nothing but GITEA_URL is ever called, whatever payloads and redirects say', async () => {
  const trapped: string[] = [];
  const trap = createServer(({ url = '' }, response) => {
    trapped.push(url);
    response.end('{}');
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    trap.close();
  });
  const { port } = z.object({ port: z.number() }).parse(trap.address());
  const { service, gitea } = await stage({ GITEA_BOT_USERNAME: giteaBot }, '/git');
  gitea.breakWith((response) => {
    const location = `http://127.0.0.1:${port}/api/v1/repos/acme/orbit/issues/5`;
    response.writeHead(301, { location }).end();
  });
  const payload = issuePayload({ assignees: [giteaBot] });
  const text = JSON.stringify(payload).replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`);
  expect(text).toContain(`127.0.0.1:${port}`);
  expect((await service.send(signedRequest(Buffer.from(text)))).status).toBe(200);
  await service.idle();
  expect(trapped).toEqual([]);
  expect(gitea.requests.length).toBeGreaterThan(0);
  expect(gitea.requests.every((path) => path.startsWith('/git/api/v1/'))).toBe(true);
});

test('without a token Gitea is not asked, and health says so', async () => {
  const gitea = await startGitea();
  const service = await startService({ env: { GITEA_URL: gitea.url } });
  await deliver(service);
  expect(await service.plan('acme/orbit#5')).toMatchObject({ title: 'Told', state: 'ready' });
  expect(gitea.requests).toEqual([]);
  expect(await health(service)).toMatchObject({ checks: { gitea: { status: 'off' } } });
});
