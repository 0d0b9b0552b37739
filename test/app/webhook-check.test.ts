import { request } from 'node:http';

import { expect, test } from 'vitest';

import { createWebhookCheck } from '../../src/app/webhook-check.ts';
import { createWebhookCounts } from '../../src/webhook/counts.ts';
import { manualClock } from '../support/clock.ts';
import { containing } from '../support/matching.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { apiToken, startService } from '../support/service.ts';

/** A service, and requests of hooks that are set up in several ways, and of strangers. */
async function startEdge() {
  const { url, send } = await startService();
  const health = async () => {
    const headers = { authorization: `Bearer ${apiToken}` };
    const reply = await fetch(`${url}/health`, { headers });
    const container = await fetch(`${url}/health/webhook`);
    const json: unknown = await reply.json();
    return { status: reply.status, json, container: container.status };
  };
  /** Posts from another address of this machine than `send` does. */
  const postFromElsewhere = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { method: 'POST', localAddress: '127.0.0.2', agent: false, headers };
      const sent = request(`${url}/webhook/gitea`, options, (reply) => {
        reply.resume().on('end', () => resolve(reply.statusCode));
      });
      sent.on('error', reject).end('{}');
    });
  const post = async (headers: Record<string, string>, body = '{}') => {
    const reply = await fetch(`${url}/webhook/gitea`, { method: 'POST', headers, body });
    await reply.arrayBuffer();
    return reply.status;
  };
  let sent = 0;
  const authentic = () => {
    sent += 1;
    return send(signedRequest(issuePayload({ number: sent }), { id: `authentic-${sent}` }));
  };
  const json = { 'content-type': 'application/json' };
  const signature = 'a'.repeat(64);
  return { ...{ health, send, post, postFromElsewhere }, authentic, json, signature };
}

const well = { status: 200, json: { status: 'ok', checks: { webhook: { status: 'ok' } } } };
const degraded = (cause: string) => ({
  status: 200,
  json: {
    status: 'degraded',
    checks: { webhook: { status: 'degraded', cause: containing(cause) } },
  },
});

test.each<
  [string, (edge: Awaited<ReturnType<typeof startEdge>>) => Record<string, string>, number]
>([
  [
    'with another secret',
    ({ json, signature }) => ({ ...json, 'x-gitea-signature': signature }),
    401,
  ],
  ['without a secret', ({ json }) => ({ ...json, 'x-gitea-signature': '' }), 401],
  [
    'that sends forms',
    ({ signature }) => ({
      'content-type': 'application/x-www-form-urlencoded',
      'x-hub-signature-256': `sha256=${signature}`,
    }),
    415,
  ],
])(
  'a hook %s degrades the service, and its container, until the next authentic delivery',
  async (_what, headers, code) => {
    const edge = await startEdge();
    await edge.authentic();
    for (let time = 1; time <= 2; time += 1) expect(await edge.post(headers(edge))).toBe(code);
    expect(await edge.health()).toMatchObject({ ...well, container: 200 });
    await edge.post(headers(edge));
    expect(await edge.health()).toMatchObject(
      degraded('The newest 3 deliveries were all refused.'),
    );
    expect((await edge.health()).container).toBe(503);
    await edge.authentic();
    expect(await edge.health()).toMatchObject(well);
  },
);

test('strangers who send garbage degrade nothing', async () => {
  const edge = await startEdge();
  await edge.authentic();
  for (let time = 1; time <= 20; time += 1) {
    await edge.post(edge.json);
    await edge.post({ ...edge.json, 'x-gitea-signature': 'sha1=nonsense' });
    await edge.post({ 'content-type': 'text/plain' });
  }
  expect(await edge.health()).toMatchObject({ ...well, container: 200 });
});

test('posts with a forged signature degrade nothing, once it is known from where Gitea sends', async () => {
  const { health, postFromElsewhere, post, authentic, json, signature } = await startEdge();
  const forged = { ...json, 'x-gitea-signature': signature };
  const form = { ...forged, 'content-type': 'application/x-www-form-urlencoded' };
  await authentic();
  for (let time = 1; time <= 5; time += 1) {
    expect(await postFromElsewhere(forged)).toBe(401);
    expect(await postFromElsewhere(form)).toBe(415);
  }
  expect(await health()).toMatchObject({ ...well, container: 200 });
  for (let time = 1; time <= 3; time += 1) await post(forged);
  expect(await health()).toMatchObject({ container: 503 });
});

test('before the first authentic delivery, refusals from anywhere count', async () => {
  const { health, postFromElsewhere, json, signature } = await startEdge();
  for (let time = 1; time <= 3; time += 1)
    await postFromElsewhere({ ...json, 'x-gitea-signature': signature });
  expect(await health()).toMatchObject({ container: 503 });
});

test('authentic deliveries that are not understood degrade the service', async () => {
  const { health, send, post, authentic, json, signature } = await startEdge();
  await authentic();
  for (let number = 1; number <= 3; number += 1) {
    expect(await health()).toMatchObject({ ...well, container: 200 });
    expect(await send(signedRequest({ number, action: 'assigned' }))).toMatchObject({
      status: 422,
    });
  }
  const cause = 'The newest 3 authentic deliveries were not understood.';
  expect(await health()).toMatchObject({ ...degraded(cause), container: 503 });
  await authentic();
  expect(await health()).toMatchObject({ ...well, container: 200 });
  // Not understood, they do not end what others began.
  for (let time = 1; time <= 3; time += 1) await post({ ...json, 'x-gitea-signature': signature });
  await send(signedRequest({ number: 4, action: 'assigned' }));
  expect(await health()).toMatchObject({ container: 503 });
});

/** The check alone, with passes and deliveries at times of the test's choice. */
function openCheck() {
  const clock = manualClock();
  const counts = createWebhookCounts(clock.now);
  const report = () =>
    Promise.resolve({
      webhook: counts.read(),
      refusedInARow: counts.refusedInARow(),
      rejectedInARow: counts.rejectedInARow(),
      lastTakenAt: counts.lastTakenAt(),
    });
  const { check, passEnded } = createWebhookCheck(report, clock.now);
  const passAfterAMinute = (missed: number) => {
    clock.advance(60_000);
    return passEnded(missed);
  };
  const status = async () => (await check()).status;
  return { counts, clock, check, passAfterAMinute, status };
}

test('a pass that found what no webhook told of, with nothing authentic since the pass before, degrades', async () => {
  const { counts, clock, check, passAfterAMinute, status } = openCheck();
  await passAfterAMinute(0);
  expect(await status()).toBe('ok');
  await passAfterAMinute(2);
  expect(await check()).toMatchObject({
    status: 'degraded',
    cause: 'Changes were found at 2026-11-23T12:02:00.000Z that no webhook had told of.',
    cure: containing('ALLOWED_HOST_LIST'),
  });
  await passAfterAMinute(0);
  expect(await status()).toBe('degraded');
  clock.advance(1_000);
  counts.count('accepted');
  expect(await status()).toBe('ok');
});

test('a change that one webhook missed degrades nothing while others arrive', async () => {
  const { counts, clock, passAfterAMinute, status } = openCheck();
  await passAfterAMinute(0);
  clock.advance(1_000);
  counts.count('accepted');
  await passAfterAMinute(1);
  expect(await status()).toBe('ok');
});

test('the first pass after the start degrades nothing', async () => {
  const { passAfterAMinute, status } = openCheck();
  await passAfterAMinute(3);
  expect(await status()).toBe('ok');
});
