import fc from 'fast-check';
import { expect, test } from 'vitest';

import { storeUpdate } from '../../../src/handling/commit-update.ts';
import { findFacts } from '../../../src/plans/stored-facts.ts';
import { handleIssue } from '../../../src/handling/handle-issue.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import type { IssueEvent } from '../../../src/issue/event.ts';
import { queueKey } from '../../../src/plans/queue-order.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import { readGraph } from '../../../src/plans/graph-view.ts';
import { readQueue } from '../../../src/claims/hand-out/queue-view.ts';
import { recomputeAllStates } from '../../support/recompute-all-states.ts';
import { openScratch } from '../../support/database.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const repositories = ['acme/orbit', 'acme/lib'];
const ref = fc.record({
  repository: fc.constantFrom(...repositories),
  number: fc.integer({ min: 1, max: 4 }),
});
type Ref = typeof ref extends fc.Arbitrary<infer T> ? T : never;

interface Step extends Ref {
  readonly kind:
    'opened' | 'edited' | 'closed' | 'reopened' | 'deleted' | 'assigned' | 'unassigned';
  readonly blockedBy: readonly Ref[];
  readonly blocks: readonly Ref[];
  readonly label: string;
}

const named = ['opened', 'edited', 'closed', 'reopened', 'assigned', 'unassigned'] as const;
const step: fc.Arbitrary<Step> = fc
  .record({
    issue: ref,
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...named) },
      { weight: 1, arbitrary: fc.constant('deleted' as const) },
    ),
    blockedBy: fc.array(ref, { maxLength: 3 }),
    blocks: fc.array(ref, { maxLength: 1 }),
    label: fc.constantFrom('', 'priority/high', 'priority/low'),
  })
  .map(({ issue, ...rest }) => ({ ...issue, ...rest }));

/** The history of some issues as events: each with all that is so after it, a second after the last. */
function eventsOf(steps: readonly Step[]): IssueEvent[] {
  const issues = new Map<
    string,
    { open: boolean; assigned: boolean; body: string; label: string }
  >();
  return steps.map(({ repository, number, kind, ...text }, index) => {
    const id = `${repository}#${number}`;
    const issue = issues.get(id) ?? { open: true, assigned: true, body: '', label: '' };
    issues.set(id, issue);
    if (kind === 'closed' || kind === 'reopened') issue.open = kind === 'reopened';
    if (kind === 'assigned' || kind === 'unassigned') issue.assigned = kind === 'assigned';
    if (kind === 'opened' || kind === 'edited') {
      issue.label = text.label;
      issue.body = [
        ...text.blockedBy.map((other) => `Blocked by ${other.repository}#${other.number}`),
        ...text.blocks.map((other) => `Blocks ${other.repository}#${other.number}`),
      ].join('\n');
    }
    return {
      kind,
      issue: {
        ...{ repository, repositoryId: repositories.indexOf(repository) + 1, number },
        ...{ title: id, body: issue.body, bodyCut: false, open: issue.open },
        assignees: issue.assigned ? ['bot'] : [],
        labels: issue.label === '' ? [] : [issue.label],
        updatedAt: Date.parse('2026-11-01T00:00:00Z') + index * 1000,
      },
    };
  });
}

async function openStore() {
  const db = await openScratch();
  const deps = {
    findFacts: (issue: Parameters<typeof findFacts>[1]) => findFacts(db, issue),
    read: (issue: Parameters<typeof readOffline>[0]) =>
      Promise.resolve(
        readOffline(
          issue,
          builtInAgents.map(({ name }) => name),
        ),
      ),
    agents: builtInAgents,
    bot: () => Promise.resolve('bot'),
    giteaState: undefined,
  };
  async function handle(event: IssueEvent) {
    const { update } = await handleIssue(event.issue, [event], deps, new AbortController().signal);
    await db.transaction().execute((transaction) => storeUpdate(transaction, update, now));
  }
  /** All that follows from the graph. */
  async function look() {
    const issues = await db
      .selectFrom('issues')
      .select(['repository_id', 'number', 'deleted', 'state', 'reason_code', 'reason_params'])
      .select(['warnings', 'ready_at', 'queue_key', 'unblocks', 'cycle_key', 'labels'])
      .orderBy('repository_id')
      .orderBy('number')
      .execute();
    const queue = await readQueue(
      { db, giteaUrl: 'https://git.example.test' },
      { limit: 50, now: 0 },
    );
    const ready = queue.ready.map((item) => `${item.rank} ${item.ref} ${item.why}`);
    return { issues, ready, waiting: queue.waiting, graph: await readGraph(db, { limit: 500 }) };
  }
  const recomputeStates = () =>
    db.transaction().execute((transaction) => recomputeAllStates(transaction, now + 1));
  return { handle, look, recomputeStates, close: () => db.destroy() };
}

async function lookAfter(events: readonly IssueEvent[]) {
  const store = await openStore();
  try {
    for (const event of events) await store.handle(event);
    return await store.look();
  } finally {
    await store.close();
  }
}

const history = fc.array(step, { minLength: 1, maxLength: 25 }).map(eventsOf);

test('any order of a history, with repetitions, gives the same graph, states and queue', async () => {
  const disordered = history.chain((events) =>
    fc.record({
      events: fc.constant(events),
      told: fc
        .array(fc.constantFrom(...events), { maxLength: 8 })
        .chain((more) =>
          fc.shuffledSubarray([...events, ...more], { minLength: events.length + more.length }),
        ),
    }),
  );
  await fc.assert(
    fc.asyncProperty(disordered, async ({ events, told }) => {
      expect(await lookAfter(told)).toEqual(await lookAfter(events));
    }),
    { numRuns: 60, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
  );
}, 60_000);

test('after every event the states equal those of a full recomputation', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (events) => {
      const store = await openStore();
      try {
        for (const event of events) {
          await store.handle(event);
          const before = await store.look();
          expect(await store.recomputeStates()).toBe(0);
          expect(await store.look()).toEqual(before);
          expect(unblocksOf(before)).toEqual(before.issues.map((issue) => issue.unblocks));
          for (const { ready_at: readyAt, queue_key, unblocks, labels } of before.issues)
            expect(queue_key).toBe(
              readyAt === null
                ? null
                : queueKey({ readyAt, labels: labels.split(/[[\]",]/), unblocks }),
            );
        }
      } finally {
        await store.close();
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
  );
}, 60_000);

/** Number of open issues that wait for each issue, counted from the graph as it is shown. */
function unblocksOf({ issues, graph }: Awaited<ReturnType<typeof lookAfter>>): number[] {
  const refOf = (issue: (typeof issues)[number]) =>
    `${repositories[issue.repository_id - 1] ?? ''}#${issue.number}`;
  const isOpen = (issue: (typeof issues)[number]) => issue.deleted === 0 && issue.state !== 'done';
  const open = new Set(issues.filter(isOpen).map(refOf));
  return issues.map((issue) => {
    const start = refOf(issue);
    const seen = new Set(open.has(start) ? [start] : []);
    for (const one of seen)
      for (const edge of graph.edges)
        if (edge.blockedBy === one && open.has(edge.issue)) seen.add(edge.issue);
    return Math.max(0, seen.size - 1);
  });
}
