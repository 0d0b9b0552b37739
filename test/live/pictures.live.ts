import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';
import { z } from 'zod';

import { temporaryDirectory } from '../support/service.ts';
import { findBrowser } from './support/browser-place.ts';
import { takePicture } from './support/browser.ts';
import { callGitea } from './support/call-gitea.ts';
import { startCoordinator, type Coordinator } from './support/coordinator.ts';
import { createFigures } from './support/figures.ts';
import { createHook } from './support/hook.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { createPerson } from './support/people.ts';
import { renderedPage } from './rendered-page.ts';
import { expectShown } from './support/expect-shown.ts';
import { bot, type World } from './support/world.ts';

const browser = findBrowser();

interface Scene {
  readonly name: string;
  readonly number: number;
  readonly state: string;
}

liveTest(
  'the comment in each state, as the pages of Gitea show it, in pictures',
  async (world) => {
    if (browser === undefined) return;
    const figures = createFigures('Pictures:');
    await createHook(world);
    const coordinator = await startCoordinator(world);
    const scenes = await setScenes(world, coordinator);
    const css = await fetch(`${world.gitea.url}/assets/css/index.css`);
    await css.body?.cancel();
    if (!css.ok)
      figures.add(
        'this Gitea was built without its style sheets: comments are put into a page of our own',
      );
    for (const { name, number, state } of scenes) {
      await expectShown({ world, coordinator, number }, { state }, 40_000);
      const page = css.ok
        ? `${world.gitea.url}/${world.repository()}/issues/${number}`
        : await writePage(world, number);
      const bytes = await takePicture(browser, name, page);
      expect(bytes).toBeGreaterThan(5_000);
      figures.add(`${name}: ${state}, ${bytes} bytes`);
      if (!unfolded.includes(name)) continue;
      await takePicture(browser, `${name}-unfolded`, await writePage(world, number, true));
    }
    await coordinator.stop();
  },
  { isPrivate: false, isSkipped: browser === undefined },
);

/** Scenes that are taken a second time, with what is folded. */
const unfolded: readonly string[] = ['ready', 'oversized', 'blocked-by-several'];

async function writePage(world: World, number: number, isUnfolded = false): Promise<string> {
  const path = join(temporaryDirectory(), 'page.html');
  const page = await renderedPage(world, number);
  writeFileSync(path, isUnfolded ? page.replace('<details', '<details open') : page);
  return `file://${path}`;
}

const madeSchema = z.object({ commit: z.object({ sha: z.string() }) });

/** Commits to a branch of its own; returns the hash. */
async function pushWork(world: World): Promise<string> {
  const caller = { url: world.gitea.url, token: world.gitea.tokens.maria };
  const path = `/repos/${world.repository()}/contents`;
  const content = Buffer.from('work').toString('base64');
  // The default branch first: an empty repository has none.
  await callGitea(caller, 'POST', `${path}/base.txt`, { content, message: 'Base' });
  const work = { content, message: 'Work', new_branch: 'work' };
  return madeSchema.parse(await callGitea(caller, 'POST', `${path}/work.txt`, work)).commit.sha;
}

/** One issue for each thing a comment may have to say. Those that need a worker come first: it takes what is ready. */
async function setScenes(world: World, coordinator: Coordinator): Promise<Scene[]> {
  const { maria, tom } = world;
  const scenes: Scene[] = [];
  async function scene(name: string, state: string, body: string): Promise<number> {
    const number = await maria.open({ title: `Shows ${name}`, body, assignees: [bot] });
    scenes.push({ name, number, state });
    return number;
  }
  async function ready(name: string, state: string): Promise<number> {
    const number = await scene(name, state, issueText());
    await expectShown({ world, coordinator, number }, { state: 'ready' });
    return number;
  }
  await ready('in-progress', 'in_progress');
  await coordinator.claim();
  await ready('needs-human', 'needs_human');
  await (
    await coordinator.claim()
  ).end('block', { reason: 'Which <b>format</b>, @maria? ![x](y)' });
  await ready('awaiting-review', 'needs_human');
  await (await coordinator.claim()).end('complete', { commit: await pushWork(world) });
  await tom.close(await ready('done', 'done'));
  await maria.assign(await ready('released', 'released'), []);
  await scene('ready', 'ready', issueText());
  await scene('nothing-declared', 'ready', 'Please do it.');
  await scene('two-agents-declared', 'ready', `${issueText()}\nRecommended agent: opus\n`);
  await scene('oversized', 'oversized', issueText([], '900,000'));
  await setBlockedScenes(world, scene);
  return scenes;
}

async function setBlockedScenes(
  world: World,
  scene: (name: string, state: string, body: string) => Promise<number>,
): Promise<void> {
  const { maria, tom, root } = world;
  const open = await maria.open({ title: 'An open one' });
  const closed = await maria.open({ title: 'One that is done' });
  await tom.close(closed);
  await scene('blocked', 'blocked', issueText([open]));
  const several = await scene('blocked-by-several', 'blocked', issueText([open, closed]));
  await maria.addBlocker(several, await maria.open({ title: 'Set on the page' }));
  const first = await scene('cycle', 'blocked', issueText());
  const second = await scene('cycle-other', 'blocked', issueText([first]));
  await maria.change(first, { body: issueText([second]) });
  await callGitea(root, 'POST', '/orgs/acme/repos', { name: 'secret', private: true });
  await callGitea(root, 'PUT', '/repos/acme/secret/collaborators/maria', { permission: 'write' });
  const caller = { url: world.gitea.url, token: world.gitea.tokens.maria };
  const secret = await createPerson(caller, () => 'acme/secret').open({ title: 'A secret' });
  const hidden = await scene('hidden-blocker', 'blocked', issueText());
  await callGitea(caller, 'POST', `/repos/${world.repository()}/issues/${hidden}/dependencies`, {
    owner: 'acme',
    repo: 'secret',
    index: secret,
  });
  await scene('an-issue-elsewhere', 'blocked', `Blocked by: acme/secret#1\nBlocked by: #${open}\n`);
  await scene('only-elsewhere', 'blocked', 'Blocked by: acme/secret#1\n');
  await scene('missing-blocker', 'blocked', 'Blocked by: #999\n\nTotal estimated: 900 tokens\n');
}
