import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { audit } from '../../src/claims/audit.ts';
import { createDatabase, type Database } from '../../src/db/database.ts';
import { startService } from '../support/service.ts';
import { claim, issueEvent } from '../support/workers.ts';

const later = Date.now() + 365 * 86_400_000;

/** Issue 1 is ready, 2 waits for it, 3 is claimed. */
async function makeStore(): Promise<Database> {
  const service = await startService({ workers: true });
  const at = Date.parse('2026-11-23T10:00:00Z');
  await service.send(issueEvent(3, at));
  await service.idle();
  await claim(service, 'worker-1');
  await service.send(issueEvent(1, at));
  await service.send(issueEvent(2, at, { body: 'Blocked by #1' }));
  await service.idle();
  await service.close();
  const db = createDatabase(service.config.database);
  onTestFinished(() => db.destroy());
  return db;
}

test.each([
  ['no_state', sql`update issues set state = 'ready ' where number = 1`],
  ['no_state', sql`update issues set reason_params = '' where number = 1`],
  ['in_progress_unclaimed', sql`update claims set ended_at = 1`],
  ['claimed_not_in_progress', sql`update issues set state = 'ready' where number = 3`],
  ['needs_human_unparked', sql`update issues set state = 'needs_human' where number = 1`],
  ['parked_not_held', sql`update issues set parked_code = 'x' where number = 1`],
  ['ready_not_queued', sql`update issues set queue_key = null where number = 1`],
  ['queued_not_ready', sql`update issues set queue_key = 1 where number = 2`],
  ['ready_but_blocked', sql`update issues set state = 'ready', queue_key = 1 where number = 2`],
  ['ready_but_blocked', sql`update issues set hidden_blockers = 1 where number = 1`],
  ['blocked_by_nothing', sql`delete from edges`],
  ['received_not_due', sql`update issues set state = 'received' where number = 1`],
  ['slot_leaked', sql`update issues set open = 0 where number = 3`],
])('finds %s', async (code, damage) => {
  const db = await makeStore();
  expect(await audit(db, Date.now(), 10)).toEqual([]);
  await damage.execute(db);
  expect((await audit(db, Date.now(), 10)).map((found) => found.code)).toContain(code);
});

test('an issue that waits only for what the bot may not read is no violation', async () => {
  const db = await makeStore();
  await sql`update issues set state = 'blocked', queue_key = null, hidden_blockers = 1
    where number = 1`.execute(db);
  expect(await audit(db, Date.now(), 10)).toEqual([]);
});

test('finds a lease that nobody sweeps, and two live claims where the index is gone', async () => {
  const db = await makeStore();
  expect(await audit(db, later, 10)).toMatchObject([
    { subject: 'acme/orbit#3', code: 'lease_not_swept' },
  ]);
  await sql`drop index claims_live`.execute(db);
  await sql`insert into claims (id, repository_id, number, worker, agent, claimed_at, heartbeat_at, expires_at)
    select 'second', repository_id, number, worker, agent, claimed_at, heartbeat_at, expires_at from claims`.execute(
    db,
  );
  expect((await audit(db, Date.now(), 10)).map(({ code }) => code)).toEqual([
    'claimed_twice',
    'claimed_twice',
  ]);
});
