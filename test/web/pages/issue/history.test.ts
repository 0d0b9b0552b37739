import { expect, test } from 'vitest';

import { signIn, visit } from '../../../support/browser-like.ts';
import { commits, startVerifying } from '../../../support/verifying.ts';

type Staged = Awaited<ReturnType<typeof startVerifying>>;

/** Until every webhook is out and everything that follows from it is done. */
async function settle({ gitea, service, clock }: Staged): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await gitea.settled();
    clock.advance(6_000);
    await service.idle();
  }
}

test('the history has what was written to Gitea, and the pull request from its opening to its merge', async () => {
  const staged = await startVerifying({ publishes: true, env: { PUBLISH: 'comment,labels' } });
  const { gitea, service, complete, mine, take, report } = staged;
  await complete(mine, commits.work, { branch: 'agent/one', handoff: 'Done.' });
  const job = await take();
  if (job === null) throw new Error('nothing to verify');
  await report(job);
  await settle(staged);
  const cookie = await signIn(service);
  const history = async () => {
    const reply = await visit(service, '/issues/acme/orbit/1', { headers: { cookie } });
    const page = await reply.text();
    const part = /<section id="history".*?<\/section>/s.exec(page)?.[0] ?? '';
    return part.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  };
  const open = await history();
  expect(open).toContain('Our comment was written last. comment');
  expect(open).toContain('Our label is coordinator/in_review.');
  expect(open).toContain('Its pull request was opened. pull request 2');
  expect(open).toContain(`Verification of ${commits.work.slice(0, 7)} : passed.`);
  expect(open).not.toContain(commits.work);
  expect(open).not.toContain('merged');
  gitea.as('maria').mergePull('acme/orbit#2');
  await settle(staged);
  const merged = await history();
  const order = ['was merged', 'was opened', 'left a handoff', 'began to work'].map((words) =>
    merged.indexOf(words),
  );
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order).not.toContain(-1);
  expect(merged).toContain('It was closed.');
  expect(merged).toContain('Our label is coordinator/done.');
});
