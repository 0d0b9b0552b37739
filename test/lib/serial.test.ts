import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { createSerial } from '../../src/lib/serial.ts';

test('calls of one key run one after the other, those of another key beside them', async () => {
  const serially = createSerial();
  const log: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const calls = [
    serially('a', async () => {
      log.push('a1');
      await first.promise;
      log.push('a1 ended');
    }),
    serially('a', () => Promise.resolve(log.push('a2'))),
    serially('b', () => Promise.resolve(log.push('b1'))),
  ];
  await nextTurn();
  expect(log).toEqual(['a1', 'b1']);
  first.resolve(undefined);
  await Promise.all(calls);
  expect(log).toEqual(['a1', 'b1', 'a1 ended', 'a2']);
});

test('a call that fails does not stop the next one, and each caller gets its own result', async () => {
  const serially = createSerial();
  const failed = serially('a', () => Promise.reject(new Error('no')));
  const next = serially('a', () => Promise.resolve('yes'));
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
