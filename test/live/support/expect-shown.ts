import { expect } from 'vitest';

import type { Coordinator } from './coordinator.ts';
import { eventually } from './eventually.ts';
import type { IssueSeen } from './people.ts';
import { bot, type World } from './world.ts';

/** Label and comments of the coordinator on an issue's page. */
export interface Shown {
  /** As the API of the coordinator tells it. */
  readonly state: string | undefined;
  readonly reason: string | undefined;
  /** Labels of its scope on the issue. */
  readonly labels: readonly string[];
  /** Texts of the comments of the bot. */
  readonly comments: readonly string[];
}

export async function lookAtShown(
  world: World,
  coordinator: Coordinator,
  number: number,
): Promise<Shown> {
  const plan = await coordinator.plan(number);
  const issue = await world.maria.look(number);
  const comments = await world.maria.comments(number);
  return {
    state: plan?.state,
    reason: plan?.reason.code,
    labels: ownLabels(issue),
    comments: comments.filter(({ user }) => user.login === bot).map(({ body }) => body),
  };
}

export function ownLabels({ labels }: Pick<IssueSeen, 'labels'>): string[] {
  return labels.map(({ name }) => name).filter((name) => name.startsWith('coordinator/'));
}

export interface Expected {
  readonly state: string;
  readonly reason?: string;
  /** In the comment. */
  readonly says?: readonly string[];
  readonly saysNot?: readonly string[];
}

/** Waits until one comment and the one label say this; resolves to the milliseconds that took. */
export function expectShown(
  { world, coordinator, number }: ShownPlace,
  expected: Expected,
  deadlineMs = 15_000,
): Promise<number> {
  return eventually(deadlineMs, async () => {
    const shown = await lookAtShown(world, coordinator, number);
    expectRight(shown, expected);
  });
}

interface ShownPlace {
  readonly world: World;
  readonly coordinator: Coordinator;
  readonly number: number;
}

/** First words of a comment, by state. */
export const openings: Readonly<Record<string, string>> = {
  ready: 'Ready',
  blocked: 'Blocked',
  oversized: 'Too large',
  needs_human: 'Needs a person',
  in_progress: 'In progress',
  done: 'Done',
  released: 'Not planned',
};

/** One comment of ours, the label of the state, and none on what is not ours any more. */
function expectRight(shown: Shown, { state, reason, says, saysNot }: Expected): void {
  expect(shown).toMatchObject({ state, labels: labelsOf(state), comments: [expect.any(String)] });
  if (reason !== undefined) expect(shown.reason).toBe(reason);
  const [comment = ''] = shown.comments;
  expect(openingOf(comment)).toBe(openings[state]);
  for (const text of says ?? []) expect(comment).toContain(text);
  for (const text of saysNot ?? []) expect(comment).not.toContain(text);
}

export function openingOf(comment: string): string | undefined {
  return /^<!-- mosaic-coordinator[^>]*-->\n\*\*(.+?)\.\*\*/.exec(comment)?.[1];
}

export function labelsOf(state: string): string[] {
  return state === 'released' ? [] : [`coordinator/${state}`];
}
