import { beforeAll, expect } from 'vitest';

import { manualClock } from '../../support/clock.ts';
import {
  axeViolations,
  openTab,
  overflow,
  signInWith,
  startBrowser,
  startBrowserMs,
  testInBrowser,
} from '../../support/browser.ts';
import { apiToken, startService } from '../../support/service.ts';
import { commits, passed, startVerifying, verifyingSchema } from '../../support/verifying.ts';
import { call } from '../../support/workers.ts';
import { pagePaths } from './pages.ts';

beforeAll(startBrowser, startBrowserMs);

testInBrowser('signing in leads to the overview, and signing out back to the form', async () => {
  const service = await startService();
  const { page } = await openTab(service);
  await page.goto('/');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await signInWith(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  await page.goto('/');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
});

testInBrowser('a wrong token is told on the form, and opens nothing', async () => {
  const service = await startService();
  const { page } = await openTab(service);
  await signInWith(page, 'a-wrong-token-0001');
  expect(await page.getByRole('alert').textContent()).toContain('none of the tokens');
  await page.goto('/');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
});

testInBrowser('a session that is over leads to the form, and from there back', async () => {
  const clock = manualClock();
  const service = await startService({ clock });
  const { page } = await openTab(service);
  await signInWith(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  clock.advance(13 * 3_600_000);
  await page.goto('/?repository=acme/orbit');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await page.getByLabel('Token').fill(apiToken);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  expect(new URL(page.url()).search).toBe('?repository=acme/orbit');
});

testInBrowser('without JavaScript the pages work as well', async () => {
  const { service } = await startVerifying();
  const { page } = await openTab(service, { javaScriptEnabled: false });
  await signInWith(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('link', { name: 'Health' }).waitFor();
});

testInBrowser(
  'an issue moves on while the page is open: ready, in progress, in review',
  async () => {
    const { gitea, service, take, report, complete } = await startVerifying();
    const { page } = await openTab(service);
    await signInWith(page);
    const part = (id: string) => page.locator(`#${id}`).getByText('acme/orbit#2').first();
    gitea.as('maria').openIssue('acme/orbit', {
      ...{ title: 'Two', body: 'Difficulty: low', assignees: ['coordinator-bot'] },
    });
    await gitea.settled();
    await service.idle();
    await part('ready').waitFor();
    const held = await service.held('worker-1');
    await part('at-work').waitFor();
    const { json } = await complete(held, commits.work);
    expect(verifyingSchema.parse(json).verification.state).toBe('queued');
    const job = await take();
    if (job !== null) await report(job, passed);
    await part('waits').waitFor();
    expect(await page.locator('#at-work').getByText('acme/orbit#2').count()).toBe(0);
    expect(new URL(page.url()).pathname).toBe('/');
  },
);

const looks = [
  { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const;

testInBrowser.for(looks)('every page is accessible and fits: %j', async (look) => {
  const { service, mine, take, report, complete } = await startVerifying();
  await call(service, 'worker-1', {
    ...{ held: mine, what: 'heartbeat', body: { contextUsed: 170_000, contextLimit: 200_000 } },
  });
  const { json } = await complete(mine, commits.work);
  const job = await take();
  if (job !== null) await report(job, passed);
  const verification = verifyingSchema.parse(json).verification.id;
  const { page } = await openTab(service, look);
  await page.goto('/sign-in');
  const found: string[] = [];
  await inspect('/sign-in');
  await signInWith(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  for (const path of pagePaths({ issue: mine.issue, verification })) {
    const reply = await page.goto(path);
    if (reply?.status() !== 200) found.push(`${path}: status ${reply?.status()}`);
    await inspect(path);
  }
  expect(found).toEqual([]);

  async function inspect(path: string): Promise<void> {
    for (const violation of await axeViolations(page)) found.push(`${path}: ${violation}`);
    const wider = await overflow(page);
    if (wider > 0) found.push(`${path} is ${wider} px wider than the window`);
  }
});
