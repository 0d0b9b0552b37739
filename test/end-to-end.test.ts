import { expect, test } from 'vitest';

import { giteaBot, giteaToken, startGitea } from './fake-gitea/gitea.ts';
import { startServiceProcess } from './support/process.ts';
import { startService, temporaryDirectory } from './support/service.ts';
import { call, claim, workerTokens } from './support/workers.ts';

test(
  'an issue assigned on Gitea becomes a plan, a comment and a claim, and a kill loses none of them',
  { timeout: 60_000 },
  async () => {
    const gitea = await startGitea();
    gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
    const maria = gitea.as('maria');
    const directory = temporaryDirectory();
    const env = { PUBLISH: 'comment,labels' };

    // Maria assigns an issue to the bot, and Gitea sends a signed delivery.
    const access = { GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken, API_TOKENS: workerTokens };
    const killed = await startServiceProcess(directory, { ...access, ...env });
    gitea.addHook({ url: `${killed.url}/webhook/gitea` });
    const body = 'Total estimated: 46,800 tokens\nRecommended agent: sonnet\n';
    const issue = { title: 'Persist the queue', body, assignees: [giteaBot] };
    const ref = `acme/orbit#${maria.openIssue('acme/orbit', issue)}`;
    await expect
      .poll(() => gitea.labelsOf(ref), { timeout: 20_000 })
      .toEqual(['coordinator/ready']);
    const held = (await claim(killed, 'worker-1')).claim;
    if (held === null) throw new Error('nothing was handed out');
    expect(held).toMatchObject({ issue: ref, agent: 'sonnet', plan: { ref } });

    // The service is killed and starts again on the same data.
    expect(await killed.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    const service = await startService({ directory, gitea, workers: true, env });
    gitea.hooks.clear();
    gitea.addHook({ url: `${service.url}/webhook/gitea` });
    await service.reconcile();

    // The plan, the one comment and the claim are there.
    expect(await service.plan(ref)).toMatchObject({
      state: 'in_progress',
      estimate: { likely: 46_800, source: 'declared' },
      assignment: { agent: 'sonnet' },
    });
    const comments = gitea.commentsOf(ref);
    expect(comments).toMatchObject([{ author: giteaBot }]);
    expect(comments[0]?.body).toContain('In progress');
    expect(await claim(service, 'worker-2')).toMatchObject({ claim: null });
    const heartbeat = { held, what: 'heartbeat', body: { contextUsed: 1_000 } };
    expect(await call(service, 'worker-1', heartbeat)).toMatchObject({ status: 200 });

    // Maria closes the issue: it is done.
    maria.close(ref);
    await gitea.settled();
    await service.idle();
    expect(await service.plan(ref)).toMatchObject({ state: 'done' });
    expect(gitea.commentsOf(ref)).toHaveLength(1);
    expect(gitea.labelsOf(ref)).toEqual(['coordinator/done']);
  },
);
