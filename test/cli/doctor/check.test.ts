import { expect, test } from 'vitest';

import { check } from '../../../src/cli/doctor/check.ts';

test('a check that takes too long is told of, and what it would have led to is left out', async () => {
  const signal = new AbortController().signal;
  const never = (aborted: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      aborted.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  const endsAt = performance.now() + 60_000;
  const late = await check({ endsAt, signal }, { name: 'hooks', deadlineMs: 10 }, never);
  expect(late.findings[0]).toMatchObject({ name: 'hooks', mark: 'broken' });
  expect(late.findings[0]?.text).toMatch(/timed out after/);
  const over = await check({ endsAt: performance.now(), signal }, { name: 'claude' }, never);
  expect(over.findings[0]).toMatchObject({ name: 'claude', mark: 'skipped' });
});
