import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, onTestFailed } from 'vitest';
import { z } from 'zod';

import { mainArguments, searchPath, startChild } from '../support/process.ts';
import { apiToken, temporaryDirectory } from '../support/service.ts';
import { createRepository } from '../verifier/support/repository.ts';
import { findAgent } from './support/agent-binaries.ts';
import { callGitea } from './support/call-gitea.ts';
import { setUp } from './support/command.ts';
import { startCoordinator } from './support/coordinator.ts';
import { eventually } from './support/eventually.ts';
import { createFigures } from './support/figures.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { startScriptedModel } from './support/scripted-model.ts';
import { bot, type World } from './support/world.ts';

/** The real Claude Code, which talks to a stand-in for its API; without it the scene is skipped. */
const claude = findAgent('claude');

const pullsSchema = z.array(z.object({ number: z.number(), body: z.string(), state: z.string() }));

async function pullsOf({ root, repository }: World) {
  return pullsSchema.parse(await callGitea(root, 'GET', `/repos/${repository()}/pulls?state=all`));
}

/** The first agent leaves a test red and says that it is done; sent back with the findings, it mends it. */
// Titles are in the list of commits that Claude Code shows its model, so these words are in no title.
const script = {
  window: 1_000_000,
  turns: [{ text: 'I do not know this issue.' }],
  cases: [
    {
      prompt: 'Words of the first one',
      turns: [
        shell("echo 'export const add = () => 4;' > src/add.js && git commit -qam 'Add'", 0.1),
        { text: 'Done: it adds.', context: 0.11 },
        {
          expect: '4 !== 3',
          ...shell(
            "echo 'export const add = (a, b) => b + a;' > src/add.js && node --test && git commit -qam 'Add both'",
            0.12,
          ),
        },
        { text: 'The test is green.', context: 0.13 },
      ],
    },
    {
      prompt: 'Words of the second one',
      turns: [
        shell(
          "echo 'export const one = 1;' > src/one.js && git add src && git commit -qm 'One'",
          0.1,
        ),
        { text: 'Done.', context: 0.11 },
      ],
    },
  ],
};

function shell(command: string, context: number) {
  return { tools: [{ name: 'Bash', input: { command } }], context };
}

liveTest(
  'a real agent takes an issue, is refused while red, mends it; a person merges, and the next issue starts',
  async (world) => {
    const { maria, gitea, root, repository } = world;
    const figures = createFigures('An agent at work:');
    const startedAt = performance.now();
    const note = (what: string) =>
      figures.add(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s  ${what}`);
    using project = createRepository();
    const address = `${gitea.url.replace('://', `://root1:${gitea.tokens.root}@`)}/${repository()}.git`;
    project.git('remote', 'add', 'gitea', address);
    project.git('push', '--quiet', 'gitea', 'main');
    await callGitea(root, 'PATCH', `/repos/${repository()}`, { default_branch: 'main' });

    const token = await gitea.tokenOf(bot, ['write:issue', 'write:repository', 'read:user']);
    expect((await setUp(world)).exitCode).toBe(0);
    const coordinator = await startCoordinator(world, { GITEA_TOKEN: token, VERIFIERS: '1' });
    const stateOf = async (number: number) => {
      const plan = await coordinator.plan(number);
      return `${plan?.state} ${plan?.reason.code}`;
    };
    const first = await maria.open({
      title: 'Add in any order',
      body: `Words of the first one.\n${issueText()}`,
    });
    const second = await maria.open({
      title: 'Goes on from there',
      body: `Words of the second one.\n${issueText([first])}`,
    });

    const home = temporaryDirectory();
    const { host, protocol } = new URL(world.environment.GITEA_URL);
    writeFileSync(
      join(home, '.git-credentials'),
      `${protocol}//maria:${gitea.tokens.maria}@${host}\n`,
      { mode: 0o600 },
    );
    writeFileSync(
      join(home, '.gitconfig'),
      '[credential]\n\thelper = store\n[user]\n\tname = Op\n\temail = op@acme.test\n',
    );
    const runner = startChild({
      args: [...mainArguments, 'work', '--directory', join(home, 'work')],
      environment: {
        HOME: home,
        PATH: `${dirname(claude ?? '')}:${searchPath}`,
        COORDINATOR_URL: world.url,
        COORDINATOR_TOKEN: apiToken,
        ANTHROPIC_API_KEY: 'sk-ant-canary-of-the-operator',
        ANTHROPIC_BASE_URL: (await startScriptedModel(script)).url,
      },
      directory: home,
    });
    onTestFailed(() => {
      figures.add(runner.output.stdout.slice(-6_000));
    });
    await maria.assign(first, [bot]);
    await maria.assign(second, [bot]);
    note('two issues are assigned, the second waits for the first; a runner waits');

    for (const number of [first, second]) {
      const tookMs = await eventually(180_000, async () => {
        expect(await stateOf(number)).toBe('in_review gates_passed');
        expect((await pullsOf(world)).filter(({ state }) => state === 'open')).toHaveLength(1);
      });
      const [pull] = (await pullsOf(world)).filter(({ state }) => state === 'open');
      expect(pull?.body).toContain(`Closes #${number}`);
      note(
        `#${number}: pull request !${pull?.number} waits for a person (${tookMs.toFixed(0)} ms)`,
      );
      await eventually(15_000, () =>
        callGitea(root, 'POST', `/repos/${repository()}/pulls/${pull?.number ?? 0}/merge`, {
          Do: 'merge',
        }).then(() => undefined),
      );
      await eventually(30_000, async () => expect(await stateOf(number)).toBe('done closed'));
      note(`#${number}: merged, done`);
    }
    expect(runner.output.stdout).toContain('gates_failed');
    expect(await runner.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await pullsOf(world)).toHaveLength(2);
    figures.add(runner.output.stdout);
    await coordinator.stop();
  },
  { isSkipped: claude === undefined },
);
