/** What an issue's place in the queue follows from. */
export interface Place {
  /** Since when it is ready, epoch milliseconds. */
  readonly readyAt: number;
  readonly labels: readonly string[];
  /** Open issues that wait for it, directly or through others; counted up to `unblocksCounted`. */
  readonly unblocks: number;
}

/** More issues held up than this move an issue no further forward; nor are they counted. */
export const unblocksCounted = 12;

/** Hours forward for each issue held up. */
const hoursPerIssue = 4;

/** Hours forward (below 0: back) by label; of several the first counts. */
const priorities = [
  { label: 'priority/high', hours: 72 },
  { label: 'priority/medium', hours: 24 },
  { label: 'priority/low', hours: -24 },
];

const hourMs = 3_600_000;

/**
 * Ready issues are handed out by this key, the smallest first: the time an issue became ready, less a
 * bonus. No bonus is unlimited, so every issue comes before all that become ready long enough after it.
 */
export function queueKey(place: Place): number {
  const hours = (priorityOf(place)?.hours ?? 0) + unblocked(place) * hoursPerIssue;
  return place.readyAt - hours * hourMs;
}

/** Why an issue stands where it does, in a sentence that names each part of its key. */
export function explainPlace(place: Place): string {
  const priority = priorityOf(place);
  const count = unblocked(place);
  const parts = [
    ...(priority === undefined ? [] : [`${moved(priority.hours)} for the label ${priority.label}`]),
    ...(count === 0 ? [] : [`${moved(count * hoursPerIssue)} for ${waiting(count)}`]),
  ];
  const bonus = parts.length === 0 ? '' : `, moved ${parts.join(' and ')}`;
  return `Ready since ${new Date(place.readyAt).toISOString()}${bonus}; the longest ready goes first.`;
}

function priorityOf({ labels }: Place) {
  const names = new Set(labels.map((label) => label.toLowerCase()));
  return priorities.find(({ label }) => names.has(label));
}

function unblocked({ unblocks }: Place): number {
  return Math.min(unblocks, unblocksCounted);
}

function moved(hours: number): string {
  return `${Math.abs(hours)} hours ${hours < 0 ? 'back' : 'forward'}`;
}

function waiting(count: number): string {
  if (count === 1) return 'the issue that waits for it';
  return `the ${count}${count === unblocksCounted ? ' or more' : ''} issues that wait for it`;
}
