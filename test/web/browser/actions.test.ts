import type { Page } from 'playwright-core';
import { beforeAll, expect } from 'vitest';
import { z } from 'zod';

import { maxAttempts } from '../../../src/inbox/backoff.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import { giteaBot } from '../../fake-gitea/gitea.ts';
import {
  openTab,
  signInWith,
  startBrowser,
  startBrowserMs,
  testInBrowser,
} from '../../support/browser.ts';
import { apiToken, type Service } from '../../support/service.ts';
import { commits, passed, startVerifying, verifyingSchema } from '../../support/verifying.ts';
import { call, workerTokens } from '../../support/workers.ts';
import { pagePaths } from './pages.ts';

beforeAll(startBrowser, startBrowserMs);

const itemsSchema = z.object({ items: z.array(z.looseObject({ deliveryId: z.string() })) });
const readerToken = 'token-of-the-reader-01';

/** A service with something for every action: two dead deliveries, and an issue in the hands of worker-1. */
async function startScene() {
  const names = builtInAgents.map(({ name }) => name);
  let isBroken = true;
  const scene = await startVerifying({
    read: (issue) =>
      isBroken && issue.title === 'Two'
        ? Promise.reject(new Error('the reader is broken'))
        : Promise.resolve(readOffline(issue, names)),
    expectAtEnd: { dead: 1, errors: ['delivery is dead'] },
    env: {
      LEASE_SECONDS: '86400',
      API_TOKENS: `tests:${apiToken},look:reader:${readerToken},${workerTokens},judge:verifier:token-of-the-verifier-1`,
    },
  });
  const { service, gitea, clock } = scene;
  gitea.as('maria').openIssue('acme/orbit', { title: 'Two', assignees: [giteaBot] });
  await gitea.settled();
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await service.idle();
    clock.advance(3_600_000);
  }
  const { json } = await service.api('/deliveries?status=dead');
  const [delivery = ''] = itemsSchema.parse(json).items.map(({ deliveryId }) => deliveryId);
  return { ...scene, delivery, mend: () => (isBroken = false) };
}

interface Question {
  readonly name: string;
  readonly effect: string;
  /** What is written into its field. */
  readonly words?: string;
  readonly notice: string;
  /** What the action changes. */
  readonly state: () => Promise<unknown>;
}

/** Asks, takes it back, asks again and confirms; by the keyboard alone, and then by the mouse. */
async function act(page: Page, { name, effect, words, notice, state }: Question): Promise<void> {
  const summary = page.getByText(`${name}…`, { exact: true });
  const question = page.getByText(effect);
  const before = await state();
  expect(await question.isVisible()).toBe(false);
  await summary.focus();
  await page.keyboard.press('Enter');
  await question.waitFor();
  await page.keyboard.press('Enter');
  await question.waitFor({ state: 'hidden' });
  expect(await state()).toEqual(before);
  await summary.click();
  if (words !== undefined) await page.getByLabel('Why').fill(words);
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('status').getByText(notice).waitFor();
  expect(await state()).not.toEqual(before);
}

async function pauseAndResume(page: Page, service: Service): Promise<void> {
  const state = async () => (await service.api('/pauses')).json;
  await act(page, {
    ...{ name: 'Pause', effect: 'Nothing more is handed out until it is resumed.' },
    ...{ words: 'lunch', notice: 'Nothing more is handed out.', state },
  });
  expect(await state()).toMatchObject({ items: [{ reason: 'lunch', pausedBy: 'tests' }] });
  await act(page, {
    ...{ name: 'Resume', effect: 'Issues are handed out again.' },
    ...{ notice: 'Issues are handed out again.', state },
  });
  expect(await state()).toEqual({ items: [] });
}

/** Replays the delivery of the page; resolves to what it is then. */
async function replay(page: Page, service: Service): Promise<unknown> {
  const { pathname } = new URL(page.url());
  const state = async () => (await service.api(pathname)).json;
  await act(page, {
    ...{ name: 'Replay', effect: 'It is handled once more, now.' },
    ...{ notice: 'The delivery is handled once more.', state },
  });
  await service.idle();
  return state();
}

testInBrowser('without JavaScript the same questions are asked', async () => {
  const { service, clock } = await startVerifying();
  const { page } = await openTab(service, { javaScriptEnabled: false });
  await signInWith(page);
  await pauseAndResume(page, service);
  await page.goto('/deliveries');
  await page.locator('a[href^="/deliveries/"]').first().click();
  await page.getByText('It was handled.').waitFor();
  // By the time of its handling one sees that it was handled again.
  clock.advance(1_000);
  expect(await replay(page, service)).toMatchObject({ status: 'done' });
});

testInBrowser(
  'an operator is asked, may take it back, and sees what was done; a reader has no buttons',
  async () => {
    const { service, gitea, mend, delivery, take, report, complete, view } = await startScene();
    const { page } = await openTab(service);
    await signInWith(page);
    await pauseAndResume(page, service);
    mend();
    await page.goto(`/deliveries/${delivery}`);
    const replayed = await replay(page, service);
    expect(replayed).toMatchObject({ status: 'done' });

    // What follows is about the other one.
    gitea.as('maria').close('acme/orbit#2');
    await gitea.settled();
    await service.idle();

    const stateNow = async () => (await service.plan('acme/orbit#1'))?.state;
    await page.goto('/issues/acme/orbit/1');
    await act(page, {
      ...{ name: 'Give back', effect: 'The claim of worker-1 ends' },
      ...{ words: 'It is stuck', notice: 'The claim was ended.', state: stateNow },
    });
    expect(await stateNow()).toBe('ready');

    const held = await service.held('worker-1');
    await call(service, 'worker-1', { held, what: 'block', body: { reason: 'Which one?' } });
    await page.goto('/issues/acme/orbit/1');
    await act(page, {
      ...{ name: 'Resume', effect: 'Agents may have the issue again.' },
      ...{ notice: 'The issue is given to agents again.', state: stateNow },
    });
    expect(await stateNow()).toBe('ready');

    const { json } = await complete(await service.held('worker-1'), commits.work);
    const job = await take();
    if (job !== null) await report(job, passed);
    const { id } = verifyingSchema.parse(json).verification;
    expect(await view(id)).toMatchObject({ state: 'passed' });
    const all = async () => (await service.api('/issues/acme/orbit/1/verifications')).json;
    await page.goto(`/verifications/${id}`);
    await act(page, {
      ...{ name: 'Verify again', effect: 'The gates run once more' },
      ...{ notice: 'The last commit is verified once more.', state: all },
    });
    const { pathname } = new URL(page.url());
    expect(pathname).not.toBe(`/verifications/${id}`);
    expect(await view(pathname.slice('/verifications/'.length))).toMatchObject({ state: 'queued' });

    await page.getByRole('button', { name: 'Sign out' }).click();
    await signInWith(page, readerToken);
    await page.getByText('look, reader').waitFor();
    for (const each of pagePaths({ issue: 'acme/orbit#1', verification: id })) {
      if (each === '/sign-in') continue;
      await page.goto(each);
      const buttons = page.locator('main form[method=post], main .action');
      expect([each, await buttons.count()]).toEqual([each, 0]);
    }
  },
);
