import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { createDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { temporaryDirectory } from '../support/service.ts';

/** A queue of writes that end when the test says so. */
function openQueue() {
  const log: string[] = [];
  const ending = new Map<string, () => void>();
  const work = (name: string) => async (): Promise<void> => {
    log.push(name);
    await new Promise<void>((resolve) => ending.set(name, resolve));
    log.push(`${name} ended`);
  };
  const end = async (name: string): Promise<void> => {
    ending.get(name)?.();
    await nextTurn();
  };
  // Never opened: only the writes of the test run.
  return { log, work, end, writes: createWriteQueue(createDatabase(':memory:')) };
}

test('writes run one at a time, in the order they came', async () => {
  const { log, work, end, writes } = openQueue();
  const done = Promise.all([writes.run(work('a')), writes.run(work('b'))]);
  await nextTurn();
  expect(log).toEqual(['a']);
  await end('a');
  expect(log).toEqual(['a', 'a ended', 'b']);
  await end('b');
  await done;
});

test('a transaction that fails is rolled back and does not stop the next one', async () => {
  const db = createDatabase(join(temporaryDirectory(), 'coordinator.db'));
  onTestFinished(() => db.destroy());
  await migrate(db);
  const writes = createWriteQueue(db);
  const add = (name: string, failure?: Error) =>
    writes.transaction(async (transaction) => {
      await transaction.insertInto('known_agents').values({ name }).execute();
      if (failure !== undefined) throw failure;
      return name;
    });
  const failing = add('lost', new Error('no'));
  const next = add('kept');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('kept');
  const rows = await db.selectFrom('known_agents').select('name').execute();
  expect(rows).toEqual([{ name: 'kept' }]);
});
