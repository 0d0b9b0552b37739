import { setImmediate as nextTurn } from 'node:timers/promises';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { deliveryRow } from '../../src/inbox/rows.ts';
import { createGroupCommit } from '../../src/inbox/group-commit.ts';
import type { NewDelivery } from '../../src/db/delivery-rows.ts';

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

test('what comes while one commit is stored goes together into the next', async () => {
  const { log, insert, endOne } = manualStore();
  const commits = createGroupCommit(insert);
  for (const id of ['a', 'b', 'c', 'd']) {
    void commits.add(row(id));
    await nextTurn();
    await nextTurn();
  }
  expect(log).toEqual(['store a']);
  await endOne();
  expect(log).toEqual(['store a', 'stored a', 'store b,c,d']);
});

test('whatever the order, every delivery is answered after its commit and nothing is left over', async () => {
  const steps = fc.array(fc.constantFrom('add', 'end', 'turn'), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const { log, insert, endOne } = manualStore();
      const all: Promise<unknown>[] = [];
      const early: string[] = [];
      const commits = createGroupCommit(insert);
      const isStored = (id: string) =>
        log.some((line) => line.startsWith('stored') && line.split(/[ ,]/).includes(id));
      for (const [index, step] of sequence.entries()) {
        if (step === 'end') await endOne();
        else if (step === 'turn') await nextTurn();
        else {
          const id = `d${index}`;
          const added = commits.add(row(id)).then(() => {
            if (!isStored(id)) early.push(id);
          });
          all.push(added);
        }
      }
      const state = { ended: false };
      const ended = Promise.all(all).then(() => (state.ended = true));
      for (let turn = 0; !state.ended && turn < 1_000; turn += 1) await endOne();
      await ended;
      await commits.settled();
      const added = sequence.filter((step) => step === 'add').length;
      const stored = log.filter((line) => line.startsWith('stored'));
      expect(early).toEqual([]);
      expect(stored.flatMap((line) => line.split(' ')[1]?.split(',') ?? [])).toHaveLength(added);
    }),
    { numRuns: 200 },
  );
});
