import { setImmediate as nextTurn } from 'node:timers/promises';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createDatabase } from '../../src/db/database.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { deliveryRow } from '../../src/inbox/rows.ts';
import { createGroupCommit } from '../../src/inbox/group-commit.ts';
import type { InsertDeliveries, NewDelivery } from '../../src/inbox/insert-deliveries.ts';

function row(id: string): NewDelivery {
  const issue = {
    repositoryId: 3,
    repository: 'acme/orbit',
    number: 1,
    title: 'Issue 1',
    body: '',
    bodyCut: false,
    open: true,
    assignees: [],
    labels: [],
    updatedAt: 0,
  };
  return deliveryRow(
    { id, eventName: 'issues', bodyHash: '', event: { kind: 'edited', issue } },
    0,
  );
}

/** A store whose commits end when the test says so. */
function manualStore() {
  const log: string[] = [];
  const ending: (() => void)[] = [];
  const insert = async (rows: readonly NewDelivery[]) => {
    const ids = rows.map(({ id }) => id);
    log.push(`store ${ids.join()}`);
    await new Promise<void>((resolve) => ending.push(resolve));
    log.push(`stored ${ids.join()}`);
    return new Set(ids);
  };
  /** Ends the oldest commit under way, and lets what follows from it happen. */
  const endOne = async () => {
    ending.shift()?.();
    await nextTurn();
    await nextTurn();
  };
  return { log, insert, endOne };
}

function createCommits(insert: InsertDeliveries) {
  // Never opened: only the inserts above and the writes of the tests run.
  const writes = createWriteQueue(createDatabase(':memory:'));
  return { commits: createGroupCommit(insert, writes), writes };
}

test('while one commit is stored the next is ready; what comes later goes together', async () => {
  const { log, insert, endOne } = manualStore();
  const { commits } = createCommits(insert);
  for (const id of ['a', 'b', 'c', 'd']) {
    void commits.add(row(id));
    await nextTurn();
    await nextTurn();
  }
  expect(log).toEqual(['store a', 'store b']);
  await endOne();
  expect(log).toEqual(['store a', 'store b', 'stored a', 'store c,d']);
});

test('a write of somebody else begins when no commit is under way, and holds up the next', async () => {
  const { log, insert, endOne } = manualStore();
  const { commits, writes } = createCommits(insert);
  void commits.add(row('a'));
  await nextTurn();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const working = writes.run(() => {
    log.push('work');
    return promise;
  });
  void commits.add(row('b'));
  await nextTurn();
  expect(log).toEqual(['store a']);
  await endOne();
  expect(log).toEqual(['store a', 'stored a', 'work']);
  await nextTurn();
  expect(log).toHaveLength(3);
  resolve(undefined);
  await working;
  await nextTurn();
  expect(log.at(-1)).toBe('store b');
});

test('between two such writes the deliveries that wait are stored', async () => {
  const { log, insert, endOne } = manualStore();
  const { commits, writes } = createCommits(insert);
  const works = [1, 2].map((number) =>
    writes.run(async () => {
      if (number === 1) void commits.add(row('a'));
      log.push(`work ${number}`);
      await nextTurn();
    }),
  );
  await works[0];
  await nextTurn();
  await endOne();
  await Promise.all(works);
  expect(log).toEqual(['work 1', 'store a', 'stored a', 'work 2']);
});

test('a write of somebody else that fails lets go', async () => {
  const { log, insert, endOne } = manualStore();
  const { commits, writes } = createCommits(insert);
  await expect(writes.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const added = commits.add(row('a'));
  await nextTurn();
  await endOne();
  expect(await added).toBe('accepted');
  await commits.settled();
  expect(log).toEqual(['store a', 'stored a']);
});

test('whatever the order, no commit runs beside another write and nothing is left over', async () => {
  const steps = fc.array(fc.constantFrom('add', 'work', 'end', 'turn'), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const { log, insert, endOne } = manualStore();
      let storing = 0;
      let working = 0;
      const beside: string[] = [];
      const all: Promise<unknown>[] = [];
      const { commits, writes } = createCommits(async (rows) => {
        storing += 1;
        if (working > 0) beside.push('a commit began during a work');
        const result = await insert(rows);
        storing -= 1;
        return result;
      });
      for (const [index, step] of sequence.entries()) {
        if (step === 'add') all.push(commits.add(row(`d${index}`)));
        else if (step === 'end') await endOne();
        else if (step === 'turn') await nextTurn();
        else
          all.push(
            writes.run(async () => {
              working += 1;
              if (storing > 0 || working > 1) beside.push('a work began beside something else');
              await nextTurn();
              working -= 1;
            }),
          );
      }
      const state = { ended: false };
      const ended = Promise.all(all).then(() => (state.ended = true));
      for (let turn = 0; !state.ended && turn < 1_000; turn += 1) await endOne();
      await ended;
      await commits.settled();
      const added = sequence.filter((step) => step === 'add').length;
      const stored = log.filter((line) => line.startsWith('stored'));
      expect(beside).toEqual([]);
      expect(stored.flatMap((line) => line.split(' ')[1]?.split(',') ?? [])).toHaveLength(added);
    }),
    { numRuns: 200 },
  );
});
