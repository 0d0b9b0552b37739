import { MessageChannel } from 'node:worker_threads';

import { expect, onTestFinished, test } from 'vitest';

import { openDoor } from '../../src/edge/door.ts';
import { CoordinatorError } from '../../src/errors.ts';
import { matching } from '../support/matching.ts';

interface Calls {
  readonly add: (left: number, right: number) => number;
  readonly refuse: (code: string | undefined) => void;
  readonly wait: () => Promise<void>;
  readonly note: (text: string) => void;
}

/** Both ends of a door; one offers `Calls`. */
function openBoth() {
  const { port1, port2 } = new MessageChannel();
  const lost: unknown[] = [];
  const notes: string[] = [];
  const never = Promise.withResolvers<undefined>();
  const mine: Calls = {
    add: (left, right) => left + right,
    refuse: (code) => {
      throw code === undefined ? new RangeError('no') : new CoordinatorError(code, 'no');
    },
    wait: () => never.promise,
    note: (text) => void notes.push(text),
  };
  const inside = openDoor<object>(port1, mine, (call, error) => lost.push({ call, error }));
  const outside = openDoor<Calls>(port2, {}, () => undefined);
  onTestFinished(outside.close);
  return { inside, outside, lost, notes, endWait: () => never.resolve(undefined) };
}

test('a call resolves with what the other side returns', async () => {
  const { outside } = openBoth();
  expect(await outside.ask(5_000, 'add', 2, 3)).toBe(5);
});

test('an error of the other side keeps its code, its message and its stack', async () => {
  const { outside } = openBoth();
  const refused = outside.ask(5_000, 'refuse', 'spool_damaged');
  await expect(refused).rejects.toMatchObject({
    code: 'spool_damaged',
    message: 'no',
    stack: matching(/door\.test\.ts/),
  });
  await expect(outside.ask(5_000, 'refuse', undefined)).rejects.toThrow(/^no$/);
});

test('a call that is not answered in time is rejected, and an answer that comes later is nobody’s', async () => {
  const { outside, endWait } = openBoth();
  await expect(outside.ask(20, 'wait')).rejects.toMatchObject({
    code: 'core_unavailable',
    message: '"wait" was not answered: 0.02 s went by.',
  });
  endWait();
  expect(await outside.ask(5_000, 'add', 1, 1)).toBe(2);
});

test('when the other side goes, every call that waits is rejected by its name, and so is each later one', async () => {
  const { inside, outside } = openBoth();
  const waiting = outside.ask(60_000, 'wait');
  await outside.ask(5_000, 'add', 1, 1);
  inside.close();
  const gone = { message: '"wait" was not answered: the other side is gone.' };
  await expect(waiting).rejects.toMatchObject(gone);
  await expect(outside.ask(60_000, 'wait')).rejects.toMatchObject(gone);
  outside.tell('note', 'nobody hears this');
});

test('what is told or asked begins in its order, and `settled` waits for all of it', async () => {
  const { inside, outside, notes, endWait } = openBoth();
  outside.tell('note', 'one');
  const waiting = outside.ask(5_000, 'wait');
  outside.tell('note', 'two');
  await outside.ask(5_000, 'add', 1, 1);
  expect(notes).toEqual(['one', 'two']);
  let isSettled = false;
  const settled = inside.settled().then(() => (isSettled = true));
  await outside.ask(5_000, 'add', 1, 1);
  expect(isSettled).toBe(false);
  endWait();
  await settled;
  await waiting;
});

test('what was told and fails is not lost without a word', async () => {
  const { outside, lost } = openBoth();
  outside.tell('refuse', 'store_unavailable');
  await outside.ask(5_000, 'add', 1, 1);
  expect(lost).toMatchObject([{ call: 'refuse', error: { code: 'store_unavailable' } }]);
});
