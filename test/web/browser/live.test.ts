import type { Page, Route } from 'playwright-core';
import { beforeAll, expect } from 'vitest';

import {
  focused,
  openTab,
  signInWith,
  startBrowser,
  startBrowserMs,
  testInBrowser,
} from '../../support/browser.ts';
import { manualClock } from '../../support/clock.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';

beforeAll(startBrowser, startBrowserMs);

const ready = (page: Page, number: number) =>
  page.locator('#ready').getByText(`acme/orbit#${number}`).first();

/** The overview, in a tab that is not closed before it is there. */
async function openOverview(page: Page): Promise<void> {
  await signInWith(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

testInBrowser(
  'what changes before the stream of events, or while an answer never comes, is shown',
  async () => {
    const service = await startWork();
    await service.tell(1);
    const { page } = await openTab(service);
    await page.clock.install();
    const stream = new Promise<Route>((resolve) => void page.route('**/events', resolve));
    await signInWith(page);
    await ready(page, 1).waitFor();
    const held = await stream;
    await service.tell(2);
    await held.continue();
    await ready(page, 2).waitFor();
    const refresh = new Promise<Route>((resolve) => {
      void page.route(({ pathname }) => pathname === '/', resolve, { times: 1 });
    });
    await service.tell(3);
    // Without an answer, as in a network that swallows packets.
    await refresh;
    await page.clock.runFor(90_000);
    await ready(page, 3).waitFor();
  },
);

testInBrowser(
  'a page outlives its service, says so meanwhile, catches up, and ends with its session',
  async () => {
    const clock = manualClock();
    const directory = temporaryDirectory();
    const before = await startWork({ clock, directory });
    await before.tell(1);
    const { page } = await openTab(before);
    await page.clock.install();
    await openOverview(page);
    const behind = page.getByText('The service does not answer');
    expect(await behind.isVisible()).toBe(false);
    await before.close();
    await page.clock.runFor(30_000);
    await behind.waitFor();
    const { port: PORT } = new URL(before.url);
    const after = await startWork({ clock, directory, env: { PORT } });
    await after.tell(2);
    await page.clock.runFor(5_000);
    await ready(page, 2).waitFor();
    await behind.waitFor({ state: 'hidden' });
    await after.close();
    // The token of its session is none any more.
    await startWork({ clock, directory, env: { PORT, API_TOKENS: 'tests:another-token-0001' } });
    await page.clock.runFor(5_000);
    await page.getByLabel('Token').waitFor();
  },
);

testInBrowser('whoever signs out in one tab is signed out in all, at once', async () => {
  const service = await startWork();
  const { page } = await openTab(service);
  await openOverview(page);
  const other = await page.context().newPage();
  const isListening = other.waitForRequest('**/events');
  await other.goto('/status');
  await isListening;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await other.getByLabel('Token').waitFor();
  expect(new URL(other.url()).search).toBe('?to=%2Fstatus');
  await page.goBack();
  expect(new URL(page.url()).pathname).toBe('/sign-in');
});

testInBrowser('who fills in a form keeps focus and words while the page goes on', async () => {
  const service = await startWork();
  await service.tell(1);
  const { page } = await openTab(service);
  await openOverview(page);
  const atWork = page.locator('#at-work').getByText('acme/orbit#1').first();
  const summary = page.getByText('Pause…');
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('lunch');
  const why = page.getByLabel('Why');
  // In its own part and in others; the menu is none that somebody is in.
  await service.tell(2);
  await ready(page, 2).waitFor();
  await service.held('worker-1');
  await ready(page, 1).waitFor({ state: 'detached' });
  expect(await why.inputValue()).toBe('lunch');
  expect(await focused(page)).toBe('reason');
  expect(await atWork.count()).toBe(0);
  await page.keyboard.press('Escape');
  expect(await focused(page)).toBe('Pause…');
  expect(await why.isVisible()).toBe(false);
  await atWork.waitFor();
  // The part is another one now. Who was in it is where he was.
  expect(await focused(page)).toBe('Pause…');
  // Who is on a link that goes away stays in its part.
  await page.locator('#ready a').first().focus();
  await service.held('worker-2');
  await ready(page, 2).waitFor({ state: 'detached' });
  expect(await focused(page)).toContain('Ready');
  expect((await service.api('/pauses')).json).toEqual({ items: [] });
});

testInBrowser('a page that becomes another one waits for who is asked something', async () => {
  const service = await startWork();
  await service.api('/pause', { method: 'POST', ...json({}) });
  const { page } = await openTab(service);
  await openOverview(page);
  await page.getByRole('heading', { name: 'No issue yet: what to do next' }).waitFor();
  const resume = page.locator('#waits summary');
  await resume.click();
  for (const number of [1, 2]) {
    const isAsked = page.waitForResponse((reply) => new URL(reply.url()).pathname === '/');
    await service.tell(number);
    // The page asks for one answer at a time: with the second the first has been seen to.
    await (await isAsked).finished();
  }
  expect(await page.getByText('Issues are handed out again.').isVisible()).toBe(true);
  await resume.click();
  await ready(page, 1).waitFor();
});

function json(body: unknown) {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
