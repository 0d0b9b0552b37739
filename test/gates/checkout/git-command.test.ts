import { expect, test } from 'vitest';

import { git } from '../../../src/gates/checkout/git-command.ts';
import { neverAborted } from '../support/checkout.ts';

test('an exit code is an answer', async () => {
  const answer = git('/', ['rev-parse', '--verify', '--quiet', 'HEAD'], {
    signal: neverAborted,
    maxBytes: 1_000,
  });
  expect((await answer).exitCode).not.toBe(0);
});

test('more output than asked for is refused', async () => {
  const flood = git('/', ['version'], { signal: neverAborted, maxBytes: 3 });
  await expect(flood).rejects.toThrow('git version wrote more than 3 bytes');
});

test('an abort ends it with the reason', async () => {
  const signal = AbortSignal.abort('stop');
  await expect(git('/', ['version'], { signal, maxBytes: 1_000 })).rejects.toBe('stop');
});
