import type { IssueEvent } from '../issue/event.ts';

/** How far Gitea's clock may be ahead of ours before a time counts as one of the future. */
const toleranceMs = 5 * 60_000;
const dayMs = 86_400_000;
/** Times up to here stand for "not set": Gitea sends year 1 and 1970 for an issue that is being created. */
const notSetUntil = 365 * dayMs;

/**
 * The event, a snapshot from the future dated as received now. Otherwise it would win over every later one
 * until its time has come.
 */
export function datedAtMost(event: IssueEvent, now: number): IssueEvent {
  if (event.issue.updatedAt <= now + toleranceMs) return event;
  return { ...event, issue: { ...event.issue, updatedAt: now } };
}

/**
 * True for a snapshot that no honest delivery has: every event renews `updated_at`, and Gitea sends at once or
 * not at all. It was captured, and the row that would show it as a duplicate may be deleted already.
 * A deletion does not renew the time, and it is final whenever it arrives.
 */
export function isOutdated({ kind, issue }: IssueEvent, now: number, maxAgeDays: number): boolean {
  if (kind === 'deleted' || issue.updatedAt <= notSetUntil) return false;
  return now - issue.updatedAt > maxAgeDays * dayMs;
}
