import type { IssueEvent, IssueSnapshot } from './event.ts';
import { isNewer } from './snapshot-dates.ts';

/** The facts about one issue that all deliveries so far have reported. */
export interface IssueFacts extends Readonly<Omit<IssueSnapshot, 'labels'>> {
  /** True when the text of this snapshot was not stored: `body` is empty then. */
  readonly textMissing?: boolean;
  readonly deleted: boolean;
  readonly labels: readonly string[];
  /** `updated_at` of the snapshot that decided, epoch milliseconds. */
  readonly updatedAt: number;
  /** `updated_at` of the snapshot the labels come from; older than `updatedAt` when later ones were wrong. */
  readonly labelsUpdatedAt: number;
}

/**
 * Folds one event into the facts. The newest snapshot decides whatever the order of arrival, while clocks agree;
 * equal times apply in order of arrival, since Gitea's clock has whole seconds. Labels keep a time of
 * their own because some deliveries are wrong about them. Deletion is final: numbers are not reused.
 */
export function advance(facts: IssueFacts | undefined, event: IssueEvent): IssueFacts {
  const { labels, ...issue } = event.issue;
  const deleted = facts?.deleted === true || event.kind === 'deleted';
  const labelFacts =
    labels !== null && (facts === undefined || isNewer(issue.updatedAt, facts.labelsUpdatedAt))
      ? { labels, labelsUpdatedAt: issue.updatedAt }
      : { labels: facts?.labels ?? [], labelsUpdatedAt: facts?.labelsUpdatedAt ?? neverReported };
  const newest = facts === undefined || supersedes(event, facts) ? issue : facts;
  return { ...newest, deleted, ...labelFacts };
}

function supersedes({ kind, issue }: IssueEvent, facts: IssueFacts): boolean {
  if (issue.updatedAt !== facts.updatedAt) return isNewer(issue.updatedAt, facts.updatedAt);
  // A refresh of an issue whose text is missing was made without the text.
  return facts.textMissing !== true || kind !== 'refreshed' || issue.body !== '';
}

/** An event that has the issue read again: it reports nothing new. */
export function refreshEvent(facts: IssueFacts): IssueEvent {
  return { kind: 'refreshed', issue: { ...facts, labels: null, repositoryFacts: undefined } };
}

/** Older than every time on the wire, year 1 included. */
const neverReported = -8_640_000_000_000_000;

/** True while the newest report about labels is one that cannot be trusted. */
export function labelsUncertain(facts: IssueFacts): boolean {
  return facts.labelsUpdatedAt !== facts.updatedAt;
}

/**
 * True when the issue is the bot's to plan. Without a configured bot any assignee counts. Logins compare
 * without regard to case, as Gitea does.
 */
export function isAssigned(assignees: readonly string[], bot: string | undefined): boolean {
  if (bot === undefined) return assignees.length > 0;
  return assignees.some((login) => login.toLowerCase() === bot.toLowerCase());
}
