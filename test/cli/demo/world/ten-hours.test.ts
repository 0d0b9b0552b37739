import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { backlog, issueOf } from '../../../../src/cli/demo/world/backlog.ts';
import { createWorldClock } from '../../../../src/cli/demo/world/clock.ts';
import { createDice } from '../../../../src/cli/demo/world/dice.ts';
import { startDemoGitea } from '../../../../src/cli/demo/world/gitea/server.ts';
import { buildService } from '../../../../src/cli/demo/world/service.ts';
import { createStory, stepMs } from '../../../../src/cli/demo/world/story.ts';
import { verifiers } from '../../../../src/cli/demo/world/verifier.ts';
import { workers } from '../../../../src/cli/demo/world/workers.ts';
import { temporaryDirectory } from '../../../support/database.ts';

const hours = 10;
/** Usual steps in one, which is as long as a lease allows. */
const pace = 18;
const name = 'acme/harbor';

const issues = z.object({ items: z.array(z.object({ ref: z.string(), state: z.string() })) });
const history = z.object({
  pastClaims: z.array(
    z.object({
      outcome: z.string(),
      estimated: z.number().nullable(),
      took: z.number().nullable(),
    }),
  ),
});

/** A world of one repository and three workers: few events an hour, and the same people who keep it going. */
async function openSmallWorld() {
  const clock = createWorldClock(Date.now());
  const gitea = await startDemoGitea([name], clock.now);
  onTestFinished(gitea.close);
  // Comments and labels are half of the work, and nobody reads them here.
  const env = { PUBLISH: 'none' };
  const deps = { now: clock.now, directory: temporaryDirectory(), gitea, env };
  const { service, secrets, faults } = await buildService(deps);
  onTestFinished(service.close);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { signal } = stop;
  const { url } = await service.start();
  const story = createStory({
    ...{ url, signal, clock, faults, secrets, settle: service.idle, state: gitea.state },
    dice: createDice(4),
    workers: workers.slice(3),
    verifiers: verifiers.slice(1),
  });
  for (const sketch of backlog[name].slice(2, 6))
    await story.acts.openIssue(name, 'maria', issueOf(sketch));
  await service.idle();
  story.open();
  return story;
}

test(
  'the world goes on for ten hours, and issues take what they were estimated to take',
  { timeout: 240_000 },
  async () => {
    const { api, hurry } = await openSmallWorld();
    const steps = Math.ceil(3_600_000 / stepMs / pace);
    let refs: readonly string[] = [];
    for (let hour = 1; hour <= hours; hour += 1) {
      for (let done = 0; done < steps; done += 1) await hurry(pace);
      const { items } = issues.parse((await api.get('/issues?limit=200')).json);
      const moving = items.filter(({ state }) => ['ready', 'in_progress'].includes(state));
      expect([hour, moving.length]).not.toEqual([hour, 0]);
      refs = items.map(({ ref }) => ref);
    }
    const ratios: number[] = [];
    for (const ref of refs) {
      const { json } = await api.get(`/issues/${ref.replace('#', '/')}`);
      for (const { outcome, estimated, took } of history.parse(json).pastClaims)
        if (outcome === 'completed') ratios.push((took ?? 0) / (estimated ?? 1));
    }
    const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
    expect(ratios.length).toBeGreaterThan(7);
    expect(median).toBeGreaterThan(0.7);
    expect(median).toBeLessThan(1.5);
  },
);
