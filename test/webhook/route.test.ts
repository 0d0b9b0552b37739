import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { StoreUnavailable } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { createApp } from '../../src/http/server.ts';
import { createWebhookCounts } from '../../src/webhook/counts.ts';
import { registerWebhook } from '../../src/webhook/route.ts';
import { issuePayload, recordedSecret, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';
import { including } from '../support/matching.ts';
import { exchange, openSocket, requestHead, untilClosed } from '../support/raw-http.ts';
import { statementIn, testOfSqlite } from '../support/database.ts';

const mebibyte = 1024 * 1024;
const json: readonly [string, string] = ['Content-Type', 'application/json'];
/** Well formed, so that the body is read, and of no body. */
const wrongSignature: readonly [string, string] = ['X-Gitea-Signature', '0'.repeat(64)];
const errorSchema = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string() }),
});
const deliveriesSchema = z.object({
  items: z.array(
    z.looseObject({ deliveryId: z.string(), status: z.string(), error: z.string().nullable() }),
  ),
});

async function deliveries(service: Service, status: string) {
  return deliveriesSchema.parse((await service.api(`/deliveries?status=${status}`)).json).items;
}

function errorOf(body: string) {
  return errorSchema.parse(JSON.parse(body)).error;
}

describe('405', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'])(
    '%s is refused before anything else and told what is allowed',
    async (method) => {
      const service = await startService();
      const form = 'payload=%7B%7D';
      const plain = await exchange(service.url, requestHead(method, []));
      const withForm = await exchange(
        service.url,
        requestHead(method, [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['Content-Length', String(form.length)],
        ]),
        form,
      );
      for (const answer of [plain, withForm]) {
        expect(answer.status).toBe(405);
        expect(answer.head.toLowerCase()).toContain('\r\nallow: post');
        if (method !== 'HEAD') expect(errorOf(answer.body).code).toBe('method_not_allowed');
      }
    },
  );

  test('holds with a trailing slash and a query too', async () => {
    const { url } = await startService();
    expect((await fetch(`${url}/webhook/gitea/?a=1`)).status).toBe(405);
  });

  test.each(['/webhook/%67itea', '/%77ebhook/gitea/', 'http://127.0.0.1/webhook/gitea?a=1'])(
    'and POST are answered at %s as at the plain path',
    async (path) => {
      const { url } = await startService();
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PROPFIND']) {
        const answer = await exchange(url, requestHead(method, [], path));
        expect([method, answer.status]).toEqual([method, 405]);
        expect(answer.head.toLowerCase()).toContain('\r\nallow: post');
      }
      const { body, headers } = signedRequest(issuePayload());
      const length: [string, string] = ['Content-Length', String(body.length)];
      const head = requestHead('POST', [...Object.entries(headers), length], path);
      expect(await exchange(url, head, body)).toMatchObject({ status: 200 });
    },
  );

  test('comes before 413 and waits for no body', async () => {
    const { url } = await startService();
    const head = requestHead('PUT', [json, ['Content-Length', String(17 * mebibyte)]]);
    expect(await exchange(url, head)).toMatchObject({ status: 405 });
  });

  test('is for the webhook alone: elsewhere a method nobody serves is not found', async () => {
    const { url } = await startService();
    for (const method of ['PUT', 'PROPFIND'])
      expect(await exchange(url, requestHead(method, [], '/health'))).toMatchObject({
        status: 404,
      });
  });
});

describe('415', () => {
  const { body, headers } = signedRequest(issuePayload());
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application',
    'application/json-seq',
    ';;;',
    '/',
  ];

  test.each(types)('a body of type "%s" is refused, and told what to switch to', async (type) => {
    const service = await startService();
    const answer = await service.send({ body, headers: { ...headers, 'content-type': type } });
    expect(answer).toMatchObject({
      status: 415,
      json: { error: { code: 'unsupported_media_type' } },
    });
    expect(answer.json.error?.message).toContain('set "POST Content Type" to application/json');
  });

  test('a body without a type is refused', async () => {
    const { url } = await startService();
    const typeless = Object.entries(headers).filter(([name]) => name !== 'content-type');
    const length: [string, string] = ['Content-Length', String(body.length)];
    const answer = await exchange(url, requestHead('POST', [...typeless, length]), body);
    expect(answer.status).toBe(415);
    expect(errorOf(answer.body).code).toBe('unsupported_media_type');
  });

  test('no type and no body is refused', async () => {
    const { url } = await startService();
    expect(await exchange(url, requestHead('POST', []))).toMatchObject({ status: 415 });
  });

  test.each([
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;charset=UTF-8',
  ])('"%s" is taken', async (type) => {
    const service = await startService();
    const sent = { body, headers: { ...headers, 'content-type': type } };
    expect(await service.send(sent)).toMatchObject({ status: 200 });
  });

  test('comes before 413', async () => {
    const { url } = await startService();
    const head = requestHead('POST', [
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(17 * mebibyte)],
    ]);
    expect(await exchange(url, head)).toMatchObject({ status: 415 });
  });
});

describe('413', () => {
  test('an announced length above 16 MiB is refused before the body is read and before 401', async () => {
    const { url } = await startService();
    const head = requestHead('POST', [json, ['Content-Length', String(16 * mebibyte + 1)]]);
    const answer = await exchange(url, head);
    expect(answer.status).toBe(413);
    expect(errorOf(answer.body)).toEqual({
      code: 'too_large',
      message: 'The body is larger than 16 MiB.',
    });
  });

  test('a chunked body is refused when it grows above 16 MiB', async () => {
    const { url } = await startService();
    const head = requestHead('POST', [json, wrongSignature, ['Transfer-Encoding', 'chunked']]);
    const size = 16 * mebibyte + 1;
    const answer = await exchange(url, head, `${size.toString(16)}\r\n`, Buffer.alloc(size, 32));
    expect(answer.status).toBe(413);
  });

  test('an unsigned body of exactly 16 MiB is 401, and so is one of 0 bytes', async () => {
    const { send } = await startService();
    const headers = { 'content-type': 'application/json' };
    for (const size of [16 * mebibyte, 0])
      expect(await send({ headers, body: Buffer.alloc(size, 32) })).toMatchObject({ status: 401 });
  });

  test('a signed delivery of 15 MiB is accepted, and what was cut is a warning', async () => {
    const service = await startService();
    const payload = issuePayload({ body: 'a '.repeat(7.5 * mebibyte) });
    expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
    await service.idle();
    const plan = await service.plan('acme/orbit#5');
    expect(plan?.warnings.map(({ code }) => code)).toContain('body_cut');
  });
});

function text(payload: Record<string, unknown>): string {
  return JSON.stringify(payload);
}

function withIssue(changes: Record<string, unknown>): Record<string, unknown> {
  const payload = issuePayload();
  const issue = z.looseObject({}).parse(payload['issue']);
  return { ...payload, issue: { ...issue, ...changes } };
}

const valid = text(issuePayload());
const notUnderstood: [string, string | Buffer, string?][] = [
  ['an empty body', ''],
  ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(valid)])],
  ['UTF-16', Buffer.from(valid, 'utf16le')],
  ['invalid UTF-8', Buffer.from(valid.replace('Persist', 'P\u00ffrsist'), 'latin1')],
  ['blanks', '  \n'],
  ['no JSON', 'hello'],
  ['half of a JSON', valid.slice(0, 500)],
  ['two JSON values', `${valid}${valid}`],
  ['null', 'null'],
  ['a number', '1'],
  ['a string', '"issues"'],
  ['a list', '[]'],
  ['an empty object', '{}'],
  ['a __proto__ key', valid.replace('{', '{"__proto__":{"admin":true},')],
  ['a __proto__ key deep inside', valid.replace('"issue":{', '"issue":{"x":{"__proto__":{}},')],
  ['a constructor with a prototype', valid.replace('{', '{"constructor":{"prototype":{}},')],
  ['a hundred levels', valid.replace('{', `{"deep":${'['.repeat(100)}${']'.repeat(100)},`)],
  ['a million levels', `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
  ['a number beyond 2^53', valid.replace('"number":5', '"number":9007199254740993')],
  ['a number beyond all', valid.replace('"number":5', '"number":1e999')],
  ['issue 0', text(withIssue({ number: 0 }))],
  ['a negative number', text(withIssue({ number: -5 }))],
  ['a broken number', text(withIssue({ number: 5.5 }))],
  ['a number as text', text(withIssue({ number: '5' }))],
  ['a title that is a list', text(withIssue({ title: ['x'] }))],
  ['a body that is a number', text(withIssue({ body: 5 }))],
  ['a state nobody knows', text(withIssue({ state: 'ajar' }))],
  ['assignees that are a text', text(withIssue({ assignees: 'coordinator-bot' }))],
  ['an assignee without login', text(withIssue({ assignees: [{ id: 1 }] }))],
  ['labels that are an object', text(withIssue({ labels: {} }))],
  ['a time that is none', text(withIssue({ updated_at: 'yesterday' }))],
  ['a time without zone', text(withIssue({ updated_at: '2026-11-23T09:20:18' }))],
  ['no issue', text({ ...issuePayload(), issue: null })],
  ['no repository', text({ ...issuePayload(), repository: undefined })],
  ['a repository name with a blank', text(issuePayload({ repository: 'acme/or bit' }))],
  ['a repository name with three parts', text(issuePayload({ repository: 'a/b/c' }))],
  ['an action that is no text', text({ ...issuePayload(), action: 5 })],
  ['a comment under the event issues', text(issuePayload({ comment: 'hello' }))],
  ['an issue under the event issue_comment', valid, 'issue_comment'],
];

describe('422', () => {
  test('what is authentic but not understood is refused and kept with its bytes, and 401 comes first', async () => {
    const service = await startService();
    for (const [name, content, event = 'issues'] of notUnderstood) {
      const bytes = Buffer.from(content);
      const forged = signedRequest(bytes, { event, secret: 'another-secret-of-another-hook' });
      expect([name, (await service.send(forged)).status]).toEqual([name, 401]);
      const { status, json: answer } = await service.send(signedRequest(bytes, { event }));
      expect([name, status, answer.error?.code]).toEqual([name, 422, 'payload_not_understood']);
      expect(answer.error?.message.length).toBeGreaterThan(10);
    }
    const kept = await deliveries(service, 'rejected');
    expect(kept).toHaveLength(notUnderstood.length);
    expect(kept.every(({ error }) => error !== null)).toBe(true);
    expect(await bytesKept(service)).toEqual(
      notUnderstood.map(([, content]) => Buffer.from(content).toString('base64')),
    );
    expect(service.logs.filter(({ level }) => level === 'error')).toEqual([]);
    await service.idle();
    expect((await service.api('/issues')).json).toEqual({ items: [], nextCursor: null });
  });

  test('an event that is not about issues is ignored even when its body is no issue', async () => {
    const service = await startService();
    const request = signedRequest({ ref: 'refs/heads/main' }, { event: 'push' });
    expect(await service.send(request)).toMatchObject({ json: { status: 'ignored' } });
    expect((await service.api('/deliveries')).json).toEqual({ items: [], nextCursor: null });
  });
});

const rawRows = z.array(z.object({ raw: z.string() }));

async function bytesKept({ directory }: Service): Promise<string[]> {
  const rows = await statementIn(directory, 'select raw from deliveries order by seq');
  return rawRows.parse(rows).map(({ raw }) => raw);
}

describe('what is normal on the wire', () => {
  const usual: [string, Record<string, unknown>][] = [
    ['null lists', withIssue({ assignees: null, labels: null })],
    ['missing lists', withIssue({ assignees: undefined, labels: undefined })],
    ['unknown keys', { ...withIssue({ mood: 'fine', nested: { a: [1] } }), future: true }],
    ['a missing body', withIssue({ body: undefined })],
    ['a null body', withIssue({ body: null })],
    ['no sender', { ...issuePayload(), sender: undefined }],
    ['a null sender', { ...issuePayload(), sender: null }],
    ['a time of year 1', withIssue({ updated_at: '0001-01-01T00:00:00Z' })],
    ['a time with an offset', withIssue({ updated_at: '2026-11-23T10:20:18+01:00' })],
    ['an unused number beyond 2^53', withIssue({ id: 2 ** 60 })],
    ['an empty title', withIssue({ title: '' })],
  ];

  test.each(usual)('%s: accepted', async (_name, payload) => {
    const service = await startService();
    expect(await service.send(signedRequest(payload))).toMatchObject({
      status: 200,
      json: { status: 'accepted' },
    });
    await service.idle();
    expect(await service.plan('acme/orbit#5')).toBeDefined();
  });
});

describe('the delivery id', () => {
  test('sent again is a duplicate, with another body another delivery', async () => {
    const service = await startService();
    const first = signedRequest(issuePayload(), { id: 'one' });
    const second = signedRequest(issuePayload({ title: 'other' }), { id: 'one' });
    expect((await service.send(first)).json).toEqual({ status: 'accepted', deliveryId: 'one' });
    expect((await service.send(first)).json).toEqual({ status: 'duplicate', deliveryId: 'one' });
    expect((await service.send(second)).json).toEqual({ status: 'accepted', deliveryId: 'one' });
  });

  test('of a rejected delivery sent again is refused again and kept once', async () => {
    const service = await startService();
    const request = signedRequest({}, { id: 'bad' });
    expect(await service.send(request)).toMatchObject({ status: 422 });
    expect(await service.send(request)).toMatchObject({ status: 422 });
    expect(await deliveries(service, 'rejected')).toHaveLength(1);
  });

  test.each([
    '',
    ' ',
    '../../etc/passwd',
    'a b',
    '<script>',
    "'; drop table deliveries; --",
    'x'.repeat(65),
    'caf\u00e9',
    '%00',
  ])(
    '"%s" is replaced by one made from the body, so that the same bytes are a duplicate',
    async (id) => {
      const service = await startService();
      const request = signedRequest(issuePayload(), { id });
      const { json: first } = await service.send(request);
      expect(first.status).toBe('accepted');
      expect(first.deliveryId).toMatch(/^body-[0-9a-f]{64}$/);
      expect((await service.send(request)).json).toEqual({ ...first, status: 'duplicate' });
    },
  );

  test('may be missing, or stand under the names of Forgejo and GitHub', async () => {
    const service = await startService();
    const { headers, body } = signedRequest(issuePayload());
    const named = Object.entries(headers).filter(([name]) => name !== 'x-gitea-delivery');
    const anonymous = Object.fromEntries(named);
    const made = await service.send({ headers: anonymous, body });
    expect(made.json.deliveryId).toMatch(/^body-/);
    for (const vendor of ['forgejo', 'github', 'gogs']) {
      const sent = { body, headers: { ...anonymous, [`x-${vendor}-delivery`]: vendor } };
      expect((await service.send(sent)).json.deliveryId).toBe(vendor);
    }
  });
});

test('the route answers with a trailing slash and a query as well, and other paths are not found', async () => {
  const { url } = await startService();
  const post = async (path: string) => {
    const { headers, body } = signedRequest(issuePayload());
    return (await fetch(`${url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) }))
      .status;
  };
  expect(await post('/webhook/gitea/')).toBe(200);
  expect(await post('/webhook/gitea?from=hook')).toBe(200);
  expect(await post('/webhook/gite')).toBe(404);
  expect(await post('/webhook/gitea/more')).toBe(404);
});

describe('slow senders', () => {
  /** Writes a byte every 100 ms for as long as the connection stands; how long that was, in ms. */
  async function drip(url: string, head: string, drop: string) {
    const socket = await openSocket(url);
    const startedAt = performance.now();
    const closed = untilClosed(socket);
    socket.write(head);
    const timer = setInterval(() => socket.write(drop), 100);
    const answer = await closed;
    clearInterval(timer);
    return { answer, elapsedMs: performance.now() - startedAt };
  }

  test('dripping headers are cut off after about 2 s', async () => {
    const { url } = await startService();
    const { answer, elapsedMs } = await drip(url, 'POST /webhook/gitea HTTP/1.1\r\nX-Slow: ', 'a');
    expect([0, 408]).toContain(answer.status);
    expect(elapsedMs).toBeGreaterThan(1_500);
    expect(elapsedMs).toBeLessThan(3_500);
  });

  test('a dripping body is cut off after about 4.5 s', async () => {
    const { url } = await startService();
    const head = requestHead('POST', [json, wrongSignature, ['Content-Length', '10000']]);
    const { answer, elapsedMs } = await drip(url, head, ' ');
    expect([0, 408]).toContain(answer.status);
    expect(elapsedMs).toBeGreaterThan(3_500);
    expect(elapsedMs).toBeLessThan(6_500);
  });

  test('200 of them hold up nobody, and all are cut off', async () => {
    const service = await startService();
    const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(service.url)));
    const closed = sockets.map(untilClosed);
    for (const socket of sockets) socket.write('POST /webhook/gitea HTTP/1.1\r\nX-Slow: ');
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    expect(await service.send(signedRequest(issuePayload()))).toMatchObject({ status: 200 });
    expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(200);
    const answers = await Promise.all(closed);
    expect(answers.every(({ status }) => status === 0 || status === 408)).toBe(true);
  });
});

test('a request that is no HTTP is answered 400 and harms nothing', async () => {
  const service = await startService();
  expect(await exchange(service.url, 'hello\r\n\r\n')).toMatchObject({ status: 400 });
  expect(await service.send(signedRequest(issuePayload()))).toMatchObject({ status: 200 });
});

describe('answers to requests no route gets to see', () => {
  const errors: [string, string, number, string][] = [
    [
      'a path that is no URL',
      requestHead('GET', [], '/api/v1/issues/%zz/x/1'),
      400,
      'The path is not a well-formed URL.',
    ],
    [
      'a parameter that is too long',
      requestHead('GET', [], `/api/v1/deliveries/${'zz'.repeat(200)}`),
      414,
      'A part of the path is too long.',
    ],
    [
      'headers that are too large',
      requestHead('POST', [['X-Large', 'zz'.repeat(40_000)]]),
      431,
      'The headers of the request are too large.',
    ],
    ['no HTTP', 'zz\r\n\r\n', 400, 'The request is not well-formed HTTP.'],
  ];

  test.each(errors)(
    '%s: the shape of the contract and a fixed text',
    async (_name, head, status, message) => {
      const { url } = await startService();
      const answer = await exchange(url, head);
      expect(answer.status).toBe(status);
      expect(answer.head).toMatch(/content-type: application\/json/i);
      expect(errorOf(answer.body)).toEqual({ code: 'invalid_request', message });
    },
  );

  test('a request that stops on the way', async () => {
    const { url } = await startService();
    const head = requestHead('POST', [json, wrongSignature, ['Content-Length', '10']]);
    const answer = await exchange(url, head, ' ');
    expect(answer.status).toBe(408);
    expect(errorOf(answer.body)).toEqual({
      code: 'invalid_request',
      message: 'The request did not arrive in time.',
    });
  });
});

test('each refusal on the webhook route is one warning with its code, and elsewhere none', async () => {
  const service = await startService();
  const { headers, body } = signedRequest(issuePayload());
  await service.send({ body, headers: { ...headers, 'content-type': 'text/plain' } });
  const tooLarge: [string, string] = ['Content-Length', String(16 * mebibyte + 1)];
  await exchange(service.url, requestHead('POST', [json, tooLarge]));
  await exchange(service.url, requestHead('GET', []));
  await service.api('/issues?limit=0');
  await service.api('/deliveries/x/replay', { method: 'POST', body: 'x' });
  expect(service.logs.filter(({ level }) => level === 'warn')).toEqual([
    including({ code: 'unsupported_media_type' }),
    including({ code: 'too_large' }),
    including({ code: 'method_not_allowed', method: 'GET' }),
  ]);
});

test('the log names delivery, event and secret, and never holds a secret, a signature or a text', async () => {
  const service = await startService({
    env: { GITEA_WEBHOOK_SECRET_PREVIOUS: 'the-secret-of-last-year' },
  });
  const payload = issuePayload({ title: 'TITLE-CANARY', body: 'BODY-CANARY' });
  const requests = [
    signedRequest(payload, { id: 'current' }),
    signedRequest(payload, { id: 'previous', secret: 'the-secret-of-last-year' }),
    signedRequest(payload, { id: 'forged', secret: 'FORGED-SECRET-CANARY' }),
    signedRequest({ BODY: 'BODY-CANARY' }, { id: 'rejected' }),
    signedRequest({ BODY: 'BODY-CANARY' }, { id: 'ignored', event: 'push' }),
  ];
  const statuses: number[] = [];
  for (const request of requests) statuses.push((await service.send(request)).status);
  await service.idle();
  expect(statuses).toEqual([200, 200, 401, 422, 200]);
  const lines = service.logs.map((line) => JSON.stringify(line));
  for (const secret of ['current', 'previous'])
    expect(service.logs).toContainEqual(including({ delivery: secret, event: 'assigned', secret }));
  const signatures = requests.map(({ headers }) => headers['x-gitea-signature'] ?? '');
  const never = [recordedSecret, 'the-secret-of-last-year', 'CANARY', ...signatures];
  for (const word of never) expect(lines.filter((line) => line.includes(word))).toEqual([]);
  expect(service.logs.every(({ msg }) => msg !== undefined && msg !== '')).toBe(true);
});

describe('503', () => {
  const answer = {
    error: {
      code: 'store_unavailable',
      message: 'The store is not available, try again later.',
    },
  };

  testOfSqlite('is the answer when the spool takes nothing, understood or not', async () => {
    const service = await startService({ expectAtEnd: { errors: ['delivery not stored'] } });
    const spool = new DatabaseSync(join(service.directory, 'coordinator.db.spool'));
    spool.exec('alter table arrivals rename to others');
    spool.close();
    for (const [id, payload] of Object.entries({ good: issuePayload(), bad: {} }))
      expect(await service.send(signedRequest(payload, { id }))).toEqual({
        status: 503,
        json: answer,
      });
    await service.close();
    // One cause: the second line stands for what followed, and names it.
    const lost = service.logs.filter(({ msg }) => msg === 'delivery not stored');
    expect(lost).toEqual([
      including({
        level: 'error',
        delivery: 'good',
        event: 'assigned',
        repository: 'acme/orbit',
        issue: 5,
      }),
      including({
        level: 'error',
        delivery: 'bad',
        event: 'issues',
        count: 1,
        deliveries: ['bad'],
      }),
    ]);
  });

  /** The receiving edge alone, in front of a store that fails in a way of its own. */
  async function edge(failure: Error) {
    const log = createLogger('error', { write: () => undefined });
    const app = createApp(log);
    onTestFinished(() => app.close());
    registerWebhook(app, {
      secrets: { current: recordedSecret },
      account: () => undefined,
      labelsOf: () => Promise.resolve(undefined),
      log,
      counts: createWebhookCounts(Date.now),
      add: () => Promise.reject(failure),
      addRejected: () => Promise.reject(failure),
      isStored: () => Promise.resolve(false),
      onAccepted: () => undefined,
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const { headers, body } = signedRequest(issuePayload());
    const init = { method: 'POST', headers, body: new Uint8Array(body) };
    const reply = await fetch(`${url}/webhook/gitea`, init);
    const json: unknown = await reply.json();
    return { status: reply.status, json };
  }

  test('says nothing of the cause', async () => {
    expect(await edge(new StoreUnavailable('disk /var/secret is full'))).toEqual({
      status: 503,
      json: answer,
    });
  });

  test('an error nobody foresaw is 500 with a fixed text', async () => {
    expect(await edge(new Error('password=hunter2'))).toEqual({
      status: 500,
      json: {
        error: { code: 'internal', message: 'Something went wrong; the log says what.' },
      },
    });
  });
});
