import { beforeAll, expect, test } from 'vitest';

import {
  axeViolations,
  openTab,
  overflow,
  signInWith,
  startBrowser,
  startBrowserMs,
  testInBrowser,
} from '../support/browser.ts';
import { signIn, visit } from '../support/browser-like.ts';
import { startService } from '../support/service.ts';

beforeAll(startBrowser, startBrowserMs);

async function readDocs() {
  const service = await startService();
  expect((await visit(service, '/docs')).status).toBe(303);
  const cookie = await signIn(service);
  const html = await (await visit(service, '/docs', { headers: { cookie } })).text();
  /** The part of one route, without tags. */
  const routeText = (id: string) => {
    const [, rest = ''] = html.split(`<div id="${id}">`);
    const [part = ''] = rest.split('<details class="route">');
    return part
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll(/ {2,}/g, ' ');
  };
  return { service, html, routeText };
}

test('the API is shown to whoever is signed in, by groups', async () => {
  const { html } = await readDocs();
  const heads = [...html.matchAll(/<h2 [^>]*>(\w+)<\/h2>/g)].map(([, name]) => name);
  expect(heads).toEqual([
    ...['Issues', 'Queue', 'Claims', 'Verifications', 'Verifiers', 'Pauses', 'Deliveries'],
    ...['Service', 'Shapes'],
  ]);
  // A narrow page breaks a path before its parts, and nowhere else.
  expect(html).toContain('GET <wbr/>/api<wbr/>/v1<wbr/>/issues<wbr/>/{owner}<wbr/>/{repo}');
  expect(html).toContain('For the role operator.');
  expect(html).not.toContain('style=');
});

test('a route shows a call, its parameters in words, and its answers', async () => {
  const { service, routeText } = await readDocs();
  const text = routeText('sendHeartbeat');
  expect(text).toContain(`curl -sS '${service.url}/api/v1/claims/<id>/heartbeat'`);
  expect(text).toContain("-H 'X-Claim-Token: <X-Claim-Token>'");
  expect(text).toContain(`-d '{"contextUsed":120000,"contextLimit":200000}'`);
  expect(text).toContain('X-Claim-Token required, header');
  expect(text).toContain('contextUsed');
  expect(text).toContain('whole number from 0 to 100,000,000');
  expect(text).toContain('200 The lease is extended.');
  expect(text).toContain('409 stale_lease : the lease has ended: stop working');
  expect(text).not.toContain('"type"');
  expect(routeText('listIssues')).toContain(
    'limit in the query whole number from 1 to 200, by default 50 Entries of a page.',
  );
  expect(routeText('getLiveness')).not.toContain('Authorization');
});

test('a shape with a name is shown once, and every link to one leads to it', async () => {
  const { html } = await readDocs();
  const links = [...html.matchAll(/href="#(shape-\w+)"/g)].map(([, id = '']) => id);
  expect(links).toContain('shape-Plan');
  for (const id of new Set(links)) expect(html.split(`id="${id}"`)).toHaveLength(2);
});

test('a body in several forms tells them apart', async () => {
  const { routeText } = await readDocs();
  const text = routeText('recordVerdict');
  for (const outcome of ['passed', 'failed', 'error'])
    expect(text).toContain(`With outcome ${outcome}`);
});

testInBrowser('without scripts a route unfolds, and a link to a shape shows it', async () => {
  const service = await startService();
  const { page } = await openTab(service, { javaScriptEnabled: false });
  await signInWith(page);
  await page.goto('/docs');
  const call = page.getByRole('region', { name: 'A call of listIssues' });
  expect(await call.isVisible()).toBe(false);
  await page.getByText('Plans, newest change first').click();
  await call.waitFor();
  const route = page.locator('details', { has: call });
  await route.getByText('A page of plans.').click();
  await route.getByRole('link', { name: 'Plan', exact: true }).click();
  await page.locator('#shape-Plan').getByText('repositoryId').waitFor();
});

testInBrowser(
  'unfolded it fits into 360 px, and has no fault that axe knows',
  async () => {
    const service = await startService();
    const { page } = await openTab(service);
    await signInWith(page);
    await page.setViewportSize({ width: 360, height: 900 });
    await page.goto('/docs');
    const unfold = (where: string) =>
      page.evaluate(
        `for (const one of document.querySelectorAll('details')) one.open = one.matches('${where}')`,
      );
    await unfold('*');
    expect(await overflow(page)).toBe(0);
    // Every kind of part that the page has; all of it takes long.
    await unfold('[aria-labelledby=group-queue] *, [aria-labelledby=group-pauses] *');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axeViolations(page), colorScheme).toEqual([]);
    }
  },
  60_000,
);
