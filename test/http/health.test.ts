import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createLogger } from '../../src/log.ts';
import { createApp } from '../../src/http/server.ts';
import { registerHealth, registerLiveness, type Check } from '../../src/http/health.ts';
import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';
import { anyNumber, matching } from '../support/matching.ts';

const noDeliveries = {
  accepted: 0,
  duplicate: 0,
  ignored: 0,
  rejected: 0,
  refusedSignature: 0,
  refusedContentType: 0,
  refusedOther: 0,
  lastAuthenticAt: null,
  lastRefusedAt: null,
};

async function get(url: string) {
  return answerOf(await fetch(url));
}

async function answerOf(reply: Response) {
  const json: unknown = await reply.json();
  return { status: reply.status, json };
}

/** What whoever has a token sees. */
async function details(service: Service) {
  return answerOf(await service.health());
}

test('a fresh service is alive, ready and well', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  const { url } = service;
  advance(61_500);
  expect(await get(`${url}/livez`)).toEqual({ status: 200, json: { status: 'ok' } });
  expect(await get(`${url}/readyz`)).toEqual({ status: 200, json: { status: 'ready' } });
  expect(await get(`${url}/health`)).toEqual({ status: 200, json: { status: 'ok' } });
  expect(await details(service)).toEqual({
    status: 200,
    json: {
      status: 'ok',
      version: matching(/^\d+\.\d+\.\d+/),
      uptimeSeconds: 61,
      checks: {
        store: {
          status: 'ok',
          latencyMs: anyNumber,
          synchronous: 'full',
          refusedWrites: 0,
          lastRefusedAt: null,
        },
        intake: {
          status: 'ok',
          latencyMs: anyNumber,
          synchronous: 'full',
          refusedWrites: 0,
          lastRefusedAt: null,
        },
        inbox: {
          status: 'ok',
          pending: 0,
          scheduled: 0,
          dead: 0,
          rejected: 0,
          oldestSeconds: 0,
        },
        gitea: { status: 'off' },
        claude: { status: 'off', mode: 'offline' },
        webhook: { status: 'ok', ...noDeliveries },
        reconcile: { status: 'off' },
        notify: { status: 'off' },
        traces: { status: 'off' },
        forge: { status: 'off' },
        verification: { status: 'off' },
        publish: { status: 'off' },
        connections: { status: 'ok', open: anyNumber, limit: anyNumber, refused: 0, closed: 0 },
        api: { status: 'ok', failedLogins: 0 },
      },
    },
  });
});

test('what became of requests to the webhook route is counted', async () => {
  const { now, advance } = manualClock();
  const service = await startService({ now });
  const { url, send } = service;
  const webhook = async () => {
    const { json } = await details(service);
    return z.object({ checks: z.object({ webhook: z.unknown() }) }).parse(json).checks.webhook;
  };
  const delivery = signedRequest(issuePayload(), { id: 'one' });
  await send(delivery);
  await send(delivery);
  await send(signedRequest({ ...issuePayload(), ref: 'main' }, { event: 'push' }));
  advance(1_000);
  await send(signedRequest({ ...issuePayload(), issue: 7 }));
  expect(await webhook()).toEqual({
    status: 'ok',
    ...noDeliveries,
    accepted: 1,
    duplicate: 1,
    ignored: 1,
    rejected: 1,
    lastAuthenticAt: '2026-11-23T12:00:01.000Z',
  });
  advance(1_000);
  await send({ ...delivery, body: Buffer.from('{}') });
  await fetch(`${url}/webhook/gitea`, { method: 'PUT' });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  await fetch(`${url}/webhook/gitea`, { method: 'POST', headers: form, body: 'payload=' });
  expect(await webhook()).toMatchObject({
    refusedSignature: 1,
    refusedContentType: 1,
    refusedOther: 1,
    lastAuthenticAt: '2026-11-23T12:00:01.000Z',
    lastRefusedAt: '2026-11-23T12:00:02.000Z',
  });
});

test('a failing delivery is scheduled, and when it is given up the service is degraded but ready', async () => {
  const { now, advance } = manualClock();
  const read = () => Promise.reject(new Error('the reader is broken'));
  const service = await startService({
    ...{ now, read },
    expectAtEnd: { dead: 1, errors: ['delivery is dead'] },
  });
  const { url, send, idle } = service;
  await send(signedRequest(issuePayload()));
  await idle();
  expect(await details(service)).toMatchObject({
    status: 200,
    json: { status: 'ok', checks: { inbox: { pending: 0, scheduled: 1, dead: 0 } } },
  });
  for (let attempt = 2; attempt <= 8; attempt += 1) {
    advance(3_600_000);
    await idle();
  }
  expect(await details(service)).toMatchObject({
    status: 200,
    json: {
      status: 'degraded',
      checks: { inbox: { status: 'degraded', scheduled: 0, dead: 1 } },
    },
  });
  expect(await get(`${url}/readyz`)).toMatchObject({ status: 200 });
});

interface Situation {
  readonly checks?: Readonly<Record<string, () => Promise<Check>>>;
  readonly draining?: boolean;
  /** Whoever asks has a token. */
  readonly known?: boolean;
}

/** The health routes alone, over checks that a test decides. */
async function healthOf({ checks = {}, draining = false, known = true }: Situation) {
  const app = createApp(createLogger('error', { write: () => undefined }));
  onTestFinished(() => app.close());
  const { store = () => Promise.resolve({ status: 'ok' as const }) } = checks;
  registerLiveness(app, { check: store, isDraining: () => draining });
  registerHealth(app, {
    version: '1.2.3',
    now: () => 5_000,
    startedAt: 0,
    isKnown: () => known,
    essential: ['store'],
    checks: { ...checks, store },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    livez: await get(`${url}/livez`),
    readyz: await get(`${url}/readyz`),
    health: await get(`${url}/health`),
  };
}

test('when an essential check is down the service is down, but alive, and says nothing of the cause', async () => {
  const store = () => Promise.reject(new Error('disk /var/secret is full'));
  const answers = await healthOf({ checks: { store } });
  expect(answers.livez.status).toBe(200);
  expect(answers.readyz).toEqual({ status: 503, json: { status: 'not_ready' } });
  expect(answers.health).toEqual({
    status: 503,
    json: {
      status: 'down',
      version: '1.2.3',
      uptimeSeconds: 5,
      checks: { store: { status: 'down' } },
    },
  });
});

test('when another check is down the service is degraded and ready', async () => {
  const gitea = () => Promise.reject(new Error('no route to host'));
  const answers = await healthOf({ checks: { gitea } });
  expect(answers.readyz).toEqual({ status: 200, json: { status: 'ready' } });
  expect(answers.health).toMatchObject({
    status: 200,
    json: { status: 'degraded', checks: { gitea: { status: 'down' } } },
  });
});

test('a check that is off makes nothing worse', async () => {
  const { health } = await healthOf({
    checks: { gitea: () => Promise.resolve({ status: 'off' }) },
  });
  expect(health).toMatchObject({ status: 200, json: { status: 'ok' } });
});

test('while draining the service is alive and well but not ready', async () => {
  const answers = await healthOf({ draining: true });
  expect(answers.livez.status).toBe(200);
  expect(answers.readyz).toEqual({ status: 503, json: { status: 'draining' } });
  expect(answers.health).toMatchObject({ status: 200, json: { status: 'ok' } });
});

test('health needs no token', async () => {
  const { url } = await startService({ env: { API_TOKENS: undefined } });
  for (const path of ['/livez', '/readyz', '/health'])
    expect((await get(`${url}${path}`)).status).toBe(200);
});

test('L4: strangers see the status alone, and without API_TOKENS everybody is one', async () => {
  const store = () => Promise.reject(new Error('disk /var/secret is full'));
  const gitea = () => Promise.resolve({ status: 'degraded' as const, lastError: 'ECONNREFUSED' });
  expect((await healthOf({ checks: { store }, known: false })).health).toEqual({
    status: 503,
    json: { status: 'down' },
  });
  expect((await healthOf({ checks: { gitea }, known: false })).health).toEqual({
    status: 200,
    json: { status: 'degraded' },
  });
  const { url } = await startService({ env: { API_TOKENS: undefined } });
  for (const authorization of ['', 'Bearer ', 'Bearer undefined', 'Basic dGVzdHM6eA=='])
    expect(await answerOf(await fetch(`${url}/health`, { headers: { authorization } }))).toEqual({
      status: 200,
      json: { status: 'ok' },
    });
});

test('L4: many strangers cost one examination', async () => {
  let examined = 0;
  const gitea = () => {
    examined += 1;
    return Promise.resolve({ status: 'ok' as const });
  };
  const { url } = await healthOf({ checks: { gitea }, known: false });
  const replies = await Promise.all(Array.from({ length: 32 }, () => get(`${url}/health`)));
  expect(replies.every(({ status }) => status === 200)).toBe(true);
  expect(examined).toBeLessThanOrEqual(2);
});

test('L1: failed logins are counted, and logged as one line', async () => {
  const service = await startService();
  for (let index = 0; index < 50; index += 1) {
    const headers = { authorization: `Bearer guess-number-${index}` };
    expect((await service.api('/issues', { headers })).status).toBe(401);
  }
  const { json } = await details(service);
  expect(json).toMatchObject({ checks: { api: { failedLogins: 50 } } });
  const lines = () => service.logs.filter(({ msg }) => msg?.includes('without a valid token'));
  expect(lines()).toHaveLength(1);
  await service.close();
  expect(lines()).toMatchObject([{}, { count: 49 }]);
  expect(JSON.stringify(service.logs)).not.toContain('guess-number');
});
