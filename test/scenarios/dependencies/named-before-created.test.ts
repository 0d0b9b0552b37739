import fc from 'fast-check';
import { expect, test } from 'vitest';

import { missingWarnsAfterMs } from '../../../src/plans/unknown-targets.ts';
import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
import { startService, type Service } from '../../support/service.ts';
import { claim, issueEvent } from '../../support/workers.ts';
import { stageGitea, states } from '../reconciling/stage.ts';

const at = Date.parse('2026-11-23T10:00:00Z');
const updatedAt = new Date(at).toISOString();

/** A service beside a Gitea of which it hears only what a test delivers. */
async function stage() {
  const { gitea, clock, serve } = await stageGitea();
  const service = await serve({ workers: true });
  await service.reconcile();
  const repository = gitea.repositories.get(2);
  /** Creates an issue on Gitea; without `deliver`, nobody hears of it. */
  const create = (number: number, body: string, assignees: readonly string[] = [giteaBot]) =>
    repository?.issues.set(number, {
      title: `Issue ${number}`,
      body,
      open: true,
      assignees,
      updatedAt,
      labels: [],
    });
  const deliver = async (number: number, body: string, assignees = [giteaBot]) => {
    await service.send(issueEvent(number, at, { body, assignees }));
    await service.idle();
  };
  const both = async (number: number, body: string, assignees = [giteaBot]) => {
    create(number, body, assignees);
    await deliver(number, body, assignees);
  };
  return { gitea, clock, service, create, deliver, both, repository };
}

const codes = async (service: Service, ref: string) =>
  (await service.plan(ref))?.warnings.map(({ code }) => code);

test('an issue waits for one that is created a moment later, whoever’s that is', async () => {
  const { service, both } = await stage();
  await both(40, 'Files to modify: 1\n\nBlocked by #41');
  expect(await service.plan('acme/orbit#40')).toMatchObject({
    state: 'blocked',
    reason: {
      code: 'unknown_blockers',
    },
    blockedBy: [{ ref: 'acme/orbit#41', state: 'unknown' }],
  });
  expect((await service.plan('acme/orbit#40'))?.reason.text).toContain('correct it or remove');
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
  await both(41, 'Something else.', []);
  expect(await service.plan('acme/orbit#40')).toMatchObject({
    state: 'blocked',
    reason: { code: 'open_blockers' },
    blockedBy: [{ ref: 'acme/orbit#41', state: 'open' }],
  });
  expect(await codes(service, 'acme/orbit#40')).not.toContain('target_missing');
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
});

test('of a chain of five that is created from its end, only the last one starts', async () => {
  const { service, both } = await stage();
  for (const number of [61, 62, 63, 64]) await both(number, `Blocked by #${number + 1}`);
  await both(65, 'Files to modify: 1');
  const refs = [61, 62, 63, 64, 65].map((number) => `acme/orbit#${number}`);
  expect(await states(service, ...refs)).toEqual([
    'blocked',
    'blocked',
    'blocked',
    'blocked',
    'ready',
  ]);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: { issue: 'acme/orbit#65' } });
  expect(await claim(service, 'worker-2')).toMatchObject({ claim: null });
});

test.each([
  ['Depends on: #41', 'acme/orbit#41'],
  ['## Dependencies\n\n- [ ] #41', 'acme/orbit#41'],
  ['Blocked by acme/ledger#7', 'acme/ledger#7'],
])('created without a word, %j is found by the next comparison', async (body, blocker) => {
  const { gitea, service, create, both } = await stage();
  await both(40, body);
  expect(await states(service, 'acme/orbit#40')).toEqual(['blocked']);
  if (blocker.startsWith('acme/orbit')) create(41, '', []);
  else
    gitea.repositories
      .get(3)
      ?.issues.set(7, { title: 'Seven', body: '', open: true, assignees: [], updatedAt });
  expect(await service.reconcile()).toMatchObject({ full: false });
  expect(await service.plan('acme/orbit#40')).toMatchObject({
    reason: { code: 'open_blockers' },
    blockedBy: [{ ref: blocker, state: 'open' }],
  });
});

test('ninety issues of a repository that nobody knows cost few questions, and fewer with time', async () => {
  const { gitea, clock, service, both } = await stage();
  const asked = async (act: () => Promise<unknown>) => {
    const before = gitea.requests.length;
    await act();
    return gitea.requests.slice(before).filter((path) => path.includes('no/such')).length;
  };
  const lines = Array.from({ length: 90 }, (_, index) => `Blocked by no/such#${index + 1}`);
  expect(await asked(() => both(40, lines.join('\n')))).toBeLessThan(10);
  const reconcile = () => service.reconcile();
  expect(await asked(reconcile)).toBeGreaterThan(0);
  expect(await asked(reconcile)).toBeLessThan(12);
  clock.advance(11 * 60_000);
  expect(await asked(reconcile)).toBe(0);
  clock.advance(30 * 60_000);
  // A renamed bot makes the next pass a full one.
  gitea.renameBot('mosaic-bot');
  expect(await asked(reconcile)).toBeGreaterThan(0);
  expect(await asked(reconcile)).toBe(0);
  expect(await states(service, 'acme/orbit#40')).toEqual(['blocked']);
});

test('numbers that are missing in a known repository ask about that repository once', async () => {
  const { gitea, both } = await stage();
  const lines = Array.from({ length: 30 }, (_, index) => `Blocked by acme/ledger#${index + 1}`);
  const before = gitea.requests.length;
  await both(40, lines.join('\n'));
  const paths = gitea.requests.slice(before).filter((path) => path.endsWith('repos/acme/ledger'));
  expect(paths).toHaveLength(1);
});

test('created and closed without a word, a blocker frees what waits', async () => {
  const { service, both, repository } = await stage();
  await both(40, 'Blocked by #41');
  repository?.issues.set(41, { title: 'Done', body: '', open: false, assignees: [], updatedAt });
  await service.reconcile();
  expect(await states(service, 'acme/orbit#40')).toEqual(['ready']);
});

test('a repository that can be read later, under an old name, is found by its old name', async () => {
  const { gitea, service, both } = await stage();
  await both(40, 'Blocked by acme/old#7');
  expect(await codes(service, 'acme/orbit#40')).toContain('target_unreadable');
  gitea.repositories.set(9, {
    name: 'acme/new',
    issues: new Map([[7, { title: 'Seven', body: '', open: true, assignees: [], updatedAt }]]),
  });
  gitea.renamed.set('acme/old', 9);
  await service.reconcile();
  expect(await service.plan('acme/orbit#40')).toMatchObject({
    reason: { code: 'open_blockers' },
    blockedBy: [{ ref: 'acme/new#7', state: 'open' }],
  });
  expect(await codes(service, 'acme/orbit#40')).not.toContain('target_unreadable');
});

test('an issue that names one which it blocks and which comes later holds it back from the start', async () => {
  const { service, both } = await stage();
  await both(40, 'Blocks #41');
  await both(41, 'Files to modify: 1');
  expect(await states(service, 'acme/orbit#40', 'acme/orbit#41')).toEqual(['ready', 'blocked']);
});

test('a number that does not come in a day is a warning with the cure; the issue goes on waiting', async () => {
  const { service, both, clock } = await stage();
  await both(40, 'Blocked by #41');
  clock.advance(missingWarnsAfterMs - 1);
  await service.reconcile();
  expect(await codes(service, 'acme/orbit#40')).not.toContain('target_missing');
  clock.advance(1);
  await service.reconcile();
  const plan = await service.plan('acme/orbit#40');
  expect(plan).toMatchObject({ state: 'blocked', reason: { code: 'unknown_blockers' } });
  expect(plan?.warnings).toContainEqual({
    code: 'target_missing',
    text: 'There is no acme/orbit#41 on Gitea, and the dependency on it still counts: correct the number, or remove the line.',
  });
  const { differences } = (await service.reconcile()) ?? {};
  expect(differences).toBe(0);
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null });
});

test('a number below that of the issue itself cannot come any more: the warning is there at once', async () => {
  const { service, both } = await stage();
  await both(40, 'Blocked by #12');
  expect(await states(service, 'acme/orbit#40')).toEqual(['blocked']);
  expect(await codes(service, 'acme/orbit#40')).toContain('target_missing');
});

test('a blocker that turns out to be deleted frees what waits, with a warning', async () => {
  const { service, both, repository } = await stage();
  await both(40, 'Blocked by #41');
  await both(41, 'Files to modify: 1');
  repository?.issues.delete(41);
  await service.send(issueEvent(40, at + 1_000, { body: 'Blocked by #41', action: 'edited' }));
  await service.idle();
  expect(await service.plan('acme/orbit#41')).toBeUndefined();
  expect(await states(service, 'acme/orbit#40')).toEqual(['ready']);
  expect(await codes(service, 'acme/orbit#40')).toContain('blocker_deleted');
});

test('without a token a blocker blocks until an event tells of it', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: giteaBot } });
  await service.send(issueEvent(40, at, { body: 'Blocked by #41' }));
  await service.idle();
  expect(await service.plan('acme/orbit#40')).toMatchObject({
    reason: { code: 'unknown_blockers' },
  });
  await service.send(issueEvent(41, at, { assignees: [], open: false, action: 'closed' }));
  await service.idle();
  expect(await states(service, 'acme/orbit#40')).toEqual(['ready']);
});

test('whatever the order in which a batch is created and delivered, it ends as if all had been there', async () => {
  const numbers = [1, 2, 3, 4];
  const bodies = fc.tuple(...numbers.map(() => fc.subarray(numbers, { maxLength: 2 })));
  await fc.assert(
    fc.asyncProperty(
      bodies,
      fc.shuffledSubarray(numbers, { minLength: 4 }),
      fc.shuffledSubarray(numbers, { minLength: 4 }),
      async (blockers, created, delivered) => {
        const bodyOf = (number: number) =>
          (blockers[number - 1] ?? []).map((other) => `Blocked by #${other}`).join('\n');
        const run = async (early: number) => {
          const gitea = await startGitea();
          gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
          const service = await startService({ gitea });
          const create = (number: number) =>
            gitea.repositories.get(2)?.issues.set(number, {
              ...{ title: `Issue ${number}`, body: bodyOf(number), open: true },
              ...{ assignees: [giteaBot], labels: [], updatedAt },
            });
          created.slice(0, early).forEach(create);
          for (const number of delivered) {
            create(number);
            await service.send(issueEvent(number, at, { body: bodyOf(number) }));
            await service.idle();
          }
          const plans = await Promise.all(
            numbers.map((each) => service.plan(`acme/orbit#${each}`)),
          );
          await service.close();
          return plans.map((plan) => ({
            ...{ state: plan?.state, reason: plan?.reason, blockedBy: plan?.blockedBy },
            warnings: plan?.warnings,
          }));
        };
        expect(await run(0)).toEqual(await run(numbers.length));
      },
    ),
    { numRuns: 5 },
  );
}, 60_000);
