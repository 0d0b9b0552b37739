import { expect, test } from 'vitest';

import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
import { commitsOf } from '../../support/git-commits.ts';
import { verifyingSchema } from '../../support/verifying.ts';
import { startWork } from '../../support/work.ts';
import { call } from '../../support/workers.ts';
import { createRepository } from '../../verifier/support/repository.ts';

test('an agent that calls a red commit done gets the findings; the mended one waits for review', async () => {
  using repository = createRepository();
  const { bare } = repository;
  const red = repository.push('agent/one', { 'src/add.js': 'export const add = () => 4;\n' });
  const right = 'export const add = (a, b) => b + a;\n';
  const mended = repository.push('agent/one', { 'src/add.js': right }, 'agent/one');
  const gitea = await startGitea();
  gitea.repositories.set(2, {
    ...{ name: 'acme/orbit', issues: new Map(), head: repository.first },
    ...{ bare, commits: commitsOf(bare) },
  });
  // A verifier as a process of its own, which the service starts.
  const service = await startWork({ gitea, env: { VERIFIERS: '1', LOG_LEVEL: 'error' } });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  const assignees = [giteaBot];
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: 'Difficulty: low', assignees });
  await gitea.settled();
  await service.idle();
  const held = await service.held('worker-1');

  async function complete(commit: string) {
    const asked = await call(service, 'worker-1', {
      ...{ held, what: 'complete', body: { commit, branch: 'agent/one' } },
    });
    expect(asked.status).toBe(202);
    const { id } = verifyingSchema.parse(asked.json).verification;
    const { json } = await service.api(`/verifications/${id}?wait=50`);
    return json;
  }

  const first = await complete(red);
  expect(first).toMatchObject({ state: 'failed', cause: { code: 'gates_failed' } });
  expect(JSON.stringify(first)).toContain('adds');
  expect(await service.stateOf(1)).toBe('in_progress claimed');
  const second = await complete(mended);
  expect(second).toMatchObject({ state: 'passed', base: repository.first, commit: mended });
  expect(await service.stateOf(1)).toBe('in_review gates_passed');
}, 60_000);
