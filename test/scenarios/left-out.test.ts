import { expect, test } from 'vitest';

import { startService } from '../support/service.ts';
import { issueEvent } from '../support/workers.ts';

const at = Date.parse('2026-11-23T10:00:00Z');

test('what lies outside this Gitea is no edge of the plan, and the plan says how much there is', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  const body =
    'This is the tracker of release 0.13. It should be updated to depend on any blocker, and any PR planned for later should be updated to depend on this issue.\n\nDepends on https://git.other.test/upstream/parser/pulls/71\nBlocked by [the fix upstream](https://github.com/acme-upstream/core/issues/88)\nDepends on #61\n';
  await service.send(issueEvent(61, at, { open: false, action: 'closed' }));
  await service.send(issueEvent(36, at, { title: 'Release 0.13', body }));
  await service.idle();
  expect(await service.plan('acme/orbit#36')).toMatchObject({
    state: 'ready',
    blockedBy: [{ ref: 'acme/orbit#61', state: 'closed' }],
    blocks: [],
    warnings: [
      {
        code: 'outside_dependencies',
        text: 'The text waits for 2 things outside this Gitea: nobody looks whether they are done, so a person has to decide.',
      },
    ],
  });
});

test('parts that are called after the number of their epic do not hold it', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  const body =
    '## Dependencies\n\nNone. This part has to merge before #13-B, #13-C and #13-D, which all read the address exported here.\n\nFirst of four parts of #13.\n';
  await service.send(issueEvent(13, at, { title: 'Epic: ledger events' }));
  await service.send(issueEvent(31, at, { title: 'Expose the ledger topic', body }));
  await service.idle();
  const none = { state: 'ready', blockedBy: [], blocks: [] };
  expect(await service.plan('acme/orbit#31')).toMatchObject(none);
  expect(await service.plan('acme/orbit#13')).toMatchObject(none);
});
