import { expect, onTestFinished, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import { createReconciler, fullEveryMs } from '../../src/reconcile/reconciler.ts';
import { createLogger } from '../../src/log.ts';

/** Passes follow each other at once; `outcome` says what becomes of the nth. */
function stage(
  outcome: (nth: number) => Error | undefined,
  skipped: (nth: number) => number = () => 0,
) {
  const wanted: boolean[] = [];
  const clock = { now: 0 };
  const waiters = new Map<number, () => void>();
  const reconciler = createReconciler({
    runPass: (full) => {
      clock.now += 60_000;
      wanted.push(full);
      const failure = outcome(wanted.length);
      waiters.get(wanted.length)?.();
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve({ full, differences: 2, missed: 1, skipped: skipped(wanted.length) });
    },
    intervalMs: 1,
    elapsed: () => clock.now,
    random: () => 0,
    log: createLogger('error', { write: () => undefined }),
  });
  onTestFinished(reconciler.stop);
  const passes = (count: number) =>
    new Promise<void>((resolve) => {
      if (wanted.length >= count) resolve();
      else waiters.set(count, resolve);
    });
  return { reconciler, wanted, passes };
}

test('the first pass is a full one, and then one every half hour', async () => {
  const { reconciler, wanted, passes } = stage(() => undefined);
  reconciler.start();
  reconciler.start();
  await passes(65);
  await reconciler.stop();
  const full = wanted.slice(0, 65).flatMap((each, index) => (each ? [index] : []));
  expect(fullEveryMs).toBe(30 * 60_000);
  expect(full).toEqual([0, 30, 60]);
});

test('a pass that fails is repeated, full as it was to be, and then all is well again', async () => {
  const failure = new TryAgainLater('gitea_unreachable', 'away');
  const { reconciler, wanted } = stage((nth) => (nth <= 2 ? failure : undefined));
  await expect(reconciler.pass()).rejects.toBe(failure);
  expect(reconciler.lastError()).toBe('gitea_unreachable');
  await expect(reconciler.pass()).rejects.toBe(failure);
  await reconciler.pass();
  expect(reconciler.lastError()).toBeUndefined();
  await reconciler.pass();
  expect(wanted).toEqual([true, true, true, false]);
  expect(reconciler.sinceStart()).toEqual({ passes: 2, differences: 4, missed: 2 });
});

test('a failure of our own is told without a code of its own', async () => {
  const { reconciler, passes } = stage((nth) => (nth < 3 ? new Error('disk full') : undefined));
  await expect(reconciler.pass()).rejects.toThrow('disk full');
  expect(reconciler.lastError()).toBe('internal');
  reconciler.start();
  await passes(4);
  await reconciler.stop();
  expect(reconciler.lastError()).toBeUndefined();
});

test('a pass that had to skip issues is followed by a full one, three times at most', async () => {
  const once = stage(
    () => undefined,
    (nth) => (nth === 2 ? 1 : 0),
  );
  for (let pass = 0; pass < 4; pass += 1) await once.reconciler.pass();
  expect(once.wanted).toEqual([true, false, true, false]);
  const always = stage(
    () => undefined,
    () => 1,
  );
  for (let pass = 0; pass < 6; pass += 1) await always.reconciler.pass();
  expect(always.wanted).toEqual([true, true, true, true, false, false]);
});
