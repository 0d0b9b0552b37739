import { expect, test } from 'vitest';

import { manualClock } from '../../support/clock.ts';
import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
import { startService } from '../../support/service.ts';

const minutes = 10;
const stepMs = 1_000;
const passEveryMs = 300_000;

test('ten minutes of passes, people and webhooks of our own writes: what is written is what changed', async () => {
  const clock = manualClock();
  const gitea = await startGitea({ now: clock.now });
  gitea.repositories.set(3, { name: 'acme/orbit', issues: new Map() });
  const service = await startService({
    ...{ gitea, clock },
    env: { PUBLISH: 'comment,labels' },
  });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  const maria = gitea.as('maria');
  const open = (blockers: readonly string[]) => {
    const body = blockers.map((ref) => `Blocked by: ${ref}\n`).join('');
    const issue = { title: 'An issue', body, assignees: [giteaBot] };
    return `acme/orbit#${maria.openIssue('acme/orbit', issue)}`;
  };
  const first = open([]);
  const next = open([first]);
  const last = open([first, next]);
  for (let index = 0; index < 7; index += 1) open([last]);
  const writesOf: number[] = [];
  let before = 0;

  for (let ms = 0; ms < minutes * 60_000; ms += stepMs) {
    if (ms === 180_000) maria.close(first);
    if (ms === 240_000) maria.setLabels(next, 'bug');
    if (ms % passEveryMs === 0) await service.reconcile();
    await gitea.settled();
    await service.idle();
    clock.advance(stepMs);
    if ((ms + stepMs) % 60_000 !== 0) continue;
    writesOf.push(gitea.writes.length - before);
    before = gitea.writes.length;
  }

  const ours = gitea.delivered.filter(({ payload }) => isBots(payload));
  // Every write but the creation of a label comes back as a webhook.
  expect(ours.length).toBeGreaterThanOrEqual(gitea.writes.length - 5);
  const [shown = 0, second = -1, third = -1, closed = 0, cleared = 0, ...after] = writesOf;
  // At least a comment and a label for each of ten issues.
  expect(shown).toBeGreaterThanOrEqual(20);
  expect([second, third]).toEqual([0, 0]);
  expect(closed).toBeGreaterThanOrEqual(2);
  // Our label was among those that somebody replaced.
  expect(cleared).toBe(1);
  expect(after).toEqual([0, 0, 0, 0, 0]);
});

function isBots({ sender }: Record<string, unknown>): boolean {
  return JSON.stringify(sender).includes(giteaBot);
}
