import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';

import { runCommandLine } from '../../src/cli/work/work.ts';
import type { Environment } from '../../src/config.ts';
import { giteaBot, startGitea } from '../fake-gitea/gitea.ts';
import { createRepository } from '../verifier/support/repository.ts';
import { historyOf } from './git-commits.ts';
import { searchPath } from './process.ts';
import { apiToken, temporaryDirectory } from './service.ts';
import { startWork } from './work.ts';
import { tokenOf, workerTokens } from './workers.ts';

const branch = 'agent/issue-1-add-two-numbers';

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
  const repository = createRepository();
  onTestFinished(() => repository[Symbol.dispose]());
  const { bare } = repository;
  const gitea = await startGitea();
  const commits = { head: repository.first, bare, ...historyOf(bare) };
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map(), ...commits });
  const scopes = ['write:issue', 'write:repository', 'read:user'];
  // A verifier as a process of its own, which the service starts.
  const service = await startWork({
    gitea,
    env: {
      ...{ VERIFIERS: '1', LOG_LEVEL: 'error', PUBLISH: 'labels' },
      ...{ GITEA_TOKEN: gitea.tokenOf(giteaBot, scopes), LEASE_SECONDS: '3600' },
      API_TOKENS: `tests:${apiToken},${workerTokens}`,
    },
  });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  gitea.as('maria').openIssue('acme/orbit', {
    ...{ title: 'Add two numbers', body: 'Difficulty: low\n\nAdd them.', assignees: [giteaBot] },
  });
  await gitea.settled();
  await service.idle();

  const directory = temporaryDirectory();
  const gitToken = gitea.tokenOf('maria', scopes);
  const environment = {
    ...{ PATH: searchPath, HOME: directory, COORDINATOR_URL: service.url },
    COORDINATOR_TOKEN: tokenOf('worker-1'),
    // The operator's credential helper.
    ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper' },
    GIT_CONFIG_VALUE_0: `!f() { echo username='${gitToken}'; echo password=x; }; f`,
    ...options.environment,
  };
  const output: string[] = [];
  const write = (text: string) => output.push(text);
  const code = await runCommandLine(
    ['work', '--once', '--directory', join(directory, 'work'), ...options.args],
    { stdout: { write }, stderr: { write }, environment: () => environment },
  );
  expect({ code, output: output.filter((line) => /"(warn|error)"/.test(line)) }).toEqual({
    ...{ code: 0, output: [] },
  });
  await service.idle();

  expect(await service.stateOf(1)).toBe('in_review gates_passed');
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
