import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/work/work.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { startWorkScene } from '../../support/work-scene.ts';
import { tokenOf } from '../../support/workers.ts';

const branch = 'agent/issue-1-add-two-numbers';

/** An agent of its own make: its first commit is red; with the findings before it, it does it right. */
const agent = `
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const prompt = readFileSync(0, 'utf8');
const [record] = process.argv.slice(2);
appendFileSync(record, JSON.stringify({ prompt, env: process.env, argv: process.argv }) + '\\n');
const isSecond = process.env.MOSAIC_ROUND === '2';
writeFileSync('src/add.js', 'export const add = (a, b) => ' + (isSecond ? 'b + a' : '4') + ';\\n');
execFileSync('git', ['commit', '--quiet', '--all', '--message', 'Add two numbers']);
console.log('Done.');
`;

test('an agent takes an issue, is refused with the findings, fixes it, and its pull request waits', async () => {
  // A verifier as a process of its own, which the service starts.
  const scene = await startWorkScene({ env: { VERIFIERS: '1' } });
  const { repository, gitea, gitToken } = scene;
  const directory = temporaryDirectory();
  const script = join(directory, 'agent.mjs');
  const record = join(directory, 'record.jsonl');
  writeFileSync(script, agent);
  const environment = {
    ...scene.operatorEnvironment,
    ANTHROPIC_API_KEY: 'sk-ant-canary-of-the-test',
  };
  const output: string[] = [];
  const write = (text: string) => output.push(text);
  const code = await runCommandLine(
    [
      ...['work', '--once', '--sandbox', 'none', '--directory', join(directory, 'work')],
      ...['--', process.execPath, script, record],
    ],
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

  const runs = readFileSync(record, 'utf8');
  const [first = '', second = '', ...more] = runs.trim().split('\n');
  expect(more).toEqual([]);
  expect(first).toContain('Add them.');
  expect(second).toContain('adds');
  const secrets = [tokenOf('worker-1'), gitToken, 'sk-ant-canary', 'X-Claim-Token'];
  expect(secrets.filter((secret) => runs.includes(secret))).toEqual([]);
}, 120_000);
