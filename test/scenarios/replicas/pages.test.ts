import { expect } from 'vitest';

import { signIn, visit } from '../../support/browser-like.ts';
import { postgresDatabase, testOfPostgres as test } from '../../support/database.ts';
import { startService, type Service } from '../../support/service.ts';
import { call, claim, issueEvent } from '../../support/workers.ts';

/** What an open page shows: it asks again whenever it is told, and never by itself. Ends with the first that has `text`. */
async function watchFor(service: Service, text: string): Promise<void> {
  const headers = { cookie: await signIn(service) };
  const events = await visit(service, '/events', { headers });
  for await (const chunk of events.body ?? []) {
    if (!Buffer.from(chunk).includes('data:')) continue;
    const page = await visit(service, '/', { headers });
    if ((await page.text()).includes(text)) return;
  }
}

test('an open page is told of what another replica changed', { timeout: 60_000 }, async () => {
  const env = { DATABASE_URL: await postgresDatabase(true) };
  const one = await startService({ env, workers: true });
  const two = await startService({ env, workers: true });
  await one.send(issueEvent(1, Date.now()));
  await one.idle();
  await expect.poll(async () => (await one.plan('acme/orbit#1'))?.state).toBe('ready');
  const { claim: held } = await claim(one, 'worker-1', { body: {} });
  if (held === null) throw new RangeError('nothing was handed out');
  let isShown = false;
  const watching = watchFor(two, '50 % of 200,000').then(() => (isShown = true));
  const context = { contextUsed: 100_000, contextLimit: 200_000 };
  await expect
    .poll(
      async () => {
        // Once more: the page may not have been open yet.
        await call(one, 'worker-1', { held, what: 'heartbeat', body: context });
        return isShown;
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(true);
  await watching;
});
