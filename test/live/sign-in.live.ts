import type { Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { z } from 'zod';

import { openForeignTab } from '../support/browser.ts';
import { callGitea } from './support/call-gitea.ts';
import { startCoordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { passwordOf } from './support/gitea-server.ts';
import { liveTest } from './support/live-test.ts';
import type { World } from './support/world.ts';

const applicationSchema = z.object({ client_id: z.string(), client_secret: z.string() });

/** The application of docs/pages.md, for a coordinator at another site than Gitea. */
async function createApplication(world: World) {
  const url = world.url.replace('127.0.0.1', 'localhost');
  const made = await callGitea(world.root, 'POST', '/user/applications/oauth2', {
    name: 'Mosaic Coordinator',
    redirect_uris: [`${url}/sign-in/gitea/callback`],
    confidential_client: true,
  });
  const { client_id, client_secret } = applicationSchema.parse(made);
  const environment = {
    ...{ PUBLIC_URL: url, OAUTH_USERS: 'Maria:operator,tom:reader' },
    ...{ OAUTH_CLIENT_ID: client_id, OAUTH_CLIENT_SECRET: client_secret },
  };
  return { url, environment };
}

async function leaveForGitea(page: Page, path = '/'): Promise<void> {
  await page.goto(path);
  await page.getByRole('link', { name: 'Sign in with Gitea' }).click();
}

/** On Gitea's own page. */
async function signInAtGitea(page: Page, login: string): Promise<void> {
  await page.locator('input[name=user_name]').fill(login);
  await page.locator('input[name=password]').fill(passwordOf(login));
  await page.locator('input[name=password]').press('Enter');
}

/** On Gitea's page that asks whether the application may know who one is. */
const consent = (page: Page, granted: boolean) =>
  page.locator(`button[name=granted][value=${granted}]`).click();

liveTest(
  'people sign in with their accounts of Gitea, by its own pages',
  async (world) => {
    const { url, environment } = await createApplication(world);
    const coordinator = await startCoordinator(world, environment);
    const maria = await openForeignTab({ url });

    await leaveForGitea(maria, '/issues?state=ready');
    await signInAtGitea(maria, 'maria');
    await consent(maria, false);
    await maria.getByRole('alert').getByText('You said no at Gitea').waitFor();
    expect(new URL(maria.url()).origin).toBe(url);

    await maria.getByRole('link', { name: 'To the page for signing in' }).click();
    await leaveForGitea(maria, '/issues?state=ready');
    await consent(maria, true);
    await maria.getByText('Maria, operator').waitFor();
    expect(maria.url()).toBe(`${url}/issues?state=ready`);
    await maria.goto('/agents');
    await maria.getByText('Pause…').first().waitFor();

    await maria.getByRole('button', { name: 'Sign out' }).click();
    await maria.getByLabel('Token').waitFor();
    await leaveForGitea(maria);
    // Gitea knows the browser and what was said: it asks nothing.
    await maria.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await maria.getByRole('button', { name: 'Sign out' }).click();
    await maria.getByLabel('Token').waitFor();

    const tom = await openForeignTab({ url });
    await leaveForGitea(tom);
    await signInAtGitea(tom, 'tom');
    await consent(tom, true);
    await tom.getByText('tom, reader').waitFor();
    await tom.goto('/agents');
    await tom.getByRole('heading', { level: 1, name: 'Agents' }).waitFor();
    expect(await tom.getByText('Pause…').count()).toBe(0);

    // At another address than PUBLIC_URL.
    const root = await openForeignTab({ url: world.url });
    await leaveForGitea(root);
    await signInAtGitea(root, 'root1');
    await consent(root, true);
    await root.getByRole('alert').getByText('The account root1 may not sign in here').waitFor();
    expect(new URL(root.url()).origin).toBe(url);
    await root.goto('/');
    await root.getByLabel('Token').waitFor();
    await coordinator.stop();

    // Each with what is read, and with what is in the log. The docs list them.
    const mistakes = [
      [{ OAUTH_CLIENT_ID: 'another-client' }, 'Client ID not registered', ''],
      [{ PUBLIC_URL: url.replace('localhost', '127.0.0.1') }, 'Unregistered Redirect URI', ''],
      [{ OAUTH_CLIENT_SECRET: 'another-secret' }, 'OAUTH_CLIENT_SECRET is wrong', 'client secret'],
      // Its own address, past the proxy that it takes for its ROOT_URL.
      [{ GITEA_URL: world.gitea.url }, 'has another ROOT_URL', world.gitea.url],
    ] as const;
    for (const [mistake, sentence, logged] of mistakes) {
      const wrong = await startCoordinator(world, { ...environment, ...mistake });
      await leaveForGitea(maria);
      await maria.getByText(sentence).waitFor();
      await eventually(10_000, () => {
        expect(wrong.output.stdout).toContain(logged);
        return Promise.resolve();
      });
      await wrong.stop();
    }
  },
  { isSkipped: inject('browser') === undefined },
);
