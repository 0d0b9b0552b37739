import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { z } from 'zod';

import { withWorld } from '../../../src/cli/demo/world/world.ts';
import { findChromium, launchChromium } from '../../support/chromium.ts';
import { pagePaths, type Examples } from './pages.ts';

/*
 * Takes pictures of every page in the world of the demo, light and dark, narrow and wide:
 *
 *     npm run pictures -- <folder> [path...]
 */

const [out, ...wantedPaths] = process.argv.slice(2);
const widths = [360, 1280] as const;
const schemes = ['light', 'dark'] as const;

const refs = z.object({ items: z.array(z.object({ ref: z.string() })) });
const ids = z.object({ items: z.array(z.object({ id: z.string() })) });
const deliveryIds = z.object({ items: z.array(z.object({ deliveryId: z.string() })) });

if (out === undefined) {
  process.stderr.write('Name a folder for the pictures: npm run pictures -- pictures\n');
  process.exitCode = 2;
} else await takeAll(out);

async function takeAll(folder: string): Promise<void> {
  const found = findChromium();
  if (found === undefined) throw new Error('there is no Chromium: set CHROMIUM to one');
  mkdirSync(folder, { recursive: true });
  const server = await launchChromium(found);
  try {
    const browser = await chromium.connect(server.wsEndpoint());
    const stop = new AbortController();
    await withWorld(
      { speed: 1, seed: 1, signal: stop.signal },
      async ({ url, signInPath, token }) => {
        const context = await browser.newContext({ baseURL: url });
        const page = await context.newPage();
        await page.goto(signInPath);
        const paths =
          wantedPaths.length > 0 ? wantedPaths : pagePaths(await examplesOf(url, token));
        for (const path of paths)
          for (const colorScheme of schemes)
            for (const width of widths) {
              await page.emulateMedia({ colorScheme });
              await page.setViewportSize({ width, height: 900 });
              await page.goto(path);
              const name = `${nameOf(path)}-${colorScheme}-${width}.png`;
              await page.screenshot({ path: join(folder, name), fullPage: true });
              process.stdout.write(`${join(folder, name)}\n`);
            }
      },
    );
  } finally {
    await server.close();
  }
}

/** Things of the world that have pages: an issue in review, with its verification, and a delivery given up. */
async function examplesOf(url: string, token: string): Promise<Examples> {
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const json: unknown = await (await fetch(`${url}/api/v1${path}`, { headers })).json();
    return json;
  };
  const inReview = refs.parse(await get('/issues?state=in_review')).items[0]?.ref;
  const issue = inReview ?? 'acme/beacon#3';
  const verified = ids.parse(await get(`/issues/${issue.replace('#', '/')}/verifications`));
  const dead = deliveryIds.parse(await get('/deliveries?status=dead'));
  return { issue, verification: verified.items[0]?.id, delivery: dead.items[0]?.deliveryId };
}

function nameOf(path: string): string {
  return path === '/' ? 'overview' : path.slice(1).replaceAll(/[^\w]+/g, '-');
}
