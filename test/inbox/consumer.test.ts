import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { IssueText, Reading } from '../../src/issue/reading.ts';
import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, temporaryDirectory, type Service } from '../support/service.ts';
import { testOfSqlite } from '../support/database.ts';

const agentNames = builtInAgents.map(({ name }) => name);

function read(issue: IssueText): Reading {
  return readOffline(issue, agentNames);
}

/** A promise that the test resolves. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise, open: () => resolve(undefined) };
}

const baseTime = Date.parse('2026-11-23T10:00:00Z');

function assignment(number: number, second = 0, title = `Issue ${number}`) {
  const updatedAt = new Date(baseTime + second * 1000).toISOString();
  return signedRequest(issuePayload({ number, title, updatedAt, body: 'A plain text.' }));
}

const healthSchema = z.object({
  checks: z.object({
    inbox: z.looseObject({ pending: z.int(), scheduled: z.int(), dead: z.int() }),
  }),
});

async function inboxOf(service: Service) {
  const reply = await service.health();
  return healthSchema.parse(await reply.json()).checks.inbox;
}

test('a storm on an issue that is being handled costs one more reading, of the newest text', async () => {
  const first = gate();
  const started = gate();
  const titles: string[] = [];
  const service = await startService({
    read: async (issue) => {
      titles.push(issue.title);
      started.open();
      await first.opened;
      return read(issue);
    },
  });
  await service.send(assignment(1, 0, 'first'));
  await started.opened;
  const storm = Array.from({ length: 200 }, (_, index) =>
    service.send(assignment(1, index + 1, `title ${index + 1}`)),
  );
  const answers = await Promise.all(storm);
  expect(new Set(answers.map(({ json }) => json.status))).toEqual(new Set(['accepted']));
  expect(titles).toEqual(['first']);
  // The look takes in what has arrived.
  await service.health();
  first.open();
  await service.idle();
  expect(titles).toEqual(['first', 'title 200']);
  expect(await service.plan('acme/orbit#1')).toMatchObject({ title: 'title 200' });
  expect(await inboxOf(service)).toMatchObject({ pending: 0, scheduled: 0, dead: 0 });
});

test('other issues go on while one is held and another fails', async () => {
  const held = gate();
  const clock = manualClock();
  const service = await startService({
    ...clock,
    read: async (issue) => {
      if (issue.number === 1) await held.opened;
      if (issue.number === 2) throw new Error('cannot be read');
      return read(issue);
    },
  });
  for (const number of [1, 2]) await service.send(assignment(number));
  for (const number of [3, 4, 5]) {
    await service.send(assignment(number));
    let plan = await service.plan(`acme/orbit#${number}`);
    while (plan === undefined) plan = await service.plan(`acme/orbit#${number}`);
    expect(plan.state).toBe('ready');
  }
  expect(await service.plan('acme/orbit#1')).toBeUndefined();
  held.open();
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
  expect(await service.plan('acme/orbit#2')).toBeUndefined();
  expect(await inboxOf(service)).toMatchObject({ pending: 0, scheduled: 1 });
});

test('no more issues are handled side by side than WORKER_CONCURRENCY says', async () => {
  const held = gate();
  const full = gate();
  let active = 0;
  let most = 0;
  let readings = 0;
  const service = await startService({
    env: { WORKER_CONCURRENCY: '2' },
    read: async (issue) => {
      active += 1;
      readings += 1;
      most = Math.max(most, active);
      if (active === 2) full.open();
      await held.opened;
      active -= 1;
      return read(issue);
    },
  });
  for (const number of [1, 2, 3, 4, 5, 6]) await service.send(assignment(number));
  await full.opened;
  expect(await inboxOf(service)).toMatchObject({ pending: 6 });
  expect(readings).toBe(2);
  held.open();
  await service.idle();
  expect({ most, readings }).toEqual({ most: 2, readings: 6 });
});

test('one issue is never handled twice at the same time', async () => {
  let active = 0;
  let most = 0;
  const service = await startService({
    read: async (issue) => {
      active += 1;
      most = Math.max(most, active);
      await fetch(`${service.url}/livez`);
      active -= 1;
      return read(issue);
    },
  });
  const sent = Array.from({ length: 30 }, (_, second) => service.send(assignment(1, second)));
  await Promise.all(sent);
  await service.idle();
  expect(most).toBe(1);
});

test('handling that failed is tried again when its time has come, and is then fine', async () => {
  const clock = manualClock();
  let failures = 2;
  const service = await startService({
    ...clock,
    random: () => 0,
    read: (issue) => {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new Error('cannot be read'));
      return Promise.resolve(read(issue));
    },
  });
  await service.send(assignment(1));
  for (const wait of [5_000, 20_000]) {
    await service.idle();
    expect(await inboxOf(service)).toMatchObject({ pending: 0, scheduled: 1 });
    clock.advance(wait - 1);
    await service.idle();
    expect(await service.plan('acme/orbit#1')).toBeUndefined();
    clock.advance(1);
  }
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
  const warnings = service.logs.filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([
    { msg: 'handling failed, the delivery is retried later', attempt: 1 },
    { msg: 'handling failed, the delivery is retried later', attempt: 2 },
  ]);
});

test('a newer delivery has a failed one tried at once, together with it', async () => {
  const clock = manualClock();
  let fails = true;
  const titles: string[] = [];
  const service = await startService({
    ...clock,
    read: (issue) => {
      titles.push(issue.title);
      return fails ? Promise.reject(new Error('cannot be read')) : Promise.resolve(read(issue));
    },
  });
  await service.send(assignment(1, 1, 'old'));
  await service.idle();
  fails = false;
  await service.send(assignment(1, 2, 'new'));
  await service.idle();
  expect(titles).toEqual(['old', 'new']);
  expect(await inboxOf(service)).toMatchObject({ pending: 0, scheduled: 0 });
});

test('a delivery that fails eight times is given up, shown with its error, and can be replayed', async () => {
  const clock = manualClock();
  let fails = true;
  const service = await startService({
    ...clock,
    expectAtEnd: { errors: ['delivery is dead'] },
    read: (issue) =>
      fails ? Promise.reject(new Error('cannot be read')) : Promise.resolve(read(issue)),
  });
  const { json } = await service.send(assignment(1));
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    await service.idle();
    clock.advance(3_600_000);
  }
  expect(await inboxOf(service)).toMatchObject({ pending: 0, scheduled: 0, dead: 1 });
  const dead = await service.api('/deliveries?status=dead');
  expect(dead.json).toMatchObject({
    items: [{ deliveryId: json.deliveryId, attempts: 8, error: 'Error: cannot be read' }],
  });
  fails = false;
  const path = `/deliveries/${json.deliveryId ?? ''}/replay`;
  expect(await service.api(path, { method: 'POST' })).toMatchObject({ status: 200 });
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
});

testOfSqlite('a database locked by another process uses up no try', async () => {
  const directory = temporaryDirectory();
  let other: DatabaseSync | undefined;
  const service = await startService({
    directory,
    read: (issue) => {
      if (other === undefined) {
        other = new DatabaseSync(join(directory, 'coordinator.db'));
        other.exec('begin immediate');
      }
      return Promise.resolve(read(issue));
    },
  });
  onTestFinished(() => other?.close());
  const { json } = await service.send(assignment(1));
  const warnings = () => service.logs.filter(({ level }) => level === 'warn');
  await expect
    .poll(warnings)
    .toMatchObject([{ msg: 'the store is not available, retrying the delivery' }]);
  other?.exec('rollback');
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
  const handled = await service.api(`/deliveries/${json.deliveryId ?? ''}`);
  expect(handled.json).toMatchObject({ status: 'done', attempts: 0, error: null });
});

test('closing aborts a handler that hangs, and the next start handles its delivery', async () => {
  const directory = temporaryDirectory();
  const started = gate();
  const hanging = await startService({
    directory,
    read: (_issue, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        started.open();
      }),
  });
  await hanging.send(assignment(1));
  await started.opened;
  await hanging.close();
  expect(hanging.logs.at(-1)?.msg).toBe('coordinator stopped');
  const next = await startService({ directory });
  await next.idle();
  expect(await next.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
  const { json } = await next.api('/deliveries');
  expect(json).toMatchObject({ items: [{ status: 'done', attempts: 0, error: null }] });
});

// With PostgreSQL no query blocks the event loop, and so many issues take minutes.
testOfSqlite('requests are answered while many waiting issues are handled', async () => {
  const directory = temporaryDirectory();
  const issues = 400;
  const before = await startService({
    directory,
    read: (_issue, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
  });
  const sent = Array.from({ length: issues }, (_, index) => before.send(assignment(index + 1)));
  await Promise.all(sent);
  await before.close();
  let readings = 0;
  const service = await startService({
    directory,
    read: (issue) => {
      readings += 1;
      return Promise.resolve(read(issue));
    },
  });
  const answers: number[] = [];
  for (let request = 0; request < 5; request += 1) {
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    answers.push(readings);
  }
  expect((await service.send(assignment(issues + 1))).status).toBe(200);
  answers.push(readings);
  expect(answers.at(-1)).toBeLessThan(issues);
  await service.idle();
  expect(readings).toBe(issues + 1);
});
