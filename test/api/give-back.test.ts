import { expect, test } from 'vitest';

import { audit } from '../../src/claims/audit.ts';
import { createDatabase, type Database } from '../../src/db/database.ts';
import type { Service } from '../support/service.ts';
import { commits, passed, startVerifying } from '../support/verifying.ts';
import { codeOf, startWork } from '../support/work.ts';
import { call, type HeldClaim } from '../support/workers.ts';

type Target = Pick<Service, 'api'>;

function giveBack(service: Target, { claimId }: Pick<HeldClaim, 'claimId'>, body?: object) {
  return service.api(`/claims/${claimId}/give-back`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
}

async function withStore<T>(
  { config }: Pick<Service, 'config'>,
  look: (db: Database) => Promise<T>,
): Promise<T> {
  const db = createDatabase(config.database);
  try {
    return await look(db);
  } finally {
    await db.destroy();
  }
}

test('an operator ends the claim of a worker, who is told by its next call', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const answer = await giveBack(service, mine, { reason: 'It hangs.' });
  const endedAt = new Date(service.clock.now()).toISOString();
  expect(answer).toEqual({
    status: 200,
    json: { claimId: mine.claimId, outcome: 'withdrawn', endedAt },
  });
  expect(await service.stateOf(1)).toBe('ready ready');
  const told = await call(service, 'worker-1', { held: mine, what: 'heartbeat', body: {} });
  expect(codeOf(told)).toBe('409 withdrawn');
  expect(JSON.stringify(told.json)).toContain(
    'The operator tests gave the issue back: It hangs. Stop working on it.',
  );
  const body = { commit: 'abcdef0', handoff: 'half way' };
  const late = await call(service, 'worker-1', { held: mine, what: 'complete', body });
  expect(codeOf(late)).toBe('409 withdrawn');
  // Its handoff is kept for the next one.
  expect((await service.held('worker-2')).handoff).toMatchObject({ content: 'half way' });
});

test('no failed attempt is counted, and the audit finds nothing', async () => {
  const service = await startWork();
  await service.tell(1);
  for (let round = 0; round < 4; round += 1) {
    expect((await giveBack(service, await service.held('worker-1'))).status).toBe(200);
    expect(await service.stateOf(1)).toBe('ready ready');
  }
  await withStore(service, async (db) => {
    const row = await db.selectFrom('issues').select('attempts').executeTakeFirstOrThrow();
    expect(row.attempts).toBe(0);
    expect(await audit(db, service.clock.now(), 10)).toEqual([]);
  });
});

test('the same call again gets the same answer; a claim that ended otherwise is refused', async () => {
  const service = await startWork();
  await service.tell(1);
  const mine = await service.held('worker-1');
  const first = await giveBack(service, mine, { reason: 'Once.' });
  service.clock.advance(5_000);
  expect(await giveBack(service, mine, { reason: 'Once.' })).toEqual(first);
  expect(codeOf(await giveBack(service, mine, { reason: 'Other.' }))).toBe('409 stale_lease');
  const next = await service.held('worker-2');
  const body = { reason: 'Done for today.' };
  await call(service, 'worker-2', { held: next, what: 'release', body });
  expect(codeOf(await giveBack(service, next))).toBe('409 stale_lease');
  expect(codeOf(await giveBack(service, { claimId: 'none' }))).toBe('404 not_found');
  expect(codeOf(await giveBack(service, mine, { why: 'x' }))).toBe('400 invalid_request');
});

test('complete and give back at the same time: one of them ends the claim, eight times', async () => {
  const service = await startWork();
  const outcomes = new Set<string>();
  for (let number = 1; number <= 8; number += 1) {
    await service.tell(number);
    const mine = await service.held('worker-1');
    const complete = () =>
      call(service, 'worker-1', { held: mine, what: 'complete', body: { commit: 'abcdef0' } });
    const back = () => giveBack(service, mine);
    const both =
      number % 2 === 0
        ? await Promise.all([complete(), back()])
        : await Promise.all([back(), complete()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const state = await service.stateOf(number);
    const won = both.find(({ status }) => status === 200);
    const outcome = JSON.stringify(won?.json).includes('completed') ? 'completed' : 'withdrawn';
    outcomes.add(outcome);
    expect(state).toBe(
      outcome === 'completed' ? 'needs_human awaiting_verification' : 'ready ready',
    );
    // The next round claims its own issue.
    if (outcome === 'withdrawn') await service.tell(number, { open: false });
  }
  await withStore(service, async (db) =>
    expect(await audit(db, service.clock.now(), 10)).toEqual([]),
  );
});

test('a verification that the claim waits for ends without a verdict, and holds nobody', async () => {
  const { service, mine, complete, take, report, view } = await startVerifying();
  const asked = await complete(mine, commits.work);
  expect(asked.status).toBe(202);
  const job = await take();
  if (job === null) throw new Error('nothing to verify');
  expect((await giveBack(service, mine)).status).toBe(200);
  expect(await service.stateOf(1)).toBe('ready ready');
  const again = await complete(mine, commits.more);
  expect(codeOf(again)).toBe('409 withdrawn');
  // The verdict comes too late: it is kept or refused, and changes nothing.
  await report(job, passed);
  expect(['passed', 'error']).toContain((await view(job.verificationId)).state);
  expect(await service.stateOf(1)).toBe('ready ready');
  await withStore(service, async (db) =>
    expect(await audit(db, service.clock.now(), 10)).toEqual([]),
  );
});

test.each(['complete', 'heartbeat'])(
  '%s of a claim that nobody holds any more: 409',
  async (what) => {
    const service = await startWork();
    await service.tell(1);
    const mine = await service.held('worker-1');
    await giveBack(service, mine);
    const body = what === 'complete' ? { commit: 'abcdef0' } : {};
    expect(codeOf(await call(service, 'worker-1', { held: mine, what, body }))).toBe(
      '409 withdrawn',
    );
  },
);
