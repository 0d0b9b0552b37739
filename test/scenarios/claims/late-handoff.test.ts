import { expect, test } from 'vitest';

import type { PayloadChanges } from '../../support/recordings.ts';
import { codeOf, leaseSeconds, startWork } from '../../support/work.ts';
import { call, type HeldClaim } from '../../support/workers.ts';

const handoff = { branch: 'work/12', position: '3 of 5 done', pushed: true };
const body = { reason: 'Taken away.', handoff };

// Case handoff-of-work-that-was-taken-away.
test.each<[string, PayloadChanges, PayloadChanges]>([
  ['unassigned', { action: 'unassigned', assignees: null }, {}],
  ['closed', { action: 'closed', open: false }, { action: 'reopened' }],
])(
  'what a worker leaves after the issue was %s is kept for the next one',
  async (_, away, back) => {
    const service = await startWork();
    const { tell, held } = service;
    await tell(12);
    const mine = await held('worker-1');
    expect((await call(service, 'worker-1', { held: mine, what: 'heartbeat' })).status).toBe(200);
    await tell(12, away);
    const late = (what: string, sent?: unknown) =>
      call(service, 'worker-1', { held: mine, what, body: sent });
    expect(codeOf(await late('heartbeat'))).toBe('409 withdrawn');
    for (let time = 0; time < 2; time += 1) {
      const refused = await late('release', body);
      expect(codeOf(refused)).toBe('409 withdrawn');
      expect(JSON.stringify(refused.json)).toContain('The handoff is kept.');
    }
    // The first one counts.
    for (const what of ['release', 'block']) {
      const other = await late(what, { reason: 'Again.', handoff: 'Something else.' });
      expect(JSON.stringify(other.json)).toContain(
        'The handoff is not kept: this claim has another',
      );
    }
    await tell(12, back);
    expect((await held('worker-2')).handoff).toMatchObject({
      worker: 'worker-1',
      content: handoff,
    });
  },
);

test.each(['release', 'block', 'complete'])(
  'a handoff that comes with %s after the lease has ended is kept, swept or not',
  async (what) => {
    for (const sweep of [true, false]) {
      const service = await startWork();
      const { clock, tell, held } = service;
      await tell(1);
      const mine = await held('worker-1');
      clock.advance(leaseSeconds * 1_000);
      if (sweep) await sweptOf(service, mine);
      const sent = what === 'complete' ? { commit: '3f2c1ab', handoff } : body;
      const refused = await call(service, 'worker-1', { held: mine, what, body: sent });
      expect(codeOf(refused)).toBe('409 stale_lease');
      await sweptOf(service, mine);
      expect((await held('worker-2')).handoff).toMatchObject({ content: handoff });
      await service.close();
    }
  },
);

/** Resolves when the sweeper has ended the claim. */
async function sweptOf(service: Awaited<ReturnType<typeof startWork>>, { issue }: HeldClaim) {
  const state = () => service.stateOf(Number(issue.split('#')[1]));
  await expect.poll(state, { timeout: 10_000 }).toBe('ready ready');
}

test('a late handoff does not stand in the way of a newer one, and needs the token', async () => {
  const service = await startWork();
  const { clock, tell, held } = service;
  await tell(1);
  const old = await held('worker-1');
  await tell(1, { action: 'unassigned', assignees: null });
  await tell(1);
  const stranger = { ...old, token: 'x'.repeat(43) };
  for (const [worker, claimed] of [
    ['worker-1', stranger],
    ['worker-3', old],
  ] as const)
    expect(codeOf(await call(service, worker, { held: claimed, what: 'release', body }))).toBe(
      '403 claim_token_invalid',
    );
  clock.advance(1_000);
  const newer = await held('worker-2');
  expect(newer.handoff).toBeUndefined();
  const fresh = { reason: 'Full.', handoff: 'Newer.' };
  await call(service, 'worker-2', { held: newer, what: 'release', body: fresh });
  await call(service, 'worker-1', { held: old, what: 'release', body });
  clock.advance(1_000);
  expect((await held('worker-3')).handoff).toMatchObject({ content: 'Newer.' });
});

test('a block and a completion leave a handoff for whoever goes on', async () => {
  const service = await startWork();
  const { tell, held } = service;
  for (const [what, sent] of [
    ['block', body],
    ['complete', { commit: '3f2c1ab', handoff }],
  ] as const) {
    await tell(1);
    const mine = await held('worker-1');
    expect((await call(service, 'worker-1', { held: mine, what, body: sent })).status).toBe(200);
    await service.api('/resume', {
      method: 'POST',
      body: JSON.stringify({ issue: 'acme/orbit#1' }),
      headers: { 'content-type': 'application/json' },
    });
    const next = await held('worker-2');
    expect(next.handoff).toMatchObject({ content: handoff });
    await call(service, 'worker-2', { held: next, what: 'release', body: { reason: 'No.' } });
  }
});
