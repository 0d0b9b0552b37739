import { expect, onTestFinished, test } from 'vitest';

import { storeUpdate } from '../../src/handling/commit-update.ts';
import { TryAgainLater } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import type { GiteaComment } from '../../src/gitea/schemas.ts';
import type { PublishGitea } from '../../src/publish/publish-issue.ts';
import { createPublisher } from '../../src/publish/publisher.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { manualClock } from '../support/clock.ts';
import { openTestDatabase } from '../support/database.ts';
import { issueUpdate } from '../support/issue-update.ts';

test.each([
  ['answers otherwise', false],
  ['answers nothing else either', true],
])('a comment that a slow Gitea writes later is not made twice, when it %s', async (_, hangs) => {
  const clock = manualClock();
  const comments: GiteaComment[] = [];
  const posted: GiteaComment[] = [];
  let slow = true;
  const late = () => {
    throw new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.');
  };
  const gitea: PublishGitea = {
    getUser: () =>
      slow && hangs && posted.length > 0
        ? late()
        : Promise.resolve({ id: 1, login: 'bot', isAdmin: false }),
    locate: (place) => Promise.resolve({ kind: 'ok', value: place }),
    listComments: () => Promise.resolve({ kind: 'ok', value: [...comments] }),
    getComment: () => Promise.resolve({ kind: 'missing' }),
    createComment: (_place, body) => {
      const comment = { id: posted.length + 1, authorId: 1, body };
      posted.push(comment);
      if (slow) late();
      comments.push(comment);
      return Promise.resolve({ kind: 'ok', value: comment });
    },
    editComment: (_place, id, body) =>
      Promise.resolve({ kind: 'ok', value: { id, authorId: 1, body } }),
    listIssueLabels: () => Promise.resolve({ kind: 'ok', value: [] }),
    addIssueLabel: () => Promise.resolve({ kind: 'ok', value: [] }),
    removeIssueLabel: () => Promise.resolve({ kind: 'ok', value: undefined }),
    listRepositoryLabels: () => Promise.resolve({ kind: 'ok', value: [] }),
    createRepositoryLabel: (_place, label) =>
      Promise.resolve({ kind: 'ok', value: { id: 1, ...label } }),
  };
  const { db } = await openTestDatabase();
  await db
    .transaction()
    .execute((it) =>
      storeUpdate(it, issueUpdate({ number: 1, blockers: [], open: true, at: 1 }), clock.now()),
    );
  const publisher = createPublisher({
    db,
    writes: createWriteQueue(db),
    gitea,
    publish: { comment: true, labels: false },
    giteaUrl: 'https://git.example.test',
    botUsername: undefined,
    agents: [],
    holdLabels: [],
    dryRun: false,
    now: clock.now,
    log: createLogger('error', { write: () => undefined }),
  });
  onTestFinished(async () => {
    await publisher.stop();
    await db.destroy();
  });
  publisher.start();
  await publisher.idle();
  expect(posted).toHaveLength(1);
  clock.advance(30_000);
  await publisher.idle();
  expect(posted).toHaveLength(1);
  comments.push(...posted);
  slow = false;
  clock.advance(30_000);
  await publisher.idle();
  expect(posted).toHaveLength(1);
  expect(await publisher.status()).toMatchObject({ status: 'ok', pending: 0 });
});
