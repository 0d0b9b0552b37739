import { expect, test } from 'vitest';

import { scraped } from '../support/scraping.ts';
import { commits, failed, startVerifying } from '../support/verifying.ts';

/** What the metrics of verifications say, without the ones that are 0. */
async function countsOf(service: { readonly url: string }) {
  const values = [...(await scraped(service))];
  return Object.fromEntries(
    values
      .filter(([name, value]) => name.startsWith('mosaic_verification') && value > 0)
      .map(([name, value]) => [name.replace('mosaic_', ''), value]),
  );
}

test('a verification counts once when it ends, with its gates', async () => {
  const scene = await startVerifying();
  expect(await countsOf(scene.service)).toEqual({});
  await scene.complete(scene.mine, commits.work);
  expect(await countsOf(scene.service)).toEqual({ verifications_queued: 1 });
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  expect(await countsOf(scene.service)).toEqual({ verifications_running: 1 });
  await scene.report(job, failed);
  const ended = {
    'verifications_ended_total{outcome="failed"}': 1,
    'verification_gates_total{gate="build",outcome="passed"}': 1,
    'verification_gates_total{gate="test",outcome="failed"}': 1,
    'verification_gates_total{gate="integrity",outcome="passed"}': 1,
  };
  // Two at once, and one more: nothing counts twice.
  await Promise.all([countsOf(scene.service), countsOf(scene.service)]);
  expect(await countsOf(scene.service)).toEqual(ended);

  // One that begins and ends between two scrapes counts as well.
  await scene.complete(scene.mine, commits.more);
  const next = await scene.take();
  if (next === null) throw new Error('nothing to verify');
  await scene.report(next);
  expect(await countsOf(scene.service)).toMatchObject({
    'verifications_ended_total{outcome="failed"}': 1,
    'verifications_ended_total{outcome="passed"}': 1,
    'verification_gates_total{gate="build",outcome="passed"}': 2,
  });
});

test('what ended before the first scrape is not counted, and its gates stand at 0', async () => {
  const scene = await startVerifying();
  await scene.complete(scene.mine, commits.work);
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  await scene.report(job, failed);
  const values = await scraped(scene.service);
  expect(values.get('mosaic_verifications_ended_total{outcome="failed"}')).toBe(0);
  expect(values.get('mosaic_verification_gates_total{gate="test",outcome="failed"}')).toBe(0);
});
