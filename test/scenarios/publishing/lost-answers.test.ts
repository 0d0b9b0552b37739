import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { containing } from '../../support/matching.ts';
import { stagePublishing } from '../../support/publishing.ts';
import { aroundPublishing } from '../../support/publish-steps.ts';
import { minute, isComment } from './checks.ts';

test('a kill between creating a comment and recording it leads to no second comment', async () => {
  const stage = await stagePublishing({
    aroundGitea: aroundPublishing((step) => {
      // A kill leaves this state: written on Gitea, not recorded here.
      if (step === 'comment-created' && killing) throw new Error('killed');
    }),
  });
  let killing = true;
  const { assigned, gitea, service, start, settle, shown, writes } = stage;
  const ref = await assigned('One');
  expect(shown(ref)).toMatchObject({ comments: 1, labels: [] });
  await service.close();
  killing = false;
  writes();
  await start();
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
  expect(writes().filter((write) => write.includes('comments'))).toEqual([]);
  expect(gitea.commentsOf(ref)).toHaveLength(1);
});

test.each(['closed', 'unassigned'])(
  'killed right after its writes, it still tells when the issue is %s meanwhile',
  async (what) => {
    let killing = true;
    const { assigned, gitea, service, start, settle, shown } = await stagePublishing({
      aroundGitea: aroundPublishing(() => {
        if (killing) throw new Error('killed');
      }),
    });
    const ref = await assigned('One');
    expect(shown(ref).comments).toBe(1);
    await service.close();
    killing = false;
    await start();
    if (what === 'closed') gitea.as('maria').close(ref);
    else gitea.as('maria').unassign(ref, giteaBot);
    await settle();
    expect(shown(ref)).toEqual(
      what === 'closed'
        ? {
            line: containing('**Done.** The issue is closed.'),
            labels: ['coordinator/done'],
            comments: 1,
          }
        : {
            line: containing('**Not planned.** The issue is not assigned to the bot.'),
            labels: [],
            comments: 1,
          },
    );
  },
);

test('an answer that gets lost makes no second comment', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.loseAnswers(isComment);
  const ref = await assigned('One');
  gitea.loseAnswers();
  clock.advance(minute);
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
});

test('a label whose answer got lost is removed when the issue is released meanwhile', async () => {
  const { assigned, gitea, clock, settle, shown } = await stagePublishing();
  gitea.loseAnswers((method, path) => method === 'POST' && path.endsWith('issues/1/labels'));
  const ref = await assigned('One');
  gitea.as('maria').unassign(ref, giteaBot);
  await settle();
  gitea.loseAnswers();
  clock.advance(minute);
  await settle();
  expect(shown(ref)).toMatchObject({ comments: 1, labels: [] });
});
