import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readGraph } from '../../../src/plans/graph-view.ts';
import { readQueue } from '../../../src/claims/hand-out/queue-view.ts';
import { recomputeAllStates } from '../../support/recompute-all-states.ts';
import {
  openWorld,
  worldRepositories,
  worldTime,
  type World,
  type WorldIssue,
} from './handled-world.ts';

const refs = worldRepositories.flatMap((name) => [1, 2, 3].map((number) => `${name}#${number}`));
const ref = fc.constantFrom(...refs);

const issue: fc.Arbitrary<WorldIssue> = fc
  .record({
    open: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    assigned: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    blockedBy: fc.array(ref, { maxLength: 2 }),
    blocks: fc.array(ref, { maxLength: 2 }),
    hidden: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constant(2)),
  })
  .map(({ blockedBy, blocks, ...rest }) => {
    const body = [
      ...blockedBy.map((other) => `Blocked by ${other}`),
      ...blocks.map((other) => `Blocks ${other}`),
    ].join('\n\n');
    return { ...rest, body };
  });

/** Gitea refuses what waits for each other directly; longer cycles and an issue that waits for itself it takes. */
const pairs = fc.array(fc.tuple(ref, ref), { maxLength: 8 }).map((some) => {
  const kept = new Map<string, (typeof some)[number]>();
  for (const [one, other] of some)
    if (one === other || !kept.has(`${other} ${one}`)) kept.set(`${one} ${other}`, [one, other]);
  return [...kept.values()];
});

const world: fc.Arbitrary<World> = fc
  .record({ issues: fc.tuple(...refs.map(() => issue)), pairs })
  .map(({ issues, ...rest }) => ({
    ...rest,
    issues: new Map(issues.map((one, index) => [refs[index] ?? '', one])),
  }));

type Opened = Awaited<ReturnType<typeof openWorld>>;

/** All that people and workers are shown. */
async function look({ db }: Opened) {
  const issues = await db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'open', 'assigned', 'hidden_blockers'])
    .select([
      'state',
      'reason_code',
      'reason_params',
      'warnings',
      'queue_key',
      'unblocks',
      'cycle_key',
    ])
    .orderBy('repository_id')
    .orderBy('number')
    .execute();
  const queue = await readQueue({ db, giteaUrl: 'https://git.test' }, { limit: 50, now: 0 });
  const plans = queue.ready.map(({ ref: place, plan }) => [place, plan.blockedBy, plan.blocks]);
  return { issues, plans, waiting: queue.waiting, graph: await readGraph(db, { limit: 500 }) };
}

async function lookAfter(given: World) {
  const opened = await openWorld(given);
  try {
    for (const each of refs) await opened.handle(each);
    return await look(opened);
  } finally {
    await opened.close();
  }
}

const bounds = { numRuns: 60, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false };

test('the order in which issues are read does not change the states', async () => {
  const changed = fc.record({
    before: world,
    after: world,
    order: fc
      .array(ref, { maxLength: 4 })
      .chain((more) =>
        fc.shuffledSubarray([...refs, ...more], { minLength: refs.length + more.length }),
      ),
  });
  await fc.assert(
    fc.asyncProperty(changed, async ({ before, after, order }) => {
      const opened = await openWorld(before);
      try {
        for (const each of refs) await opened.handle(each);
        opened.become(after);
        for (const each of order) await opened.handle(each);
        expect(await look(opened)).toEqual(await lookAfter(after));
      } finally {
        await opened.close();
      }
    }),
    bounds,
  );
}, 60_000);

test('after every change the states equal those of a full recomputation, and a second refresh changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(world, { minLength: 1, maxLength: 3 }),
      ref,
      async (worlds, first) => {
        const opened = await openWorld({ issues: new Map(), pairs: [] });
        try {
          for (const each of worlds) {
            opened.become(each);
            for (const one of [first, ...refs]) {
              await opened.handle(one);
              const stands = await look(opened);
              const recomputed = await opened.db
                .transaction()
                .execute((transaction) => recomputeAllStates(transaction, worldTime + 1));
              expect(recomputed).toBe(0);
              expect(await look(opened)).toEqual(stands);
            }
            const settled = await look(opened);
            for (const one of refs) expect(await opened.handle(one)).toBe(1);
            expect(await look(opened)).toEqual(settled);
          }
        } finally {
          await opened.close();
        }
      },
    ),
    { ...bounds, numRuns: 30 },
  );
}, 60_000);

test('with all issues read, nothing differs from Gitea; after a change of dependencies something does', async () => {
  await fc.assert(
    fc.asyncProperty(world, pairs, async (given, changed) => {
      // An issue that waits for itself gets no more than a warning, which is no difference.
      const isLoop = ([one, other]: readonly [string, string]) => one === other;
      const others = [...given.pairs.filter(isLoop), ...changed.filter((pair) => !isLoop(pair))];
      const opened = await openWorld(given);
      try {
        for (const each of refs) await opened.handle(each);
        const planned = [...given.issues].filter(([, one]) => one.assigned).map(([id]) => id);
        const differing = async () => {
          const found: string[] = [];
          for (const id of planned) {
            const [repository = '', number = ''] = id.split('#');
            const repositoryId = worldRepositories.indexOf(repository) + 1;
            const place = { repositoryId, repository, number: Number(number) };
            const { signal } = new AbortController();
            if (await opened.giteaState.giteaDependenciesDiffer(place, signal)) found.push(id);
          }
          return found;
        };
        expect(await differing()).toEqual([]);
        opened.become({ ...given, pairs: others });
        const moved = new Set([...given.pairs, ...others].flat());
        for (const id of await differing()) {
          expect(moved).toContain(id);
          await opened.handle(id);
        }
        expect(await differing()).toEqual([]);
        const shown = await look(opened);
        expect(shown).toEqual(await lookAfter({ ...given, pairs: others }));
      } finally {
        await opened.close();
      }
    }),
    bounds,
  );
}, 60_000);
