import { expect, onTestFinished, test } from 'vitest';

import { createLoop, type Loop } from '../../src/lib/loop.ts';

/** A pause that no test waits for. */
const longPauseMs = 3_600_000;

const unexpected = (error: unknown): never => {
  throw error;
};

/** Starts a loop that the end of the test stops. */
function start(loop: Loop): void {
  onTestFinished(loop.stop);
  loop.start();
}

test('a loop steps at the start and after each wake, and pauses between', async () => {
  let steps = 0;
  const loop = createLoop({
    step: () => Promise.resolve((steps += 1) * longPauseMs),
    onError: unexpected,
  });
  start(loop);
  await loop.idle();
  const before = steps;
  await loop.idle();
  expect(steps).toBe(before + 1);
});

test('a step that wants no pause is followed by the next one', async () => {
  let steps = 0;
  const loop = createLoop({
    step: () => Promise.resolve((steps += 1) < 5 ? 0 : longPauseMs),
    onError: unexpected,
  });
  start(loop);
  await loop.idle();
  expect(steps).toBeGreaterThanOrEqual(5);
});

test('a wake during a step makes another step follow it', async () => {
  const second = Promise.withResolvers<undefined>();
  let steps = 0;
  const loop: Loop = createLoop({
    step: () => {
      steps += 1;
      if (steps === 1) loop.wake();
      else second.resolve(undefined);
      return Promise.resolve(longPauseMs);
    },
    onError: unexpected,
  });
  start(loop);
  await second.promise;
  expect(steps).toBe(2);
});

test('a loop is idle only after its tasks, and the end of a task wakes it', async () => {
  const task = Promise.withResolvers<undefined>();
  const log: string[] = [];
  const loop: Loop = createLoop({
    step: () => {
      log.push('step');
      if (log.length === 1) loop.track(task.promise.then(() => log.push('task ended')));
      return Promise.resolve(longPauseMs);
    },
    onError: unexpected,
  });
  start(loop);
  const idle = loop.idle().then(() => log.push('idle'));
  setImmediate(() => task.resolve(undefined));
  await idle;
  expect(log.slice(-3)).toEqual(['task ended', 'step', 'idle']);
});

test('who asks during a step waits for the next one', async () => {
  const asked = Promise.withResolvers<undefined>();
  const first = Promise.withResolvers<number>();
  let steps = 0;
  const loop = createLoop({
    step: () => {
      steps += 1;
      asked.resolve(undefined);
      return steps === 1 ? first.promise : Promise.resolve(longPauseMs);
    },
    onError: unexpected,
  });
  start(loop);
  await asked.promise;
  const idle = loop.idle();
  first.resolve(longPauseMs);
  await idle;
  expect(steps).toBe(2);
});

test('a failed step is reported, leaves nobody idle, and is repeated', async () => {
  const errors: unknown[] = [];
  let steps = 0;
  const loop = createLoop({
    step: () => {
      steps += 1;
      return steps < 3 ? Promise.reject(new Error('no')) : Promise.resolve(longPauseMs);
    },
    onError: (error) => {
      errors.push(error);
      return 1;
    },
  });
  start(loop);
  await loop.idle();
  expect(errors).toEqual([new Error('no'), new Error('no')]);
});

test('stop aborts the signal, waits for step and tasks, and lets nobody wait', async () => {
  const log: string[] = [];
  const begun = Promise.withResolvers<undefined>();
  const loop: Loop = createLoop({
    step: async (signal) => {
      loop.track(Promise.resolve().then(() => log.push('task ended')));
      begun.resolve(undefined);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      log.push('step ended');
      return 0;
    },
    onError: unexpected,
  });
  await loop.idle();
  loop.start();
  const idle = loop.idle();
  await begun.promise;
  await loop.stop();
  await idle;
  await loop.idle();
  expect(log).toEqual(['task ended', 'step ended']);
});
