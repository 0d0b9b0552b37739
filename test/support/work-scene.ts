import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../src/cli/work/work.ts';
import type { Environment } from '../../src/config.ts';
import { giteaBot, startGitea } from '../fake-gitea/gitea.ts';
import { createRepository, type Files } from '../verifier/support/repository.ts';
import { historyOf } from './git-commits.ts';
import { mainArguments, searchPath, startChild } from './process.ts';
import { apiToken, temporaryDirectory } from './service.ts';
import { startWork } from './work.ts';
import { tokenOf, workerTokens } from './workers.ts';

/** Of the first issue, when it has no other title. */
const branch = 'agent/issue-1-add-two-numbers';

export interface SceneOptions {
  /** Of the coordinator. */
  readonly env?: Environment;
  readonly files?: Files;
  /** Text by title of the issues, which are assigned to the bot at once. */
  readonly issues?: Readonly<Record<string, string>>;
  /** Who the operator is for git. */
  readonly operator?: string;
}

/**
 * A coordinator that writes to a fake Gitea, a repository behind git over HTTP, and an operator with a home of his own
 * who may push there, and can start runners.
 */
export async function startWorkScene(options: SceneOptions = {}) {
  const { env, files, operator = 'maria' } = options;
  const { issues = { 'Add two numbers': 'Difficulty: low\n\nAdd them.' } } = options;
  const repository = createRepository(files);
  onTestFinished(() => repository[Symbol.dispose]());
  const { bare } = repository;
  const gitea = await startGitea();
  const commits = { head: repository.first, bare, ...historyOf(bare) };
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map(), ...commits });
  const service = await startWork({
    gitea,
    env: {
      ...{ LOG_LEVEL: 'error', PUBLISH: 'labels', LEASE_SECONDS: '3600' },
      GITEA_TOKEN: gitea.tokenOf(giteaBot, ['write:issue', 'write:repository', 'read:user']),
      API_TOKENS: `tests:${apiToken},${workerTokens}`,
      ...env,
    },
  });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  for (const [title, body] of Object.entries(issues))
    gitea.as('maria').openIssue('acme/orbit', { title, body, assignees: [giteaBot] });
  await gitea.settled();
  await service.idle();

  const home = temporaryDirectory();
  const gitToken = gitea.tokenOf(operator);
  const { host, protocol } = new URL(gitea.url);
  writeFileSync(join(home, '.git-credentials'), `${protocol}//${gitToken}:x@${host}\n`, {
    mode: 0o600,
  });
  writeFileSync(join(home, '.gitconfig'), '[credential]\n\thelper = store\n');
  const place = join(home, 'work', new URL(service.url).host.replaceAll(/[^\w.-]/g, '-'), '1');

  /** Of a runner: what its operator has set. */
  const operatorEnvironment: Environment = {
    ...{ HOME: home, PATH: searchPath, COORDINATOR_URL: service.url },
    COORDINATOR_TOKEN: tokenOf('worker-1'),
  };
  return {
    ...{ repository, gitea, service, gitToken, operatorEnvironment },
    /** Home of the operator, and the directory of the first runner in it. */
    ...{ home, place },
    /** Starts `work`, as a process of its own. */
    startRunner(args: readonly string[], environment: Environment = {}) {
      const runner = startChild({
        args: [...mainArguments, 'work', '--directory', join(home, 'work'), ...args],
        environment: { ...operatorEnvironment, ...environment },
        directory: home,
      });
      return { ...runner, log: () => linesOf(runner.output.stdout) };
    },
    /** Title and state of the issue, when all is told. */
    async stateOf(number = 1): Promise<string> {
      await gitea.settled();
      await service.idle();
      return service.stateOf(number);
    },
    /** Subjects of the commits that a branch has beyond the base, newest first. */
    pushed(to = branch): string[] {
      const range = `main..${to}`;
      const found = repository.git('-C', bare, 'branch', '--list', to) !== '';
      if (!found) return [];
      const subjects = repository.git('-C', bare, 'log', '--format=%s', range);
      return subjects === '' ? [] : subjects.split('\n');
    },
  };
}

/**
 * One issue, one runner, once: the agent's first commit has to be red, and its second one, after the findings, right.
 * Expects that the second one is accepted, and that its pull request waits.
 */
export async function playScene(options: {
  /** Of `work`: sandbox, adapter, program. */
  readonly args: readonly string[];
  /** Beside address, token and credential of git. */
  readonly environment: Environment;
}) {
  // A verifier as a process of its own, which the service starts.
  const scene = await startWorkScene({ env: { VERIFIERS: '1' } });
  const { repository, gitea, gitToken } = scene;
  const environment = { ...scene.operatorEnvironment, ...options.environment };
  const output: string[] = [];
  const write = (text: string) => output.push(text);
  const code = await runCommandLine(
    ['work', '--once', '--directory', join(scene.home, 'work'), ...options.args],
    { stdout: { write }, stderr: { write }, environment: () => environment },
  );
  expect({ code, output: output.filter((line) => /"(warn|error)"/.test(line)) }).toEqual({
    ...{ code: 0, output: [] },
  });

  expect(await scene.stateOf()).toBe('in_review gates_passed');
  const git = (...args: readonly string[]) => repository.git(...args).split('\n');
  repository.git('fetch', '--quiet', 'origin');
  const [mended = '', red = ''] = git('rev-list', `origin/main..origin/${branch}`);
  expect(git('rev-list', `origin/main..origin/${branch}`)).toHaveLength(2);
  const verdicts = (commit: string) =>
    gitea.repositories
      .get(2)
      ?.statuses?.get(commit)
      ?.filter(({ context }) => context === 'coordinator/verdict')
      .at(-1)?.state;
  expect([verdicts(red), verdicts(mended)]).toEqual(['failure', 'success']);
  const pulls = [...(gitea.repositories.get(2)?.pulls?.values() ?? [])];
  expect(pulls.map(({ head, commit }) => ({ head, commit }))).toEqual([
    { head: branch, commit: mended },
  ]);
  return { output: output.join(''), secrets: [tokenOf('worker-1'), gitToken, 'X-Claim-Token'] };
}

const lineSchema = z.looseObject({
  ...{ level: z.string(), msg: z.string() },
  outcome: z.string().optional(),
  edge: z.string().optional(),
});

/** The log of a runner, line by line. */
function linesOf(stdout: string) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
}
