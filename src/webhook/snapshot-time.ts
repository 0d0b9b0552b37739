import type { IssueEvent } from '../issue/event.ts';
import { datedBy } from '../issue/snapshot-dates.ts';

const dayMs = 86_400_000;
/** Times up to here stand for "not set": Gitea sends year 1 and 1970 for an issue that is being created. */
const notSetUntil = 365 * dayMs;

/** The event, a snapshot from the future marked: it must not win over what comes later until its time has come. */
export function datedAtMost(event: IssueEvent, now: number): IssueEvent {
  const updatedAt = datedBy(now, event.issue.updatedAt);
  return updatedAt === event.issue.updatedAt
    ? event
    : { ...event, issue: { ...event.issue, updatedAt } };
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
