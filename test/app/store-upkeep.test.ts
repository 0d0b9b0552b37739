import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';

import { createSqliteEngine } from '../../src/app/sqlite-engine.ts';
import { createStoreUpkeep } from '../../src/app/store-upkeep.ts';
import { lockDatabase } from '../../src/db/sqlite/lock.ts';
import { createLogger } from '../../src/log.ts';
import { anyNumber, containing, including } from '../support/matching.ts';
import { temporaryDirectory } from '../support/service.ts';

/** A store with its upkeep, which steps only when the test asks it to. */
async function openUpkeep() {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const lines: unknown[] = [];
  const log = createLogger('info', { write: (line) => lines.push(JSON.parse(line)) });
  const config = { database: path, allowNetworkDatabase: false };
  const engine = createSqliteEngine({ config, overrides: {}, now: Date.now, log });
  await engine.open();
  const { guard, db, writes, check: checkStore } = engine;
  const upkeep = createStoreUpkeep({ engine, log, wakeConsumer: () => undefined });
  upkeep.start();
  onTestFinished(async () => {
    await upkeep.stop();
    await engine.finish();
    await engine.close();
  });
  return { path, guard, db, writes, lines, checkStore, step: upkeep.idle };
}

test('the log is emptied when nothing was written since the step before, and stays empty', async () => {
  const { guard, writes, step } = await openUpkeep();
  await step();
  await writes.transaction((transaction) =>
    transaction.insertInto('known_agents').values({ name: 'a' }).execute(),
  );
  expect(guard.logBytes()).toBeGreaterThan(0);
  await step();
  await step();
  expect(guard.logBytes()).toBe(0);
  const commits = guard.commits();
  // What reads, or changes nothing, is no write.
  await writes.transaction(() => Promise.resolve());
  await step();
  expect(guard.commits()).toBe(commits);
  expect(guard.logBytes()).toBe(0);
});

// D10: whoever polled /readyz kept the log from ever being emptied.
test('the log is emptied although somebody asks for the state of the store', async () => {
  const { guard, writes, checkStore, step } = await openUpkeep();
  await writes.transaction((transaction) =>
    transaction.insertInto('known_agents').values({ name: 'a' }).execute(),
  );
  await step();
  const commits = guard.commits();
  expect(await checkStore()).toMatchObject({ status: 'ok' });
  expect(guard.commits()).toBe(commits);
  expect(guard.logBytes()).toBeGreaterThan(0);
  await step();
  expect(guard.logBytes()).toBe(0);
});

test('a write that is refused makes the answer of a moment ago worthless', async () => {
  const { db, writes, checkStore } = await openUpkeep();
  expect(await checkStore()).toMatchObject({ status: 'ok' });
  await sql`pragma query_only = on`.execute(db);
  expect(await checkStore()).toMatchObject({ status: 'ok' });
  const refused = writes.transaction((transaction) =>
    transaction.insertInto('known_agents').values({ name: 'a' }).execute(),
  );
  await expect(refused).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await checkStore()).toMatchObject({ status: 'down', refusedWrites: anyNumber });
  await sql`pragma query_only = off`.execute(db);
});

test('a lock file that is gone is locked again, and the log says so', async () => {
  const { path, lines, step } = await openUpkeep();
  await step();
  rmSync(`${path}.lock`);
  await step();
  expect(lines).toContainEqual(including({ msg: containing('locked again') }));
  expect(() => lockDatabase(path)).toThrow('Another coordinator is using');
});

test('a lock that another coordinator took makes the store down', async () => {
  const { path, guard, lines, step } = await openUpkeep();
  await step();
  rmSync(`${path}.lock`);
  const other = new DatabaseSync(`${path}.lock`);
  other.exec('begin exclusive');
  onTestFinished(() => other.close());
  await step();
  expect(guard.fault()).toMatchObject({ cause: containing('lock file') });
  expect(lines).toContainEqual(including({ level: 'error', msg: 'the store is down' }));
});
