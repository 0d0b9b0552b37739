import { hash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { startGitea } from '../fake-gitea/gitea.ts';
import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';
import { statementIn } from '../support/database.ts';

const second = '2026-11-23T11:00:00Z';
const assigned = issuePayload({ updatedAt: second });
const unassigned = issuePayload({ action: 'unassigned', assignees: [], updatedAt: second });
const closed = issuePayload({ action: 'closed', open: false, updatedAt: second });

async function outcomes(service: Service, ...requests: Parameters<Service['send']>[0][]) {
  const answers: (string | undefined)[] = [];
  for (const request of requests) {
    const { json } = await service.send(request);
    answers.push(json.status ?? json.error?.code);
    await service.idle();
  }
  return answers;
}

async function stateOf(service: Service): Promise<string | undefined> {
  return (await service.plan('acme/orbit#5'))?.state;
}

/** Reads the database beside the service. */
function query({ directory }: Service, sql: string): Promise<unknown[]> {
  return statementIn(directory, sql);
}

describe('M1a: equal bytes are one delivery, whatever the headers say', () => {
  const captures: [string, Record<string, unknown>, string][] = [
    ['unassigned', unassigned, 'released'],
    ['closed', closed, 'done'],
  ];
  test.each(captures)('a capture sent after "%s" moves nothing', async (_name, after, state) => {
    const service = await startService();
    const capture = signedRequest(assigned, { id: 'captured' });
    const again = (headers: Record<string, string>) => ({
      body: capture.body,
      headers: { ...capture.headers, ...headers },
    });
    expect(await outcomes(service, capture, signedRequest(after))).toEqual([
      'accepted',
      'accepted',
    ]);
    expect(await stateOf(service)).toBe(state);
    const replays = [
      again({ 'x-gitea-delivery': 'other' }),
      again({ 'x-gitea-delivery': '' }),
      again({ 'x-gitea-delivery': 'typed', 'x-gitea-event-type': 'issue_label' }),
      again({ 'x-gitea-delivery': 'untyped', 'x-gitea-event': '', 'x-gogs-event': 'issues' }),
    ];
    const names = ['issue_comment', 'A B', 'ISSUES', 'push', 'pull_request', 'null'];
    const typed = names.map((name) => again({ 'x-gitea-delivery': 'z', 'x-gitea-event': name }));
    const unnamed = again({ 'x-gitea-event': '' });
    const all = [...replays, ...typed, unnamed];
    expect(await outcomes(service, ...all)).toEqual(all.map(() => 'duplicate'));
    expect(await stateOf(service)).toBe(state);
    expect(await query(service, 'select id from deliveries')).toHaveLength(2);
  });

  test('also when the secret was changed in between', async () => {
    const first = await startService();
    expect(await outcomes(first, signedRequest(assigned))).toEqual(['accepted']);
    const { directory } = first;
    await first.close();
    const env = {
      GITEA_WEBHOOK_SECRET: 'the-secret-of-next-year',
      GITEA_WEBHOOK_SECRET_PREVIOUS: 'orbit-test-secret',
    };
    const next = await startService({ directory, env });
    const signedAnew = signedRequest(assigned, { secret: 'the-secret-of-next-year' });
    expect(await outcomes(next, signedRequest(assigned), signedAnew)).toEqual([
      'duplicate',
      'duplicate',
    ]);
  });

  test('as one commit, when they arrive together', async () => {
    const service = await startService();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => service.send(signedRequest(assigned))),
    );
    const accepted = answers.filter(({ json }) => json.status === 'accepted');
    expect(accepted).toHaveLength(1);
    expect(answers.filter(({ json }) => json.status === 'duplicate')).toHaveLength(19);
    await service.idle();
  });

  test('a person can still have it handled again', async () => {
    const service = await startService();
    await outcomes(service, signedRequest(assigned, { id: 'one' }), signedRequest(unassigned));
    const { status } = await service.api('/deliveries/one/replay', { method: 'POST' });
    expect(status).toBe(200);
    await service.idle();
    // Its text is not kept any more, and the newer snapshot decides.
    expect(await stateOf(service)).toBe('released');
  });
});

describe('other bytes are another delivery, whatever id the header says', () => {
  const numbers = [1, 2, 3];
  const requests = numbers.map((number) =>
    signedRequest(issuePayload({ number, body: '' }), { id: 'clash' }),
  );

  test('one after the other', async () => {
    const service = await startService();
    expect(await outcomes(service, ...requests)).toEqual(numbers.map(() => 'accepted'));
    expect(await outcomes(service, ...requests)).toEqual(numbers.map(() => 'duplicate'));
    for (const number of numbers)
      expect((await service.plan(`acme/orbit#${number}`))?.state).toBe('ready');
  });

  test('in one commit', async () => {
    const service = await startService();
    const twice = [...requests, ...requests];
    const answers = await Promise.all(twice.map((request) => service.send(request)));
    await service.idle();
    const accepted = answers.filter(({ json }) => json.status === 'accepted');
    expect(accepted).toHaveLength(numbers.length);
    for (const number of numbers)
      expect((await service.plan(`acme/orbit#${number}`))?.state).toBe('ready');
  });

  test('also an id that looks like one of ours', async () => {
    const service = await startService();
    const [one, two] = requests;
    if (one === undefined || two === undefined) throw new Error('no request');
    const id = `body-${hash('sha256', two.body, 'hex')}`;
    const taken = { ...one, headers: { ...one.headers, 'x-gitea-delivery': id } };
    const again = signedRequest(issuePayload({ number: 3, body: '' }), { id: 'x' });
    const clash = { ...two, headers: { ...two.headers, 'x-gitea-delivery': 'x' } };
    expect(await outcomes(service, taken, again, clash)).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ]);
  });
});

describe('bytes that led to nothing are taken when they come again', () => {
  test('after the delivery was given up', async () => {
    const { now, advance } = manualClock();
    let broken = true;
    const service = await startService({
      ...{ now, expectAtEnd: { errors: ['delivery is dead'] } },
      read: () => Promise.reject(new Error(broken ? 'broken' : 'mended')),
    });
    await outcomes(service, signedRequest(issuePayload(), { id: 'first' }));
    for (let attempt = 2; attempt <= 8; attempt += 1) {
      advance(3_600_000);
      await service.idle();
    }
    expect(await query(service, 'select id, status from deliveries')).toEqual([
      { id: 'first', status: 'dead' },
    ]);
    broken = false;
    expect(await outcomes(service, signedRequest(issuePayload(), { id: 'second' }))).toEqual([
      'accepted',
    ]);
    expect(await query(service, 'select id, status, attempts from deliveries')).toEqual([
      { id: 'second', status: 'waiting', attempts: 1 },
    ]);
  });

  test('after they were rejected under a wrong event', async () => {
    const service = await startService();
    const wrong = signedRequest(assigned, { event: 'issue_comment', id: 'wrong' });
    const right = signedRequest(assigned, { id: 'right' });
    expect(await outcomes(service, wrong, right, wrong)).toEqual([
      'payload_not_understood',
      'accepted',
      'duplicate',
    ]);
    expect(await query(service, 'select id, status, raw_size from deliveries')).toEqual([
      { id: 'right', status: 'done', raw_size: 0 },
    ]);
  });

  test.each(['issue_comment', 'push', 'A B'])(
    'after they came with the same id under the event %s',
    async (event) => {
      const service = await startService();
      const wrong = signedRequest(assigned, { event, id: 'same' });
      const [right, other] = ['same', 'other'].map((id) => signedRequest(assigned, { id }));
      if (right === undefined || other === undefined) throw new Error('no request');
      const [first, ...others] = await outcomes(service, wrong, right, wrong, other);
      expect(first).toBe(event === 'push' ? 'ignored' : 'payload_not_understood');
      expect(others).toEqual(['accepted', 'duplicate', 'duplicate']);
      expect(await stateOf(service)).toBe('blocked');
      expect(await query(service, 'select status from deliveries')).toEqual([{ status: 'done' }]);
    },
  );

  test('rejected again under other ids they are kept once', async () => {
    const service = await startService();
    for (const id of ['a', 'b', 'c']) await service.send(signedRequest({ odd: true }, { id }));
    await service.idle();
    expect(await query(service, 'select id from deliveries')).toEqual([{ id: 'a' }]);
  });
});

describe('M1b: handled deliveries keep no text that no issue needs', () => {
  const texts = 'select id, body from deliveries where body is not null order by seq';

  test('none while the issue is assigned, the newest alone while it is not', async () => {
    const service = await startService();
    const at = (minute: number) => `2026-11-23T11:0${minute}:00Z`;
    const step = (minute: number, changes: Parameters<typeof issuePayload>[0]) =>
      signedRequest(issuePayload({ ...changes, updatedAt: at(minute) }), { id: `m${minute}` });
    await outcomes(service, step(0, { body: 'zero' }), step(1, { body: 'one' }));
    expect(await query(service, texts)).toEqual([]);
    await outcomes(service, step(2, { action: 'unassigned', assignees: [], body: 'two' }));
    expect(await query(service, texts)).toEqual([{ id: 'm2', body: 'two' }]);
    await outcomes(service, step(4, { action: 'edited', assignees: [], body: 'four' }));
    await outcomes(service, step(3, { action: 'edited', assignees: [], body: 'three' }));
    expect(await query(service, texts)).toEqual([{ id: 'm4', body: 'four' }]);
    await outcomes(service, step(5, { body: 'Recommended agent: haiku' }));
    expect(await query(service, texts)).toEqual([]);
    expect(await stateOf(service)).toBe('ready');
  });

  test('an issue is read from the kept text when it is refreshed', async () => {
    const service = await startService();
    const payload = issuePayload({ body: 'Blocked by #77' });
    await outcomes(service, signedRequest(payload, { id: 'one' }));
    await service.api('/deliveries/one/replay', { method: 'POST' });
    await service.idle();
    expect((await service.plan('acme/orbit#5'))?.blockedBy).toMatchObject([
      { ref: 'acme/orbit#77' },
    ]);
  });
});

describe('with a token, equal bytes have Gitea asked', () => {
  const refreshes = `select status from deliveries where kind = 'refreshed'`;

  test('once handled, and a bounded number of times a minute', async () => {
    const gitea = await startGitea();
    const { now, advance } = manualClock();
    const service = await startService({ gitea, now });
    await outcomes(service, signedRequest(assigned));
    expect(await query(service, refreshes)).toEqual([]);
    await outcomes(service, signedRequest(assigned));
    expect(await query(service, refreshes)).toEqual([{ status: 'done' }]);
    await outcomes(service, ...Array.from({ length: 30 }, () => signedRequest(assigned)));
    expect(await query(service, refreshes)).toHaveLength(11);
    expect(await query(service, `${refreshes} and status = 'waiting'`)).toHaveLength(1);
    advance(10_001);
    await service.idle();
    expect(await query(service, `${refreshes} and status = 'waiting'`)).toEqual([]);
  });

  test('while the first one waits, only if something came in between', async () => {
    const gitea = await startGitea();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const service = await startService({
      gitea,
      read: async () => {
        await promise;
        throw new Error('not now');
      },
      env: { DELIVERY_RETENTION_DAYS: '3650' },
    });
    const send = async (payload: unknown) => (await service.send(signedRequest(payload))).json;
    await send(assigned);
    expect(await send(assigned)).toMatchObject({ status: 'duplicate' });
    // The look at the store is behind the duplicate.
    await service.health();
    expect(await query(service, refreshes)).toEqual([]);
    await send(unassigned);
    expect(await send(assigned)).toMatchObject({ status: 'duplicate' });
    await expect.poll(() => query(service, refreshes)).toHaveLength(1);
    resolve(undefined);
    await service.idle();
  });
});
