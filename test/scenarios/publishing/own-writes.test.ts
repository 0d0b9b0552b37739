import { expect, test } from 'vitest';
import { z } from 'zod';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { matching } from '../../support/matching.ts';
import { stagePublishing } from '../../support/publishing.ts';

test('with every webhook of our own writes fed back, ten minutes bring no further write', async () => {
  const { gitea, clock, settle, writes, shown } = await stagePublishing();
  const maria = gitea.as('maria');
  for (let index = 1; index <= 8; index += 1)
    maria.openIssue('acme/orbit', {
      title: `Issue ${index}`,
      body: index > 1 ? `Blocked by #${index - 1}` : 'Small.',
      assignees: [giteaBot],
      labels: index % 2 === 0 ? ['urgent'] : [],
    });
  await settle();
  maria.close('acme/orbit#1');
  maria.reopen('acme/orbit#1');
  maria.setLabels('acme/orbit#2', 'urgent', 'coordinator/ready');
  maria.clearLabels('acme/orbit#3');
  maria.unassign('acme/orbit#4', giteaBot);
  await settle();
  expect(writes().length).toBeGreaterThan(20);
  const delivered = gitea.delivered.length;
  for (let passed = 0; passed < 600; passed += 20) {
    clock.advance(20_000);
    await settle();
  }
  expect(writes()).toEqual([]);
  expect(gitea.delivered).toHaveLength(delivered);
  expect(shown('acme/orbit#3').labels).toEqual(['coordinator/blocked']);
});

test('the label says that an agent is at work, and the comment who', async () => {
  const { assigned, service, settle, shown } = await stagePublishing();
  const ref = await assigned('One');
  const reply = await service.api('/claims', { method: 'POST' });
  const { claim } = z
    .object({ claim: z.object({ claimId: z.string(), token: z.string() }) })
    .parse(reply.json);
  await settle();
  expect(shown(ref)).toMatchObject({
    line: matching(/^\*\*In progress\.\*\* `sonnet` works on it\. Close or unassign/),
    labels: ['coordinator/in_progress'],
  });
  await service.api(`/claims/${claim.claimId}/block`, {
    method: 'POST',
    headers: { 'x-claim-token': claim.token, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'Ask @maria <img src=x>.' }),
  });
  await settle();
  expect(shown(ref)).toMatchObject({
    line: matching(/^\*\*Needs a person\.\*\* An agent is stuck and has said why\./),
    labels: ['coordinator/needs_human'],
    comments: 1,
  });
});

test('our writes are ignored as well when the bot is not the user of the token', async () => {
  const env = { GITEA_BOT_USERNAME: 'planner' };
  const { gitea, settle, shown, service } = await stagePublishing({ env });
  gitea
    .as('maria')
    .openIssue('acme/orbit', { title: 'One', body: 'Small.', assignees: ['planner'] });
  await settle();
  expect(shown('acme/orbit#1')).toMatchObject({ comments: 1, labels: ['coordinator/ready'] });
  const ignored = service.logs.filter(({ msg }) => msg === 'delivery ignored');
  expect(ignored.map(({ reason }) => reason)).toEqual(['our own comment', 'our own label']);
});
