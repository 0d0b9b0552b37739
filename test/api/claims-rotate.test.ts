import { expect, test } from 'vitest';
import { z } from 'zod';

import { codeOf, leaseSeconds, startWork } from '../support/work.ts';
import { call, type HeldClaim } from '../support/workers.ts';

const contextSchema = z.object({
  context: z.object({ action: z.string(), crossed: z.boolean() }).nullable(),
});

async function startAgent() {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const send = (what: string, body: unknown, headers = {}, held: HeldClaim = mine) =>
    call(service, 'worker-1', { held, what, body, headers });
  async function told(contextUsed: number) {
    const { json } = await send('heartbeat', { contextUsed });
    return contextSchema.parse(json).context;
  }
  return { ...service, mine, send, told };
}

test('a fresh session goes on with the claim, with a new lease and armed bands; its retry counts once', async () => {
  const { clock, send, told, mine, plan } = await startAgent();
  expect(await told(950_000)).toEqual(expect.objectContaining({ action: 'rotate', crossed: true }));
  clock.advance((leaseSeconds - 1) * 1_000);
  const key = { 'idempotency-key': 'first' };
  const leaseExpiresAt = new Date(clock.now() + leaseSeconds * 1_000).toISOString();
  const rotated = { status: 200, json: { claimId: mine.claimId, rotations: 1, leaseExpiresAt } };
  expect(await send('rotate', { handoff: 'Half way.' }, key)).toEqual(rotated);
  expect(await send('rotate', { handoff: 'Half way.' }, key)).toEqual(rotated);
  expect(codeOf(await send('rotate', { handoff: 'Other.' }, key))).toBe(
    '422 idempotency_key_reused',
  );
  clock.advance((leaseSeconds - 1) * 1_000);
  // Without arming, a band is not announced twice, and compact not twice within five minutes.
  expect(await told(810_000)).toMatchObject({ action: 'compact', crossed: true });
  const { claim } = z
    .object({ claim: z.looseObject({ rotations: z.number(), context: z.unknown() }) })
    .parse(await plan('acme/orbit#1'));
  // All that ever entered the windows of both sessions.
  expect(claim).toMatchObject({ rotations: 1, context: { peak: 950_000, total: 1_760_000 } });
});

test('refused are an empty or oversized handoff, a wrong token and a claim that has ended', async () => {
  const { send, mine } = await startAgent();
  expect(codeOf(await send('rotate', { handoff: ' ' }))).toBe('422 handoff_missing');
  expect(codeOf(await send('rotate', {}))).toBe('400 invalid_request');
  const large = { handoff: 'x'.repeat(33_000) };
  expect(codeOf(await send('rotate', large))).toBe('413 handoff_too_large');
  const wrong = { ...mine, token: 'x' };
  expect(codeOf(await send('rotate', { handoff: 'a' }, {}, wrong))).toBe('403 claim_token_invalid');
  await send('release', { reason: 'Enough.' });
  const late = await send('rotate', { handoff: 'Late.' });
  expect(codeOf(late)).toBe('409 stale_lease');
  expect(JSON.stringify(late.json)).toContain('The handoff is kept.');
});

test('when a claim dies, the next one gets its newest handoff, late ones included', async () => {
  const { clock, send, held, ...service } = await startAgent();
  await send('rotate', { handoff: 'First session.' });
  clock.advance(1_000);
  await send('rotate', { handoff: { position: 'second' } });
  const writtenAt = new Date(clock.now()).toISOString();
  const heir = held('worker-2', { query: '?wait=30' });
  clock.advance(leaseSeconds * 1_000);
  const second = await heir;
  expect(second.handoff).toEqual({
    ...{ author: 'agent', worker: 'worker-1', agent: 'sonnet', writtenAt },
    content: { position: 'second' },
  });
  const late = await send('release', { reason: 'Lease lost.', handoff: 'Third, but late.' });
  expect(codeOf(late)).toBe('409 stale_lease');
  await call(service, 'worker-2', {
    held: second,
    what: 'release',
    body: { reason: 'Not for me.' },
  });
  expect(await held('worker-3')).toMatchObject({ handoff: { content: 'Third, but late.' } });
});

test('five fresh sessions, then the issue is for a person, who gets the last handoff passed on', async () => {
  const { send, stateOf, plan, api, held } = await startAgent();
  for (const number of [1, 2, 3, 4, 5])
    expect(await send('rotate', { handoff: `Session ${number}.` })).toMatchObject({
      json: { rotations: number },
    });
  const sixth = await send('rotate', { handoff: 'Session 6.' });
  expect(codeOf(sixth)).toBe('409 withdrawn');
  expect(await stateOf(1)).toBe('needs_human rotations');
  expect((await plan('acme/orbit#1'))?.reason.text).toBe(
    'worker-1, working as sonnet, began 5 fresh sessions and still was not done: split the issue, change it, or resume it.',
  );
  expect(codeOf(await send('heartbeat', {}))).toBe('409 withdrawn');
  const body = JSON.stringify({ issue: 'acme/orbit#1' });
  const headers = { 'content-type': 'application/json' };
  expect((await api('/resume', { method: 'POST', body, headers })).status).toBe(200);
  expect(await held('worker-2')).toMatchObject({ handoff: { content: 'Session 6.' } });
});
