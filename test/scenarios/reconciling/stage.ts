import { expect } from 'vitest';
import { z } from 'zod';

import { manualClock } from '../../support/clock.ts';
import { compareStoreWithGitea } from './store-and-gitea.ts';
import { giteaBot, startGitea, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { startService, type Service, type ServiceOptions } from '../../support/service.ts';

export const hour = 3_600_000;

export const minute = 60_000;

/** A Gitea with acme/orbit and acme/ledger; its clock may be ahead of ours. */
export async function stageGitea({ aheadMs = 0, maxRows = 50 } = {}) {
  const clock = manualClock();
  const gitea = await startGitea({ now: () => clock.now() + aheadMs, maxRows });
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
  gitea.repositories.set(3, { name: 'acme/ledger', issues: new Map() });
  /** Opens issues of the bot's, a minute apart. */
  const open = (count: number, repository = 'acme/orbit', more = {}) =>
    Array.from({ length: count }, (_, index) => {
      clock.advance(minute);
      const issue = { title: `Issue ${index + 1}`, body: 'Small.', assignees: [giteaBot] };
      return gitea.as('maria').openIssue(repository, { ...issue, ...more });
    });
  const serve = (options: ServiceOptions = {}) =>
    startService({
      ...{ gitea, clock },
      random: () => 0,
      ...options,
    });
  return { clock, gitea, open, serve };
}

const checkSchema = z.object({
  status: z.string(),
  checks: z.object({
    reconcile: z.looseObject({
      status: z.string(),
      passes: z.number(),
      differences: z.number(),
      missed: z.number(),
      lastError: z.string().nullable(),
    }),
  }),
});

export async function figures(service: Service) {
  const reply = await service.health();
  return checkSchema.parse(await reply.json()).checks.reconcile;
}

export async function states(service: Service, ...refs: readonly string[]) {
  const plans = await Promise.all(refs.map((ref) => service.plan(ref)));
  return plans.map((plan) => plan?.state);
}

export async function expectEqual(service: Service, gitea: FakeGitea): Promise<void> {
  const { stored, onGitea } = await compareStoreWithGitea(service.directory, gitea);
  expect(stored).toEqual(onGitea);
}
