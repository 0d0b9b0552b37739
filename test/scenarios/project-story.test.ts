import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';

type Step = PayloadChanges & { readonly event?: string };

const bot = ['coordinator-bot'];
const both = ['ann', 'coordinator-bot'];
const template = 'Files to modify: 2\nTest requirements: low\nDifficulty: low\n';

/**
 * One project's story in the order it happened: each step is a snapshot a second newer than the one
 * before. In its middle the repository `acme/orbit` becomes `acme/nova`; texts go on using both names.
 */
const story: readonly Step[] = [
  { number: 1, action: 'opened', title: 'One', body: `${template}Blocks: #3`, assignees: null },
  { number: 2, action: 'opened', title: 'Two', body: 'Blocked by: #1', assignees: bot },
  { number: 1, action: 'assigned', title: 'One', body: `${template}Blocks: #3`, assignees: bot },
  {
    number: 3,
    action: 'opened',
    title: 'Three',
    body: 'Depends on acme/orbit#2 and acme/lib#1',
    assignees: bot,
  },
  {
    number: 3,
    action: 'label_updated',
    title: 'Three',
    body: 'Depends on acme/orbit#2 and acme/lib#1',
    assignees: bot,
    labels: ['bug'],
  },
  {
    number: 4,
    action: 'assigned',
    title: 'Four',
    body: 'Blocked by #3, #6, acme/orbit#4',
    assignees: bot,
  },
  {
    number: 2,
    action: 'edited',
    title: 'Two, edited',
    body: 'Blocked by: #1, #3\nTotal estimated: 900k',
    assignees: both,
  },
  {
    number: 5,
    action: 'opened',
    title: 'Five',
    body: 'Blocked by #4, acme/orbit#5\nBlocks #2',
    assignees: bot,
  },
  { number: 6, action: 'opened', title: 'Six', body: '', assignees: null },
  {
    number: 1,
    action: 'closed',
    title: 'One',
    body: `${template}Blocks: #3`,
    assignees: bot,
    open: false,
  },
  {
    number: 3,
    action: 'label_updated',
    title: 'Three',
    body: 'Depends on acme/orbit#2 and acme/lib#1',
    assignees: bot,
    labels: [],
  },
  {
    number: 7,
    repositoryId: 77,
    repository: 'acme/lib',
    action: 'opened',
    title: 'Seven',
    body: 'Blocked by acme/orbit#5, acme/nova#2',
    assignees: bot,
  },
  {
    number: 2,
    action: 'unassigned',
    title: 'Two, edited',
    body: 'Blocked by: #1, #3',
    assignees: ['ann'],
    repository: 'acme/nova',
  },
  {
    number: 4,
    action: 'edited',
    title: 'Four',
    body: 'Blocked by #3, #2, #5, acme/orbit#6',
    assignees: bot,
    repository: 'acme/nova',
  },
  {
    number: 1,
    action: 'reopened',
    title: 'One',
    body: 'Blocked by acme/nova#6',
    assignees: bot,
    repository: 'acme/nova',
  },
  {
    number: 2,
    action: 'assigned',
    title: 'Two, edited',
    body: 'Blocked by: #1, #3',
    assignees: both,
    repository: 'acme/nova',
  },
  {
    number: 6,
    action: 'deleted',
    title: 'Six',
    body: '',
    assignees: null,
    repository: 'acme/nova',
  },
  {
    number: 8,
    action: 'label_cleared',
    title: 'Eight',
    body: 'Blocks #4 and #5',
    assignees: bot,
    labels: ['old'],
    repository: 'acme/nova',
  },
  {
    number: 8,
    event: 'issue_comment',
    action: 'created',
    comment: 'Hm.',
    title: 'Eight',
    body: 'Blocks #4 and #5',
    assignees: bot,
    repository: 'acme/nova',
  },
];

const start = Date.parse('2026-11-23T10:00:00Z');
const requests = story.map(
  ({ event, repositoryId = 2, repository = 'acme/orbit', ...changes }, index) => {
    const payload = issuePayload({
      labels: null,
      open: true,
      ...changes,
      repositoryId,
      repository,
      updatedAt: new Date(start + index * 1000).toISOString(),
    });
    return (id: string) => signedRequest(payload, { event: event ?? 'issues', id });
  },
);

/** A delivery of the story: which, under which id, and whether the worker has caught up before the next. */
interface Sending {
  readonly step: number;
  readonly copy: number;
  readonly settle: boolean;
}

async function plansAfter(sendings: readonly Sending[]) {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  try {
    for (const { step, copy, settle } of sendings) {
      const request = requests[step]?.(`step-${step}-copy-${copy}`);
      if (request === undefined) throw new RangeError(`the story has no step ${step}`);
      expect(await service.send(request)).toMatchObject({ status: 200 });
      if (settle) await service.idle();
    }
    await service.idle();
    return await allPlans(service);
  } finally {
    await service.close();
  }
}

const planSchema = z.looseObject({ ref: z.string(), updatedAt: z.string() });

async function allPlans(service: Service) {
  const { json } = await service.api('/issues?limit=200');
  const { items } = z.object({ items: z.array(planSchema) }).parse(json);
  return items
    .map((plan) => ({ ...plan, updatedAt: undefined }))
    .sort((a, b) => a.ref.localeCompare(b.ref));
}

const inOrder = story.map((_, step) => ({ step, copy: 0, settle: true }));

const stateSchema = z.looseObject({
  ref: z.string(),
  state: z.string(),
  reason: z.object({ text: z.string() }),
});

test('deliveries in order end in the expected plans', async () => {
  const plans = z.array(stateSchema).parse(await plansAfter(inOrder));
  expect(plans.map(({ ref, state, reason }) => `${ref} ${state}: ${reason.text}`))
    .toMatchInlineSnapshot(`
    [
      "acme/lib#7 blocked: Waits for acme/nova#5 and acme/nova#2, which are open.",
      "acme/nova#1 ready: Nothing is in the way: sonnet can start.",
      "acme/nova#2 blocked: Waits for itself in a cycle: acme/nova#2 → acme/nova#3 → acme/nova#2.",
      "acme/nova#3 blocked: Waits for itself in a cycle: acme/nova#3 → acme/nova#2 → acme/nova#3.",
      "acme/nova#4 blocked: Waits in a tangle of issues that wait for each other, such as acme/nova#2 → acme/nova#3 → acme/nova#2.",
      "acme/nova#5 blocked: Waits in a tangle of issues that wait for each other, such as acme/nova#2 → acme/nova#3 → acme/nova#2.",
      "acme/nova#8 ready: Nothing is in the way: sonnet can start.",
    ]
  `);
});

test('deliveries in any order, with repetitions, end in the same plans', async () => {
  const expected = await plansAfter(inOrder);
  const steps = story.map((_, step) => step);
  const copies = fc.array(fc.record({ step: fc.constantFrom(...steps), copy: fc.nat(2) }), {
    maxLength: 8,
  });
  const disordered = copies
    .map((more) => [...steps.map((step) => ({ step, copy: 0 })), ...more])
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    .chain((all) =>
      fc
        .array(fc.boolean(), { minLength: all.length, maxLength: all.length })
        .map((settled) => all.map((one, index) => ({ ...one, settle: settled[index] === true }))),
    );
  await fc.assert(
    fc.asyncProperty(disordered, async (sendings) => {
      expect(await plansAfter(sendings)).toEqual(expected);
    }),
    { numRuns: 25, interruptAfterTimeLimit: 25_000, markInterruptAsFailure: false },
  );
}, 60_000);
