import { expect, test } from 'vitest';

import { minute, stageGitea } from './stage.ts';

/** Requests of the first pass, which is a full one, and of one after it that finds nothing, for so many issues. */
async function requestsFor(issues: number): Promise<{ full: number; quiet: number }> {
  const { gitea, clock, open, serve } = await stageGitea();
  open(issues);
  clock.advance(10 * minute);
  const service = await serve();
  await service.reconcile();
  await service.close();
  // Everything is stored now: this start compares and changes nothing.
  let before = gitea.requests.length;
  const again = await serve({ directory: service.directory });
  const count = async () => {
    const outcome = await again.reconcile();
    expect(outcome).toMatchObject({ differences: 0 });
    const requests = gitea.requests.length - before;
    before = gitea.requests.length;
    return requests;
  };
  // With the one that asks for the account at the start.
  const full = await count();
  clock.advance(minute);
  return { full, quiet: await count() };
}

// The figures stand in docs/operations.md.
test.each([
  [0, { full: 5, quiet: 3 }],
  [10, { full: 26, quiet: 23 }],
  [40, { full: 86, quiet: 83 }],
  [100, { full: 207, quiet: 83 }],
])('with %s issues of the bot, a pass costs so many requests', async (issues, expected) => {
  expect(await requestsFor(issues)).toEqual(expected);
});
