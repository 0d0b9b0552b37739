import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { states } from '../../issue/state.ts';
import { attempt } from '../files.ts';

/** A step of the story: the change of one issue that Gitea reports. */
const eventSchema = z.object({
  action: z.enum(['assigned', 'unassigned', 'closed']),
  number: z.int(),
});
export type StoryEvent = z.infer<typeof eventSchema>;

const storySchema = z.object({
  /** The project of the story; its payloads are made from a recorded one of another project. */
  repository: z.object({ id: z.int(), name: z.string() }),
  bot: z.string(),
  /** Each delivery is a second younger than the one before. */
  startsAt: z.iso.datetime(),
  issues: z.array(
    z.object({
      number: z.int(),
      title: z.string(),
      /** Lines of the text. */
      body: z.array(z.string()),
      /** Plan that the issue must have at the end of the story. */
      expected: z.object({
        state: z.enum(states),
        reason: z.string(),
        agent: z.string().optional(),
        warning: z.string().optional(),
      }),
    }),
  ),
  /** Steps after all issues are assigned. */
  changes: z.array(eventSchema),
  /** The issue that waits for the one closed in `changes`. */
  waitingNumber: z.int(),
  /** Would close an issue that still waits, if its signature were valid. */
  forged: eventSchema,
});
export type Story = z.infer<typeof storySchema>;

export function readStory(file: string): Story {
  const text = attempt('recordings_missing', `Cannot read ${file}`, () =>
    readFileSync(file, 'utf8'),
  );
  return storySchema.parse(JSON.parse(text));
}

const recordedPayload = z.looseObject({
  issue: z.looseObject({}),
  repository: z.looseObject({}),
});

/** The bytes Gitea would send for one step: a recorded payload with other fields. */
export function storyPayload(story: Story, recorded: Buffer, event: StoryEvent): Buffer {
  const { action, number } = event;
  const base = recordedPayload.parse(JSON.parse(recorded.toString()));
  const issue = story.issues.find((candidate) => candidate.number === number);
  const changed = action === 'assigned' ? 0 : story.issues.length;
  const [owner, name] = story.repository.name.split('/');
  const repository = { id: story.repository.id, name, full_name: story.repository.name };
  const updatedAt = Date.parse(story.startsAt) + (changed + number) * 1_000;
  const payload = {
    ...base,
    action,
    number,
    issue: {
      ...base.issue,
      id: 10_000 + number,
      number,
      title: issue?.title ?? '',
      body: issue?.body.join('\n') ?? '',
      labels: [],
      state: action === 'closed' ? 'closed' : 'open',
      assignee: null,
      assignees: action === 'unassigned' ? [] : [{ id: 6, login: story.bot }],
      updated_at: new Date(updatedAt).toISOString(),
      repository: { ...repository, owner },
    },
    repository: { ...base.repository, ...repository },
  };
  return Buffer.from(JSON.stringify(payload));
}

/** The fields of a plan that the story checks. */
export interface PlanOutcome {
  readonly ref: string;
  readonly state: string;
  readonly reason: { readonly code: string };
  readonly assignment: { readonly agent: string | null } | null;
  readonly warnings: readonly { readonly code: string }[];
}

/** One sentence for every issue whose plan is not the expected one. */
export function storyProblems({ issues, repository }: Story, plans: readonly PlanOutcome[]) {
  return issues.flatMap(({ number, expected }) => {
    const ref = `${repository.name}#${number}`;
    const plan = plans.find((candidate) => candidate.ref === ref);
    if (plan === undefined) return [`${ref} has no plan.`];
    const wanted = describe(expected.state, expected.reason, expected.agent, expected.warning);
    const actual = describe(
      plan.state,
      plan.reason.code,
      expected.agent === undefined ? undefined : (plan.assignment?.agent ?? 'no agent'),
      plan.warnings.map(({ code }) => code).join(', '),
    );
    return actual === wanted ? [] : [`${ref} is ${actual}, not ${wanted}.`];
  });
}

function describe(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(', ');
}
