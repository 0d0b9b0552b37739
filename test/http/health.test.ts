import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createLogger } from '../../src/log.ts';
import { createApp } from '../../src/http/server.ts';
import { registerHealth, type Check } from '../../src/http/health.ts';
import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';
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
  const reply = await fetch(url);
  const json: unknown = await reply.json();
  return { status: reply.status, json };
}

test('a fresh service is alive, ready and well', async () => {
  const { now, advance } = manualClock();
  const { url } = await startService({ now });
  advance(61_500);
  expect(await get(`${url}/livez`)).toEqual({ status: 200, json: { status: 'ok' } });
  expect(await get(`${url}/readyz`)).toEqual({ status: 200, json: { status: 'ready' } });
  expect(await get(`${url}/health`)).toEqual({
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
        publish: { status: 'off' },
      },
    },
  });
});

test('what became of requests to the webhook route is counted', async () => {
  const { now, advance } = manualClock();
  const { url, send } = await startService({ now });
  const webhook = async () => {
    const { json } = await get(`${url}/health`);
    return z.object({ checks: z.object({ webhook: z.unknown() }) }).parse(json).checks.webhook;
  };
  const delivery = signedRequest(issuePayload(), { id: 'one' });
  await send(delivery);
  await send(delivery);
  await send(signedRequest(issuePayload(), { event: 'push' }));
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
  const { url, send, idle } = await startService({
    ...{ now, read },
    expectAtEnd: { dead: 1, errors: ['delivery is dead'] },
  });
  await send(signedRequest(issuePayload()));
  await idle();
  expect(await get(`${url}/health`)).toMatchObject({
    status: 200,
    json: { status: 'ok', checks: { inbox: { pending: 0, scheduled: 1, dead: 0 } } },
  });
  for (let attempt = 2; attempt <= 8; attempt += 1) {
    advance(3_600_000);
    await idle();
  }
  expect(await get(`${url}/health`)).toMatchObject({
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
}

/** The health routes alone, over checks that a test decides. */
async function healthOf({ checks = {}, draining = false }: Situation) {
  const app = createApp(createLogger('error', { write: () => undefined }));
  onTestFinished(() => app.close());
  registerHealth(app, {
    version: '1.2.3',
    now: () => 5_000,
    startedAt: 0,
    isDraining: () => draining,
    essential: ['store'],
    checks: { store: () => Promise.resolve({ status: 'ok' }), ...checks },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
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
