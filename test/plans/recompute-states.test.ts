import { expect, test } from 'vitest';

import { createDatabase } from '../../src/db/database.ts';
import { locationIn } from '../support/database.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

const bot = ['coordinator-bot'];

/** A service with one project in it; every call to `tell` is one snapshot, a second after the last. */
async function startProject() {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  let second = Date.parse('2026-11-23T10:00:00Z');

  /** Sends an event about an issue, by default one assigned to the bot, and waits until it is handled. */
  async function tell(number: number, body: string, more: PayloadChanges = {}) {
    second += 1000;
    const payload = issuePayload({
      number,
      title: `Issue ${number}`,
      body,
      open: true,
      assignees: bot,
      labels: null,
      repositoryId: 2,
      repository: 'acme/orbit',
      updatedAt: new Date(second).toISOString(),
      ...more,
    });
    expect((await service.send(signedRequest(payload))).json.status).toBe('accepted');
    await service.idle();
  }

  async function stateOf(ref: string): Promise<string> {
    const plan = await service.plan(ref);
    return plan === undefined ? 'gone' : `${plan.state}: ${plan.reason.text}`;
  }

  /** State and reason of every issue of `acme/orbit` from 1 up. */
  async function states(count: number): Promise<string[]> {
    const refs = Array.from({ length: count }, (_, index) => `acme/orbit#${index + 1}`);
    return Promise.all(refs.map(stateOf));
  }

  return { ...service, tell, stateOf, states };
}

const ready = 'ready: Nothing is in the way: sonnet can start.';
const closed = 'done: Closed on Gitea.';

test('closing a blocker frees what waits for it in the same handling, reopening blocks it again', async () => {
  const { tell, states, logs } = await startProject();
  await tell(1, '');
  await tell(2, 'Blocked by #1');
  expect(await states(2)).toEqual([ready, 'blocked: Waits for acme/orbit#1, which is open.']);
  await tell(1, '', { action: 'closed', open: false });
  expect(await states(2)).toEqual([closed, ready]);
  expect(logs.filter(({ msg }) => msg === 'issue handled').at(-1)).toMatchObject({
    issue: 1,
    state: 'done',
    recomputed: 2,
  });
  await tell(1, '', { action: 'reopened' });
  expect(await states(2)).toEqual([ready, 'blocked: Waits for acme/orbit#1, which is open.']);
});

test('an issue waits for all of its blockers, and the sentence names those still open', async () => {
  const { tell, stateOf } = await startProject();
  for (const number of [1, 2, 3]) await tell(number, '', { assignees: null });
  await tell(4, 'Blocked by #3, #1\nDepends on #2');
  expect(await stateOf('acme/orbit#4')).toBe(
    'blocked: Waits for acme/orbit#3, acme/orbit#1 and acme/orbit#2, which are open.',
  );
  await tell(1, '', { open: false, assignees: null });
  expect(await stateOf('acme/orbit#4')).toBe(
    'blocked: Waits for acme/orbit#3 and acme/orbit#2, which are open.',
  );
});

test.each<[string, PayloadChanges]>([
  ['closed', { action: 'closed', open: false }],
  ['closed as not to be done', { action: 'closed', open: false, labels: ['wontfix'] }],
  ['deleted', { action: 'deleted' }],
  ['no longer said to block', { action: 'edited', body: '' }],
  ["no longer the bot's, and was the one to say so", { action: 'unassigned', assignees: null }],
])('an issue is ready once the last of its blockers is %s', async (_name, change) => {
  const { tell, stateOf } = await startProject();
  await tell(3, '');
  await tell(1, 'Blocks #3');
  await tell(2, 'Blocks #3');
  for (const [number, left] of [
    [1, 'blocked: Waits for acme/orbit#2, which is open.'],
    [2, ready],
  ] as const) {
    await tell(number, 'Blocks #3', change);
    expect(await stateOf('acme/orbit#3')).toBe(left);
  }
});

test('a deleted blocker no longer counts, and a warning says so', async () => {
  const { tell, stateOf, plan } = await startProject();
  await tell(1, '');
  await tell(2, 'Blocked by #1');
  await tell(1, '', { action: 'deleted' });
  expect(await stateOf('acme/orbit#1')).toBe('gone');
  expect(await stateOf('acme/orbit#2')).toBe(ready);
  expect(await plan('acme/orbit#2')).toMatchObject({
    blockedBy: [],
    warnings: [
      {
        code: 'blocker_deleted',
        text: 'acme/orbit#1 was deleted from Gitea: the dependency on it no longer counts.',
      },
    ],
  });
});

test('a blocker nobody has told of blocks, saying so, until it is seen', async () => {
  const { tell, stateOf, plan } = await startProject();
  await tell(2, 'Blocked by #1');
  expect(await stateOf('acme/orbit#2')).toBe(
    'blocked: Waits for acme/orbit#1, of which nothing is known yet: if the number is wrong, correct it or remove the dependency.',
  );
  expect(await plan('acme/orbit#2')).toMatchObject({
    reason: { code: 'unknown_blockers' },
    blockedBy: [{ ref: 'acme/orbit#1', state: 'unknown' }],
  });
  await tell(1, '', { assignees: null });
  expect(await stateOf('acme/orbit#2')).toBe('blocked: Waits for acme/orbit#1, which is open.');
  await tell(3, 'Blocked by #4');
  await tell(4, '', { assignees: null, open: false });
  expect(await stateOf('acme/orbit#3')).toBe(ready);
});

test("what another issue says it blocks counts only while that issue is the bot's", async () => {
  const { tell, stateOf, plan } = await startProject();
  await tell(2, '');
  await tell(1, 'Blocks #2');
  expect(await stateOf('acme/orbit#2')).toBe('blocked: Waits for acme/orbit#1, which is open.');
  expect(await plan('acme/orbit#1')).toMatchObject({
    blocks: [{ ref: 'acme/orbit#2', state: 'open', source: 'declared', evidence: 'Blocks #2' }],
  });
  await tell(1, 'Blocks #2', { action: 'unassigned', assignees: null });
  expect(await stateOf('acme/orbit#2')).toBe(ready);
  await tell(1, 'Blocks #2', { action: 'assigned' });
  expect(await stateOf('acme/orbit#2')).toBe('blocked: Waits for acme/orbit#1, which is open.');
  await tell(1, '', { action: 'edited' });
  expect(await stateOf('acme/orbit#2')).toBe(ready);
});

test('of a dependency that both ends declare, the word of the waiting issue is shown', async () => {
  const { tell, plan } = await startProject();
  await tell(1, 'Blocks #2');
  await tell(2, 'Depends on #1');
  expect(await plan('acme/orbit#2')).toMatchObject({ blockedBy: [{ evidence: 'Depends on #1' }] });
  expect(await plan('acme/orbit#1')).toMatchObject({ blocks: [{ evidence: 'Depends on #1' }] });
  await tell(2, '');
  expect(await plan('acme/orbit#2')).toMatchObject({ blockedBy: [{ evidence: 'Blocks #2' }] });
});

test('an issue taken from the bot is released, and what it declared no longer counts', async () => {
  const { tell, states, plan } = await startProject();
  await tell(1, '');
  await tell(2, 'Blocked by #1\nBlocks #3');
  await tell(3, '');
  await tell(2, 'Blocked by #1\nBlocks #3', { action: 'unassigned', assignees: ['ann'] });
  expect(await states(3)).toEqual([ready, 'released: Not assigned to the bot.', ready]);
  expect(await plan('acme/orbit#2')).toMatchObject({ blockedBy: [], blocks: [], reading: null });
});

test('two issues that wait for each other are told so, and an edit frees them', async () => {
  const { tell, states } = await startProject();
  await tell(1, 'Blocked by #2');
  await tell(2, 'Blocked by #1');
  expect(await states(2)).toEqual([
    'blocked: Waits for itself in a cycle: acme/orbit#1 → acme/orbit#2 → acme/orbit#1.',
    'blocked: Waits for itself in a cycle: acme/orbit#2 → acme/orbit#1 → acme/orbit#2.',
  ]);
  await tell(2, '');
  expect(await states(2)).toEqual(['blocked: Waits for acme/orbit#2, which is open.', ready]);
});

/** 1 waits for 2, 2 for 3 ... 5 for 1; 6 waits for 1, and 3 also for 7. */
async function startCycle() {
  const project = await startProject();
  await project.tell(7, '');
  await project.tell(6, 'Blocked by #1');
  for (const number of [4, 1, 3, 5, 2])
    await project.tell(number, `Blocked by #${(number % 5) + 1}${number === 3 ? ', #7' : ''}`);
  return project;
}

test('a cycle of five is named in order by each member, and only by them', async () => {
  const { states } = await startCycle();
  expect(await states(7)).toMatchInlineSnapshot(`
    [
      "blocked: Waits for itself in a cycle: acme/orbit#1 → acme/orbit#2 → acme/orbit#3 → acme/orbit#4 → acme/orbit#5 → acme/orbit#1.",
      "blocked: Waits for itself in a cycle: acme/orbit#2 → acme/orbit#3 → acme/orbit#4 → acme/orbit#5 → acme/orbit#1 → acme/orbit#2.",
      "blocked: Waits for itself in a cycle: acme/orbit#3 → acme/orbit#4 → acme/orbit#5 → acme/orbit#1 → acme/orbit#2 → acme/orbit#3.",
      "blocked: Waits for itself in a cycle: acme/orbit#4 → acme/orbit#5 → acme/orbit#1 → acme/orbit#2 → acme/orbit#3 → acme/orbit#4.",
      "blocked: Waits for itself in a cycle: acme/orbit#5 → acme/orbit#1 → acme/orbit#2 → acme/orbit#3 → acme/orbit#4 → acme/orbit#5.",
      "blocked: Waits for acme/orbit#1, which is open.",
      "ready: Nothing is in the way: sonnet can start.",
    ]
  `);
});

test.each<[string, number, string, PayloadChanges]>([
  ['closing', 4, 'Blocked by #5', { action: 'closed', open: false }],
  ['editing', 4, '', { action: 'edited' }],
  ['unassigning', 4, 'Blocked by #5', { action: 'unassigned', assignees: null }],
  ['deleting', 4, 'Blocked by #5', { action: 'deleted' }],
])('%s one member of a cycle frees all the others from it', async (_name, number, body, more) => {
  const { tell, states } = await startCycle();
  await tell(number, body, more);
  const texts = await states(7);
  expect(texts.filter((text) => text.includes('cycle'))).toEqual([]);
  expect(texts[0]).toBe('blocked: Waits for acme/orbit#2, which is open.');
  expect(texts[4]).toBe('blocked: Waits for acme/orbit#1, which is open.');
  await tell(number, `Blocked by #${number + 1}`, { action: 'edited' });
  const again = (await states(7)).filter((text) => text.includes('cycle'));
  expect(again).toHaveLength(more.action === 'deleted' ? 0 : 5);
});

test('an edge removed in an issue outside the cycle of its blocker still frees everybody', async () => {
  const { tell, states } = await startProject();
  await tell(1, 'Blocked by #2');
  await tell(2, '');
  await tell(3, 'Blocked by #1\nBlocks #2');
  const inCycle = async () => (await states(3)).filter((text) => text.includes('cycle')).length;
  expect(await inCycle()).toBe(3);
  await tell(3, 'Blocked by #1');
  expect(await states(3)).toEqual([
    'blocked: Waits for acme/orbit#2, which is open.',
    ready,
    'blocked: Waits for acme/orbit#1, which is open.',
  ]);
});

test('an issue that names itself waits for nobody, and a warning says so', async () => {
  const { tell, plan } = await startProject();
  await tell(1, 'Blocked by #1, acme/ORBIT#1\nTotal estimated: 20k');
  expect(await plan('acme/orbit#1')).toMatchObject({
    state: 'ready',
    blockedBy: [],
    warnings: [{ code: 'self_reference' }],
  });
});

test('a reference to a repository not seen yet is resolved by its first event', async () => {
  const { tell, stateOf, plan } = await startProject();
  await tell(1, 'Blocked by Acme/Lib#3\nBlocks acme/lib#4');
  expect(await stateOf('acme/orbit#1')).toBe(
    'blocked: Waits for acme/lib#3, of which nothing is known yet: if the number is wrong, correct it or remove the dependency.',
  );
  const lib = { repositoryId: 9, repository: 'Acme/Lib' };
  await tell(4, '', lib);
  expect(await stateOf('Acme/Lib#4')).toBe('blocked: Waits for acme/orbit#1, which is open.');
  expect(await plan('acme/orbit#1')).toMatchObject({
    blockedBy: [{ ref: 'Acme/Lib#3', state: 'unknown' }],
    blocks: [{ ref: 'Acme/Lib#4', state: 'open' }],
  });
  await tell(3, '', { ...lib, open: false });
  expect(await stateOf('acme/orbit#1')).toBe(ready);
});

test('after a rename plans, references and sentences have the new name, also of issues not told of since', async () => {
  const { tell, stateOf, plan } = await startProject();
  await tell(1, '');
  await tell(2, 'Blocked by #1');
  await tell(3, 'Blocked by #4');
  await tell(4, 'Blocked by #3');
  await tell(5, '', { action: 'deleted' });
  await tell(6, 'Blocked by #5');
  await tell(1, 'Blocked by acme/orbit#2', { repositoryId: 9, repository: 'acme/lib' });
  await tell(7, '', { repository: 'acme/nova' });
  expect(await stateOf('acme/orbit#2')).toBe('gone');
  expect(await stateOf('acme/nova#2')).toBe('blocked: Waits for acme/nova#1, which is open.');
  expect(await stateOf('acme/nova#3')).toBe(
    'blocked: Waits for itself in a cycle: acme/nova#3 → acme/nova#4 → acme/nova#3.',
  );
  expect(await stateOf('acme/lib#1')).toBe('blocked: Waits for acme/nova#2, which is open.');
  expect(await plan('acme/nova#2')).toMatchObject({ blockedBy: [{ ref: 'acme/nova#1' }] });
  expect(await plan('acme/nova#6')).toMatchObject({
    warnings: [
      { text: 'acme/nova#5 was deleted from Gitea: the dependency on it no longer counts.' },
    ],
  });
});

test('texts that use a former name of a repository go on meaning it', async () => {
  const { tell, stateOf } = await startProject();
  await tell(1, '');
  await tell(1, '', { repository: 'acme/nova' });
  await tell(2, 'Blocked by acme/orbit#1', { repository: 'acme/nova' });
  await tell(3, 'Blocked by ACME/orbit#1, acme/orbit#2', {
    repositoryId: 9,
    repository: 'acme/lib',
  });
  expect(await stateOf('acme/nova#2')).toBe('blocked: Waits for acme/nova#1, which is open.');
  expect(await stateOf('acme/lib#3')).toBe(
    'blocked: Waits for acme/nova#1 and acme/nova#2, which are open.',
  );
});

test('a late event with the former name does not bring the name back', async () => {
  const { tell, stateOf } = await startProject();
  await tell(1, '', { repository: 'acme/nova' });
  await tell(2, 'Blocked by #1', { updatedAt: '2026-11-22T10:00:00Z' });
  expect(await stateOf('acme/nova#2')).toBe('blocked: Waits for acme/nova#1, which is open.');
});

test('an issue that comes to bear the name it waits for does not wait for itself', async () => {
  const { tell, stateOf } = await startProject();
  await tell(1, 'Blocked by acme/nova#1');
  await tell(2, '', { repository: 'acme/nova' });
  expect(await stateOf('acme/nova#1')).toBe(ready);
});

test('a name given to another repository means the one that bears it last', async () => {
  const { tell, stateOf } = await startProject();
  await tell(1, '');
  await tell(1, '', { repository: 'acme/nova' });
  await tell(1, '', { repositoryId: 9, repository: 'acme/orbit', open: false });
  await tell(2, 'Blocked by acme/orbit#1', { repository: 'acme/nova' });
  expect(await stateOf('acme/nova#2')).toBe(ready);
});

test("an issue that was not the bot's is read from its newest delivery once it is", async () => {
  const directory = temporaryDirectory();
  const at = (second: number, body: string, assignees: readonly string[] | null) =>
    signedRequest(
      issuePayload({
        number: 1,
        body,
        open: true,
        assignees,
        repositoryId: 2,
        repository: 'acme/orbit',
        updatedAt: `2026-11-23T10:00:0${second}Z`,
      }),
    );
  const first = await startService({ directory, env: { GITEA_BOT_USERNAME: 'mistyped' } });
  await first.send(at(2, 'Total estimated: 20k\nBlocked by #7', bot));
  await first.idle();
  await first.close();
  const env = { GITEA_BOT_USERNAME: 'coordinator-bot' };
  const second = await startService({ directory, env });
  await second.send(at(1, 'An older text', null));
  await second.idle();
  expect(await second.plan('acme/orbit#1')).toMatchObject({
    state: 'blocked',
    blockedBy: [{ ref: 'acme/orbit#7' }],
    warnings: [],
  });
});

test('a text that is nowhere to be found is said to be missing, until an edit brings it', async () => {
  const { directory, tell, close } = await startProject();
  await tell(1, 'Blocked by #7', { assignees: ['mistyped'] });
  await close();
  const db = createDatabase(locationIn(directory));
  await db.deleteFrom('deliveries').execute();
  await db.destroy();
  const again = await startService({ directory, env: { GITEA_BOT_USERNAME: 'mistyped' } });
  const late = (body: string, updatedAt: string) =>
    again.send(
      signedRequest(issuePayload({ number: 1, body, updatedAt, assignees: ['mistyped'] })),
    );
  for (const second of [1, 2]) {
    await late('An older text', `2026-11-22T10:00:0${second}Z`);
    await again.idle();
    expect(await again.plan('acme/orbit#1')).toMatchObject({
      warnings: [{ code: 'text_not_kept' }, { code: 'nothing_readable' }],
    });
  }
  await late('Blocked by #7', '2026-11-24T10:00:00Z');
  await again.idle();
  expect(await again.plan('acme/orbit#1')).toMatchObject({ state: 'blocked', warnings: [] });
});
