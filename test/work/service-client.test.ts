import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { LeaseLost } from '../../src/lib/service-calls.ts';
import { createServiceClient } from '../../src/work/service-client.ts';
import { containing } from '../support/matching.ts';

const held = { claimId: 'c1', token: 'token-of-the-claim' };
const signal = new AbortController().signal;
const leaseExpiresAt = '2026-11-30T11:00:00Z';

type Answer = readonly [status: number, body: unknown];
const refusal = (status: number, code: string): Answer => [
  status,
  { error: { code, message: `It says ${code}.` } },
];

/** A client of a service that gives these answers in turn, and what it was asked. */
async function startService(...answers: readonly Answer[]) {
  const asked: {
    readonly call: string;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: unknown;
  }[] = [];
  const left = [...answers];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => (text += more));
    request.on('end', () => {
      const [status, body] = left.shift() ?? [500, {}];
      const { method, url, headers } = request;
      const sent: unknown = text === '' ? undefined : JSON.parse(text);
      asked.push({ call: `${method} ${url}`, headers, body: sent });
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const client = createServiceClient({
    url: `http://127.0.0.1:${portOf(address)}`,
    ...{ token: 'token-of-the-runner', random: () => 0, waitSeconds: 2 },
    backoff: { firstMs: 1, factor: 1, maxMs: 1 },
  });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  return { client, asked };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('It has no port.');
  return address.port;
}

test('a claim is asked for with a key and the wish, and waited for', async () => {
  const { client, asked } = await startService([200, { claim: null, waiting: { paused: 1 } }]);
  const wish = { agents: ['sonnet'], repositories: ['acme/orbit'] };
  expect(await client.claim(wish, 'key-1', signal)).toMatchObject({ waiting: { paused: 1 } });
  expect(asked).toMatchObject([
    {
      ...{ call: 'POST /api/v1/claims?wait=2', body: wish },
      headers: { 'idempotency-key': 'key-1', authorization: 'Bearer token-of-the-runner' },
    },
  ]);
});

test('a heartbeat reports what is known of context and costs', async () => {
  const answer: Answer = [200, { leaseExpiresAt, context: null }];
  const { client, asked } = await startService(answer, answer, answer);
  await client.heartbeat(held, {}, signal);
  await client.heartbeat(held, { context: { used: 5 }, spent: { tokens: 0 } }, signal);
  const context = { used: 5, window: 10 };
  await client.heartbeat(held, { context, spent: { tokens: 7.6, costUsd: 1 } }, signal);
  expect(asked.map(({ body }) => body)).toEqual([
    {},
    { contextUsed: 5 },
    { contextUsed: 5, contextLimit: 10, spent: { tokens: 8, costUsd: 1 } },
  ]);
  expect(asked[0]?.headers['x-claim-token']).toBe(held.token);
});

test('figures and texts of an agent fit what the service takes, whatever they are', async () => {
  const answer: Answer = [200, { leaseExpiresAt, context: null }];
  const { client, asked } = await startService(answer, [200, {}], [200, {}]);
  const context = { used: 61_000.5, window: 1e300 };
  await client.heartbeat(held, { context, spent: { tokens: 1e300, costUsd: 1e300 } }, signal);
  expect(asked[0]?.body).toEqual({
    ...{ contextUsed: 61_001, contextLimit: 1e8, spent: { tokens: 1e12, costUsd: 1e6 } },
  });
  // Characters that take six bytes each in JSON.
  await client.release(
    held,
    { reason: 'Why.', handoff: `a\n\u001b\ud800${'\0'.repeat(20_000)}` },
    signal,
  );
  const { handoff } = z.object({ handoff: z.string() }).parse(asked[1]?.body);
  expect(handoff).toMatch(/^a\n \uFFFD/);
  expect(Buffer.byteLength(JSON.stringify(handoff))).toBeLessThan(32 * 1024);
  await client.release(held, { reason: 'Limit.', limitedUntil: 1e300 }, signal);
  expect(asked[2]?.body).toMatchObject({ limitedUntil: '9999-12-31T00:00:00.000Z' });
});

test('a call whose answer was lost is repeated with the same key, another call has another', async () => {
  const { client, asked } = await startService([503, {}], [200, {}], [200, {}]);
  await client.release(held, { reason: 'x'.repeat(600), handoff: 'Half is done.' }, signal);
  await client.block(held, { reason: 'Which colour?', handoff: { position: 'here' } }, signal);
  const [first, second, third] = asked.map(({ headers }) => headers['idempotency-key']);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(asked[1]?.body).toEqual({ reason: 'x'.repeat(500), handoff: 'Half is done.' });
  expect(asked[2]?.body).toMatchObject({ handoff: { position: 'here' } });
});

test('a limit is told with its time, and a rotation with its handoff', async () => {
  const rotated: Answer = [200, { rotations: 1, leaseExpiresAt }];
  const { client, asked } = await startService([200, {}], rotated, rotated);
  const limitedUntil = Date.parse(leaseExpiresAt);
  await client.release(held, { reason: 'Limit.', limitedUntil }, signal);
  expect(asked[0]?.body).toMatchObject({ limitedUntil: '2026-11-30T11:00:00.000Z' });
  await client.rotate(held, { handoff: 'Half.', nth: 1 }, signal);
  await client.rotate(held, { handoff: 'Half.', nth: 2 }, signal);
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys).size).toBe(3);
});

test('a completed commit is verified, or not', async () => {
  const { client } = await startService([202, { verification: { id: 'v1' } }], [200, {}]);
  const work = { commit: 'a'.repeat(40), branch: 'agent/one' };
  expect(await client.complete(held, work, signal)).toBe('v1');
  expect(await client.complete(held, work, signal)).toBeUndefined();
});

test('what refuses a claim says that it is lost, any other refusal has its code', async () => {
  const { client } = await startService(
    refusal(409, 'withdrawn'),
    refusal(422, 'commit_not_found'),
    [400, 'no JSON of ours'],
    [200, { somethingElse: true }],
  );
  const work = { commit: 'a'.repeat(40), branch: 'agent/one' };
  await expect(client.complete(held, work, signal)).rejects.toBeInstanceOf(LeaseLost);
  await expect(client.complete(held, work, signal)).rejects.toMatchObject({
    refusal: 'commit_not_found',
  });
  await expect(client.check(signal)).rejects.toMatchObject({ refusal: '' });
  await expect(client.claim({}, 'key', signal)).rejects.toThrow(/same version/);
});

test('a verdict is waited for until there is one', async () => {
  const verdict = { cause: null, findings: '', errors: 0 };
  const { client, asked } = await startService([500, {}], [200, { ...verdict, state: 'passed' }]);
  expect(await client.verdict('v1', signal)).toMatchObject({ state: 'passed' });
  expect(asked.map(({ call }) => call)).toEqual(
    Array(2).fill('GET /api/v1/verifications/v1?wait=2'),
  );
});

test('an issue that is not known has no text', async () => {
  const text = { ref: 'acme/orbit#12', title: 'Add', body: 'Please.', cut: false };
  const { client, asked } = await startService(
    [200, text],
    refusal(404, 'not_found'),
    refusal(403, 'forbidden'),
  );
  expect(await client.issueText('acme/orbit#12', signal)).toEqual(text);
  expect(await client.issueText('acme/orbit#12', signal)).toBeUndefined();
  await expect(client.issueText('acme/orbit#12', signal)).rejects.toThrow(/forbidden/);
  expect(asked[0]?.call).toBe('GET /api/v1/issues/acme/orbit/12/text');
});

test('a service that is away is named', async () => {
  const client = createServiceClient({
    ...{ url: 'http://127.0.0.1:9', token: 'token', random: () => 0 },
  });
  onTestFinished(() => client.close());
  await expect(client.check(signal)).rejects.toMatchObject({
    message: containing('http://127.0.0.1:9'),
  });
});
