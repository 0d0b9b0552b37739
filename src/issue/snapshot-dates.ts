/**
 * The dates of snapshots. Gitea's `updated_at` has whole seconds, by Gitea's clock. In a date that is stored the
 * milliseconds say what our clock thought of it: 0, nothing; up to 300, by so many seconds it was ahead of us;
 * 600, it was so far ahead that the snapshot is dated as received. One less stands for a refresh of such a
 * snapshot, which `withoutText` dates a millisecond earlier.
 */
const secondMs = 1_000;
/** How far Gitea's clock may be ahead of ours before its time is replaced by ours. */
const toleranceMs = 5 * 60_000;
/** Leads up to here are left as they are: clocks that agree differ by as much. */
const unmarkedMs = 2 * secondMs;
const receivedMark = 600;

/** A time of Gitea's in whole seconds: what is finer would be taken for a mark of ours. */
export function wholeSeconds(time: number): number {
  return Math.floor(time / secondMs) * secondMs;
}

/** The date of a snapshot that came at `now`, marked when it is of the future. Dates of ours stay as they are. */
export function datedBy(now: number, updatedAt: number): number {
  if (updatedAt > now + toleranceMs) return wholeSeconds(now) + receivedMark;
  if (updatedAt <= now + unmarkedMs || updatedAt % secondMs !== 0) return updatedAt;
  return updatedAt + Math.floor((updatedAt - now) / secondMs);
}

/**
 * True when a snapshot that arrived later replaces a stored one. The newer date decides, unless Gitea's clock
 * was set between the two: then the order of arrival does, but for a snapshot that was captured long before.
 */
export function isNewer(date: number, stored: number): boolean {
  const clockWasSet = Math.abs(leadOf(date) - leadOf(stored)) >= unmarkedMs / secondMs;
  return date >= (clockWasSet ? stored - 2 * toleranceMs : stored);
}

/** The seconds by which a snapshot was ahead when it came. */
function leadOf(date: number): number {
  const mark = date % secondMs;
  return mark >= 0 && mark <= receivedMark ? mark : 0;
}

/** The bounds of `datedBy`, for stored dates after the clock was put back to `now`. */
export function dateBounds(now: number) {
  return {
    unmarked: now + unmarkedMs,
    believed: now + toleranceMs,
    received: wholeSeconds(now) + receivedMark,
  };
}
