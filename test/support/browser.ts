import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { apiToken } from './service.ts';

/** A test with a real browser; skipped where there is none, and with PostgreSQL, where it would show the same. */
export const testInBrowser = test.skipIf(
  inject('browser') === undefined || inject('database') === 'postgres',
);

/** Longest wait for one thing to be there. */
const patienceMs = 20_000;

let connected: Promise<Browser> | undefined;

/** The browser of this run, which all tests of this process share. */
function browserOfAll(): Promise<Browser> {
  connected ??= connect();
  return connected;
}

async function connect(): Promise<Browser> {
  const reply = await fetch(inject('browser') ?? '');
  const endpoint = await reply.text();
  if (!reply.ok) throw new Error(`The browser did not start: ${endpoint}`);
  return chromium.connect(endpoint, { timeout: patienceMs });
}

/** Before the tests of a file: the browser is unpacked once in a checkout, and started once in a run. */
export async function startBrowser(): Promise<void> {
  if (inject('browser') !== undefined && inject('database') !== 'postgres') await browserOfAll();
}
export const startBrowserMs = 180_000;

interface Site {
  readonly url: string;
}

export interface Tab {
  readonly page: Page;
  /** Problems that a page must not have: violations of the policy, errors of scripts, requests to other hosts. */
  readonly problems: readonly string[];
}

/**
 * Opens a tab with cookies of its own. When the test is over it fails if the tab had a problem: a violation of the
 * Content-Security-Policy, an error of a script, or a request to another host.
 */
export async function openTab(site: Site, options: BrowserContextOptions = {}): Promise<Tab> {
  const problems: string[] = [];
  onTestFinished(({ task }) => {
    if (task.result?.state !== 'fail') expect(problems, 'problems of the page').toEqual([]);
  });
  const page = await openForeignTab(site, options);
  page.on('console', (message) => {
    // A refusal of ours, such as 401 for a wrong token, is told as an error, too; so is a service that is away.
    const isAnswer =
      /^Failed to load resource: (the server responded|net::ERR_(CONNECTION_|EMPTY_RESPONSE|INCOMPLETE_CHUNKED))/;
    if (message.type() === 'error' && !isAnswer.test(message.text())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${site.url}/`)) problems.push(`request to ${url}`);
  });
  return { page, problems };
}

/** A tab with cookies of its own, whose pages may be those of others as well: nobody looks at their problems. */
export async function openForeignTab(
  site: Site,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const browser = await browserOfAll();
  const context = await browser.newContext({ baseURL: site.url, ...options });
  context.setDefaultTimeout(patienceMs);
  onTestFinished(() => context.close());
  return context.newPage();
}

/** Signs in by the form, as people do. */
export async function signInWith(page: Page, token = apiToken): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const violationsSchema = z.array(
  z.object({
    id: z.string(),
    help: z.string(),
    nodes: z.array(
      z.object({ target: z.array(z.unknown()), failureSummary: z.string().nullish() }),
    ),
  }),
);

/** What axe finds against WCAG 2.2 A and AA, and best practices: one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  // From the tool, not from the page: its policy holds for scripts of the page alone.
  await page.evaluate(`${axe.source};undefined`);
  const found = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => JSON.parse(JSON.stringify(violations)))",
  );
  return violationsSchema
    .parse(found)
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
}

/** How many pixels the page is wider than the window: 0 when nothing is to be scrolled sideways. */
export async function overflow(page: Page): Promise<number> {
  const root = 'document.documentElement';
  const wider = await page.evaluate(`${root}.scrollWidth - ${root}.clientWidth`);
  return z.number().parse(wider);
}

/** What has the focus: the name of a field, else the words of a link or button. */
export async function focused(page: Page): Promise<string> {
  const { name, words } = focusSchema.parse(
    await page.evaluate(
      '({ name: document.activeElement.name, words: document.activeElement.textContent })',
    ),
  );
  return name || words;
}

const focusSchema = z.object({ name: z.string().default(''), words: z.string() });
