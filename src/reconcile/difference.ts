import type { IssueSnapshot } from '../issue/event.ts';
import { isAssigned } from '../issue/facts.ts';
import type { IssueKey } from '../issue/ref.ts';

/** The stored fields of an issue that are compared with Gitea's listing. */
export interface StoredIssue extends IssueKey {
  /** Present name of its repository. */
  readonly repository: string;
  readonly title: string;
  /** Undefined where no text is stored. */
  readonly body: string | undefined;
  readonly open: boolean;
  /** Of a pull request: whether it was merged. */
  readonly merged?: boolean | undefined;
  readonly deleted: boolean;
  readonly assigned: boolean;
  readonly labels: readonly string[];
  /** `updated_at` of the stored snapshot. */
  readonly updatedAt: number;
  /** Its plan says that the bot cannot read the repository. */
  readonly unreadable: boolean;
}

export type Difference =
  | 'unknown'
  | 'deleted'
  | 'open'
  | 'merged'
  | 'assigned'
  | 'title'
  | 'text'
  | 'labels'
  | 'name'
  | 'unreadable';

/**
 * Differences between the store and the issue on Gitea, in fields that plans depend on. Compares contents,
 * never times: Gitea's clock has whole seconds, and not every change moves `updated_at`.
 */
export function differencesOf(
  stored: StoredIssue | undefined,
  issue: IssueSnapshot,
  bot: string | undefined,
): Difference[] {
  const assigned = isAssigned(issue.assignees, bot);
  if (stored === undefined) return assigned ? ['unknown'] : [];
  const differs: readonly (readonly [Difference, boolean])[] = [
    ['deleted', stored.deleted],
    ['open', stored.open !== issue.open],
    ['merged', stored.merged !== issue.merged],
    ['assigned', stored.assigned !== assigned],
    ['title', stored.title !== issue.title],
    // Of somebody else's issue, no text is stored and labels do not matter.
    ['text', assigned && stored.body !== issue.body],
    ['labels', assigned && !sameNames(stored.labels, issue.labels ?? [])],
    ['name', stored.repository !== issue.repository],
    ['unreadable', stored.unreadable],
  ];
  return differs.filter(([, found]) => found).map(([difference]) => difference);
}

/** Whether Gitea sends a webhook for such a change; it sends none for a new name or restored access. */
export function hasWebhook(difference: Difference): boolean {
  return !['name', 'unreadable', 'deleted', 'merged'].includes(difference);
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join('\n') === [...others].sort().join('\n');
}
