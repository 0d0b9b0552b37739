import fc from 'fast-check';
import { expect, test } from 'vitest';

import { manualClock } from '../../support/clock.ts';
import { compareStoreWithGitea } from './store-and-gitea.ts';
import { giteaBot, startGitea, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { startService } from '../../support/service.ts';

const repositories = ['acme/orbit', 'acme/ledger'] as const;
const numbers = [1, 2, 3, 4, 5, 6, 7];

const changes = [
  'open',
  'title',
  'body',
  'blocked',
  'close',
  'reopen',
  'assign',
  'unassign',
  'label',
  'comment',
  'delete',
  'rename',
] as const;

const step = fc.record({
  change: fc.constantFrom(...changes),
  repository: fc.nat(1),
  number: fc.constantFrom(...numbers),
  /** The webhook of this change gets lost. */
  lost: fc.boolean(),
  /** A pass begins before this change, and is not waited for. */
  pass: fc.boolean(),
  seconds: fc.constantFrom(0, 0, 1, 90, 400),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function make(gitea: FakeGitea, names: string[], { change, repository, number, seconds }: Step) {
  const name = names[repository] ?? '';
  const ref = `${name}#${number}`;
  const maria = gitea.as('maria');
  const id = repository + 2;
  if (change === 'open') {
    maria.openIssue(name, { title: `Opened ${seconds}`, body: '', assignees: [giteaBot] });
    return;
  }
  if (change === 'rename') {
    const to = `${name.split('-')[0] ?? ''}-${number}`;
    if (to === name) return;
    gitea.rename(name, to);
    names[repository] = to;
    return;
  }
  if (gitea.repositories.get(id)?.issues.has(number) !== true) return;
  const acts: Record<Exclude<Step['change'], 'open' | 'rename'>, () => unknown> = {
    title: () => maria.editIssue(ref, { title: `Title ${number} ${seconds}` }),
    body: () => maria.editIssue(ref, { body: `Body ${number} ${seconds}` }),
    blocked: () => maria.editIssue(ref, { body: `Blocked by: #${(number % 7) + 1}` }),
    close: () => maria.close(ref),
    reopen: () => maria.reopen(ref),
    assign: () => maria.assign(ref, giteaBot),
    unassign: () => maria.unassign(ref, giteaBot),
    label: () => maria.setLabels(ref, `size ${number}`),
    comment: () => maria.comment(ref, 'A word.'),
    delete: () => maria.deleteIssue(ref),
  };
  acts[change]();
}

test('whatever changes while passes run and webhooks get lost, a quiet full pass makes the store equal to Gitea', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(-7_200_000, 0, 7_200_000),
      async (steps, aheadMs) => {
        const clock = manualClock();
        // Small pages, so that they shift.
        const gitea = await startGitea({ now: () => clock.now() + aheadMs, maxRows: 3 });
        const names: string[] = [...repositories];
        for (const [index, name] of names.entries()) {
          gitea.repositories.set(index + 2, { name, issues: new Map() });
          for (const number of numbers) {
            const assignees = number % 3 === 0 ? [] : [giteaBot];
            gitea.as('maria').openIssue(name, { title: `Issue ${number}`, body: '', assignees });
          }
        }
        const options = { gitea, clock, random: () => 0 };
        const service = await startService(options);
        gitea.addHook({ url: `${service.url}/webhook/gitea` });
        const passes: Promise<unknown>[] = [];
        for (const each of steps) {
          clock.advance(each.seconds * 1_000);
          gitea.mute(each.lost);
          if (each.pass) passes.push(service.reconcile());
          make(gitea, names, each);
          // Lets what is under way come a little further.
          await fetch(`${service.url}/livez`);
        }
        await gitea.settled();
        await Promise.all(passes);
        await service.close();
        clock.advance(3_600_000);
        const after = await startService({ ...options, directory: service.directory });
        await after.reconcile();
        const { stored, onGitea } = await compareStoreWithGitea(service.directory, gitea);
        await after.close();
        await gitea.stop();
        expect(stored).toEqual(onGitea);
      },
    ),
    { numRuns: 6 },
  );
}, 120_000);
