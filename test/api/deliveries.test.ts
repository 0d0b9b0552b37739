import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { maxAttempts } from '../../src/inbox/backoff.ts';
import { createIntake } from '../../src/inbox/intake.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { IssueText } from '../../src/issue/reading.ts';
import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';
import { anyText, containing, including, matching } from '../support/matching.ts';
import { openInserter, statementIn } from '../support/database.ts';

const pageSchema = z.object({
  items: z.array(z.looseObject({ deliveryId: z.string(), status: z.string() })),
  nextCursor: z.string().nullable(),
});

async function ids(service: Service, query = '') {
  const page = pageSchema.parse((await service.api(`/deliveries${query}`)).json);
  return { ids: page.items.map(({ deliveryId }) => deliveryId), nextCursor: page.nextCursor };
}

function replay(service: Service, id: string) {
  return service.api(`/deliveries/${id}/replay`, { method: 'POST' });
}

/** Puts a row into the inbox as an earlier version left it: authentic bytes it did not understand. */
async function keepRejected(service: Service, id: string, raw: Buffer): Promise<void> {
  const { insert } = openInserter(service.config.database);
  const intake = createIntake(insert, Date.now);
  await intake.addRejected({
    id,
    eventName: 'issues',
    bodyHash: createHash('sha256').update(raw).digest('hex'),
    raw,
    error: 'The version of last year did not know this.',
  });
}

/** A reader that fails until it is mended. */
function brittleReader() {
  let broken = true;
  const names = builtInAgents.map(({ name }) => name);
  return {
    read: (issue: IssueText) =>
      broken
        ? Promise.reject(new Error('the reader is broken'))
        : Promise.resolve(readOffline(issue, names)),
    mend: () => {
      broken = false;
    },
  };
}

/** One delivery of each status, under that name. */
async function oneOfEach() {
  const { now, advance } = manualClock();
  const reader = brittleReader();
  const service = await startService({
    ...{ now, read: reader.read, random: () => 0 },
    expectAtEnd: { dead: 1, errors: ['delivery is dead'] },
  });
  const send = (id: string, payload: unknown) => service.send(signedRequest(payload, { id }));
  await send('dead', issuePayload({ number: 1 }));
  await service.idle();
  for (let attempt = 2; attempt <= maxAttempts; attempt += 1) {
    advance(3_600_000);
    await service.idle();
  }
  await send('rejected', {});
  await send('done', issuePayload({ number: 2, assignees: null }));
  await send('scheduled', issuePayload({ number: 3 }));
  await service.idle();
  return { service, reader, now };
}

test('deliveries are listed newest first, by status and page by page', async () => {
  const { service } = await oneOfEach();
  expect((await ids(service)).ids).toEqual(['scheduled', 'done', 'rejected', 'dead']);
  for (const status of ['scheduled', 'done', 'rejected', 'dead'])
    expect((await ids(service, `?status=${status}`)).ids).toEqual([status]);
  expect((await ids(service, '?status=pending')).ids).toEqual([]);
  const first = await ids(service, '?limit=2');
  const second = await ids(service, `?limit=2&cursor=${first.nextCursor ?? ''}`);
  expect([...first.ids, ...second.ids]).toEqual(['scheduled', 'done', 'rejected', 'dead']);
  expect(second.nextCursor).toBeNull();
  const paged = await ids(service, '?limit=1');
  expect(await ids(service, `?limit=3&cursor=${paged.nextCursor ?? ''}`)).toEqual({
    ids: ['done', 'rejected', 'dead'],
    nextCursor: null,
  });
});

test('a delivery is shown with all that an operator asks about, and without its text', async () => {
  const { service } = await oneOfEach();
  expect(await service.api('/deliveries/scheduled')).toEqual({
    status: 200,
    json: {
      deliveryId: 'scheduled',
      status: 'scheduled',
      eventName: 'issues',
      event: 'assigned',
      ref: 'acme/orbit#3',
      receivedAt: '2026-11-23T19:00:00.000Z',
      dueAt: '2026-11-23T19:00:05.000Z',
      handledAt: null,
      attempts: 1,
      error: 'Error: the reader is broken',
      bodyHash: matching(/^[0-9a-f]{64}$/),
    },
  });
  expect(await service.api('/deliveries/dead')).toMatchObject({
    json: { status: 'dead', attempts: 8, error: 'Error: the reader is broken' },
  });
  expect(await service.api('/deliveries/rejected')).toMatchObject({
    json: { status: 'rejected', event: null, ref: null, handledAt: null },
  });
});

test.each(['?status=lost', '?limit=0', '?limit=1000', '?cursor=x', '?cursor=-1', '?cursor=1.5'])(
  'the question %s is refused with 400',
  async (query) => {
    const { api } = await startService();
    expect(await api(`/deliveries${query}`)).toMatchObject({
      status: 400,
      json: { error: { code: anyText, message: anyText } },
    });
  },
);

test('a delivery nobody knows is not found, to show or to replay', async () => {
  const service = await startService();
  const json = { error: { code: 'not_found', message: 'There is no delivery with that id.' } };
  expect(await service.api('/deliveries/nobody')).toEqual({ status: 404, json });
  expect(await replay(service, 'nobody')).toEqual({ status: 404, json });
});

test('a rejected delivery that is understood by now becomes done, and its issue planned', async () => {
  const service = await startService();
  await keepRejected(service, 'kept', Buffer.from(JSON.stringify(issuePayload({ body: '' }))));
  expect((await ids(service, '?status=rejected')).ids).toEqual(['kept']);
  expect(await replay(service, 'kept')).toMatchObject({
    status: 200,
    json: { deliveryId: 'kept', status: 'pending' },
  });
  await service.idle();
  expect(await service.api('/deliveries/kept')).toMatchObject({
    json: { status: 'done', event: 'assigned', ref: 'acme/orbit#5', error: null },
  });
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'ready' });
});

test('a rejected delivery that is still not understood is rejected again, with a new reason', async () => {
  const service = await startService();
  await keepRejected(service, 'kept', Buffer.from('{"action":"assigned"}'));
  for (let round = 1; round <= 2; round += 1) {
    expect(await replay(service, 'kept')).toMatchObject({ status: 200 });
    await service.idle();
    expect(await service.api('/deliveries/kept')).toMatchObject({
      json: { status: 'rejected', error: containing('not as expected') },
    });
  }
});

test('a rejected delivery understood by now as one to ignore stays rejected and says so', async () => {
  const service = await startService();
  await keepRejected(
    service,
    'kept',
    Buffer.from(JSON.stringify(issuePayload({ action: 'pinned' }))),
  );
  await replay(service, 'kept');
  await service.idle();
  expect(await service.api('/deliveries/kept')).toMatchObject({
    json: { status: 'rejected', error: containing('pinned changes no plan') },
  });
});

test('a delivery refused over HTTP is read anew by a replay, from the bytes that were kept', async () => {
  const service = await startService();
  const bytes = Buffer.from(JSON.stringify(issuePayload()));
  // The event header is not signed: under a wrong one the body is refused.
  const request = signedRequest(bytes, { event: 'issue_comment', id: 'mislabelled' });
  expect(await service.send(request)).toMatchObject({ status: 422 });
  expect(await replay(service, 'mislabelled')).toMatchObject({ status: 200 });
  await service.idle();
  expect((await ids(service, '?status=rejected')).ids).toEqual(['mislabelled']);
});

test('a rejected delivery whose bytes are no longer kept cannot be replayed, and the answer says what can', async () => {
  const service = await startService();
  await service.send(signedRequest({}, { id: 'old' }));
  await service.idle();
  await statementIn(service.directory, 'update deliveries set raw = null, raw_size = 0');
  expect(await replay(service, 'old')).toEqual({
    status: 409,
    json: {
      error: {
        code: 'bytes_not_kept',
        message: containing('Replay it from the history page of the hook in Gitea'),
      },
    },
  });
});

test('a dead delivery is handled when it is replayed after the cause is gone', async () => {
  const { service, reader } = await oneOfEach();
  expect(await service.plan('acme/orbit#1')).toBeUndefined();
  reader.mend();
  expect(await replay(service, 'dead')).toMatchObject({
    status: 200,
    json: { status: 'pending', attempts: 0, error: null },
  });
  await service.idle();
  expect(await service.api('/deliveries/dead')).toMatchObject({ json: { status: 'done' } });
  service.expectAtEnd({ dead: 0 });
  expect(await service.plan('acme/orbit#1')).toBeDefined();
});

test('a delivery that is done can be replayed and changes nothing', async () => {
  const service = await startService();
  await service.send(signedRequest(issuePayload(), { id: 'once' }));
  await service.idle();
  const before = await service.plan('acme/orbit#5');
  expect(await replay(service, 'once')).toMatchObject({ status: 200 });
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toEqual(before);
  expect(await service.api('/deliveries/once')).toMatchObject({ json: { status: 'done' } });
});

test('a replay needs a token and the method POST', async () => {
  const service = await startService();
  const noToken = { method: 'POST', headers: { authorization: 'Bearer nobody' } };
  expect(await service.api('/deliveries/x/replay', noToken)).toMatchObject({ status: 401 });
  expect(await service.api('/deliveries/x/replay')).toMatchObject({ status: 404 });
});

test('a replay is logged with the name of its caller', async () => {
  const service = await startService({
    env: { API_TOKENS: 'first:token-of-the-first-01,second:token-of-the-second-2' },
  });
  await service.send(signedRequest(issuePayload(), { id: 'once' }));
  for (const token of ['token-of-the-first-01', 'token-of-the-second-2']) {
    const init = { method: 'POST', headers: { authorization: `Bearer ${token}` } };
    expect(await service.api('/deliveries/once/replay', init)).toMatchObject({ status: 200 });
    await service.api('/deliveries/nobody/replay', init);
  }
  const lines = service.logs.filter(({ msg }) => msg === 'delivery replayed');
  expect(lines).toEqual([
    including({ level: 'info', caller: 'first', delivery: 'once' }),
    including({ level: 'info', caller: 'second', delivery: 'once' }),
  ]);
});

test('a replay that announces JSON needs no body, and broken JSON is refused', async () => {
  const service = await startService();
  await service.send(signedRequest(issuePayload(), { id: 'once' }));
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const path = '/deliveries/once/replay';
  for (const body of [undefined, '', '{}'])
    expect(await service.api(path, { ...init, body: body ?? null })).toMatchObject({ status: 200 });
  expect(await service.api(path, { ...init, body: '{' })).toMatchObject({
    status: 400,
    json: { error: { code: 'invalid_request' } },
  });
});

test('what the API refuses, it does not explain by the settings of a hook', async () => {
  const { api } = await startService();
  const post = (type: string, body: string) =>
    api('/deliveries/x/replay', { method: 'POST', headers: { 'content-type': type }, body });
  expect(await post('application/xml', 'x')).toEqual({
    status: 415,
    json: {
      error: { code: 'unsupported_media_type', message: 'Only application/json is taken.' },
    },
  });
  expect(await post('application/json', ' '.repeat(2 * 1024 * 1024))).toEqual({
    status: 413,
    json: { error: { code: 'too_large', message: 'The body is too large.' } },
  });
});
