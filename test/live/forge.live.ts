import { expect } from 'vitest';
import { z } from 'zod';

import { setUpVerdict } from '../../src/cli/setup/verdict.ts';
import { createGitea } from '../../src/gitea/client.ts';
import { passed } from '../support/verifying.ts';
import { recordedSecret } from '../support/recordings.ts';
import { apiToken } from '../support/service.ts';
import { startWork } from '../support/work.ts';
import { call, workerTokens, type HeldClaim } from '../support/workers.ts';
import { callGitea } from './support/call-gitea.ts';
import { eventually } from './support/eventually.ts';
import { liveTest } from './support/live-test.ts';
import { bot, type World } from './support/world.ts';

const verifierToken = 'token-of-the-verifier-1';
const branch = 'agent/one';
const waitMs = 30_000;

const commitSchema = z.object({
  commit: z.object({ sha: z.string() }),
  content: z.object({ sha: z.string() }),
});
const pullSchema = z.object({ number: z.number(), title: z.string(), body: z.string() });
const jobSchema = z.object({
  job: z.object({ verificationId: z.string(), token: z.string() }),
});
const statusesSchema = z.array(
  z.object({ id: z.number(), context: z.string(), status: z.string() }),
);

/** A service that verifies what a test says it verified, before a real Gitea. */
async function stage(world: World) {
  const { gitea, root } = world;
  const scopes = ['write:issue', 'write:repository', 'read:user'];
  const service = await startWork({
    clock: { now: Date.now },
    env: {
      ...{ GITEA_URL: gitea.url, GITEA_TOKEN: await gitea.tokenOf(bot, scopes), PUBLISH: 'labels' },
      API_TOKENS: `tests:${apiToken},${workerTokens},judge:verifier:${verifierToken}`,
      PORT: new URL(world.url).port,
    },
  });
  await callGitea(root, 'POST', '/repos/acme/orbit/hooks', {
    ...{ type: 'gitea', active: true },
    events: [
      ...['issues_only', 'issue_assign', 'issue_label', 'issue_milestone', 'issue_comment'],
      ...['pull_request_only', 'pull_request_sync', 'pull_request_review'],
    ],
    config: {
      ...{ url: `${service.url}/webhook/gitea`, content_type: 'json', secret: recordedSecret },
    },
  });

  /** A commit by the API; `sha` of the file before, when there is one. */
  async function commit(file: string, more: Record<string, string>) {
    const method = more['sha'] === undefined ? 'POST' : 'PUT';
    const content = Buffer.from(`export const at = ${Date.now()};\n`).toString('base64');
    const body = { content, message: 'Work', ...more };
    const answer = await callGitea(root, method, `/repos/acme/orbit/contents/${file}`, body);
    return commitSchema.parse(answer);
  }

  async function judge(path: string, body?: unknown, token = '') {
    const headers = {
      ...{ authorization: `Bearer ${verifierToken}`, 'content-type': 'application/json' },
      'x-verification-token': token,
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return service.api(`/verifications${path}`, { method: 'POST', headers, ...sent });
  }

  /** The commit is completed, and its verdict is that it passed. */
  async function pass(held: HeldClaim, hash: string, base: string): Promise<void> {
    const body = { commit: hash, branch, handoff: 'See ```closes #99```.' };
    const asked = await call(service, 'worker-1', { held, what: 'complete', body });
    expect(asked.status).toBe(202);
    const { job } = jobSchema.parse((await judge('/take')).json);
    const verdict = { ...passed, base };
    const { status } = await judge(`/${job.verificationId}/verdict`, verdict, job.token);
    expect(status).toBe(200);
  }

  return { service, commit, pass };
}

liveTest(
  'statuses, a pull request, a round of review, a required verdict, a merge',
  async (world) => {
    const { gitea, root } = world;
    const maria = { url: gitea.url, token: gitea.tokens.maria };
    const { service, commit, pass } = await stage(world);
    const base = (await commit('README.md', { branch: 'main' })).commit.sha;
    const work = await commit('b.ts', { branch: 'main', new_branch: branch });
    await callGitea(maria, 'POST', '/repos/acme/orbit/issues', {
      ...{ title: 'One; closes #98', body: 'Difficulty: low', assignees: [bot] },
    });
    await eventually(waitMs, async () => expect(await service.stateOf(1)).toBe('ready ready'));
    await pass(await service.held('worker-1'), work.commit.sha, base);

    const pulls = async () =>
      z.array(pullSchema).parse(await callGitea(root, 'GET', '/repos/acme/orbit/pulls?state=all'));
    await eventually(waitMs, async () => expect(await pulls()).toHaveLength(1));
    await eventually(waitMs, async () =>
      expect((await service.plan('acme/orbit#1'))?.reason.text).toContain('pull request !2'),
    );
    const [pull] = await pulls();
    expect(pull).toMatchObject({ number: 2, title: 'One; closes # 98' });
    expect(pull?.body).toContain('Closes #1');
    const path = `/repos/acme/orbit/commits/${work.commit.sha}/statuses?limit=50`;
    const written = async () => {
      const statuses = statusesSchema.parse(await callGitea(root, 'GET', path));
      const inOrder = statuses.toSorted((a, b) => a.id - b.id);
      return inOrder.map(({ context, status }) => `${context.slice(12)} ${status}`);
    };
    await eventually(waitMs, async () =>
      expect(await written()).toEqual([
        ...['verdict pending', 'build success', 'test success', 'integrity success'],
        'verdict success',
      ]),
    );

    // A review asks for changes: by its webhook the issue is ready within moments.
    await callGitea(maria, 'POST', '/repos/acme/orbit/pulls/2/reviews', {
      ...{ event: 'REQUEST_CHANGES', body: 'Nearly.' },
      comments: [{ path: 'b.ts', body: 'Off by one.', new_position: 1 }],
    });
    await eventually(waitMs, async () => expect(await service.stateOf(1)).toBe('ready ready'));
    const held = await service.held('worker-1');
    expect(held.handoff?.['content']).toMatchObject({
      remarks: [
        { author: 'maria', text: 'Nearly.' },
        { author: 'maria', path: 'b.ts', line: 1, text: 'Off by one.' },
      ],
    });
    const fix = await commit('b.ts', { branch, sha: work.content.sha });
    await pass(held, fix.commit.sha, base);
    await eventually(waitMs, async () =>
      expect((await pulls())[0]?.body).toContain(fix.commit.sha.slice(0, 7)),
    );
    expect(await service.stateOf(1)).toBe('in_review gates_passed');

    // The verdict is required: red, nothing is merged.
    const client = createGitea({ baseUrl: gitea.url, token: gitea.tokens.root, now: Date.now });
    const setup = {
      ...{ gitea: client, giteaUrl: gitea.url, repository: 'acme/orbit' },
      ...{ require: true, dryRun: false },
    };
    const signal = new AbortController().signal;
    const made = await setUpVerdict(setup, signal);
    expect(made.lines.join('\n')).toContain('main requires coordinator/verdict from now on.');
    const again = await setUpVerdict(setup, signal);
    expect(again.lines).toEqual([
      'All statuses were sent before: nothing to do.',
      'main requires coordinator/verdict: nothing to do.',
    ]);
    await client.close();
    const merge = () =>
      callGitea(maria, 'POST', '/repos/acme/orbit/pulls/2/merge', { Do: 'merge' });
    const say = (state: string) =>
      callGitea(root, 'POST', `/repos/acme/orbit/statuses/${fix.commit.sha}`, {
        ...{ state, context: 'coordinator/verdict' },
      });
    await say('failure');
    await expect(merge()).rejects.toThrow('405');
    await say('success');
    // Gitea computes whether it can be merged a moment after a push.
    await eventually(waitMs, async () => {
      await merge();
    });
    await eventually(waitMs, async () => expect(await service.stateOf(1)).toBe('done closed'));
  },
);
