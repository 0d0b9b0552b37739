import { sql, type Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';

/** The facts that decide the place of an issue in the queue. */
export interface QueueFacts {
  /** Since when it is ready, epoch milliseconds. */
  readonly readyAt: number;
  readonly labels: readonly string[];
  /** Open issues that wait for it, directly or through others; counted up to `maxUnblocksCounted`. */
  readonly unblocks: number;
}

/** Maximum of blocked issues that count: more move an issue no further forward. */
export const maxUnblocksCounted = 12;

/** Hours forward for each issue that it blocks. */
const hoursPerIssue = 4;

/** Hours forward (below 0: back) by priority label; of several the first counts. */
const priorities = [
  { label: 'priority/high', hours: 72 },
  { label: 'priority/medium', hours: 24 },
  { label: 'priority/low', hours: -24 },
];

const hourMs = 3_600_000;

/**
 * The queue order: ready issues are handed out by this key, smallest first. It is the time at which an issue
 * became ready, less a bonus for priority and for the issues it blocks. The bonus is bounded, so no issue
 * starves.
 */
export function queueKey(place: QueueFacts): number {
  const hours = (priorityOf(place)?.hours ?? 0) + unblocked(place) * hoursPerIssue;
  return place.readyAt - hours * hourMs;
}

/** Explains the place of an issue in the queue: a sentence that names each part of its key. */
export function explainPlace(place: QueueFacts): string {
  const since = new Date(place.readyAt).toISOString();
  return `Ready since ${since}${explainBonus(place)}; the longest ready goes first.`;
}

/** What moves an issue in the queue, to go on after its time: `, moved 4 hours forward for …`; empty: nothing does. */
export function explainBonus(place: QueueFacts): string {
  const priority = priorityOf(place);
  const count = unblocked(place);
  const parts = [
    ...(priority === undefined ? [] : [`${moved(priority.hours)} for the label ${priority.label}`]),
    ...(count === 0 ? [] : [`${moved(count * hoursPerIssue)} for ${waiting(count)}`]),
  ];
  return parts.length === 0 ? '' : `, moved ${parts.join(' and ')}`;
}

function priorityOf({ labels }: QueueFacts) {
  const names = new Set(labels.map((label) => label.toLowerCase()));
  return priorities.find(({ label }) => names.has(label));
}

function unblocked({ unblocks }: QueueFacts): number {
  return Math.min(unblocks, maxUnblocksCounted);
}

function moved(hours: number): string {
  return `${Math.abs(hours)} hours ${hours < 0 ? 'back' : 'forward'}`;
}

function waiting(count: number): string {
  if (count === 1) return 'the issue that waits for it';
  return `the ${count}${count === maxUnblocksCounted ? ' or more' : ''} issues that wait for it`;
}

/** Issues that became ready in a future, by a clock that was ahead, became ready now: no later one overtakes them. */
export async function boundReadyTimes(
  transaction: Transaction<Schema>,
  now: number,
): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ queue_key: sql`queue_key - (ready_at - ${now})`, ready_at: now })
    .where('queue_key', 'is not', null)
    .where('ready_at', '>', now)
    .execute();
}
