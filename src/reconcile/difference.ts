import type { IssueSnapshot } from '../issue/event.ts';
import { isAssigned } from '../issue/facts.ts';

/** What is stored of an issue, as far as it is compared with what Gitea lists. */
export interface StoredIssue {
  readonly repositoryId: number;
  readonly number: number;
  /** The present name of its repository. */
  readonly repository: string;
  readonly title: string;
  /** Undefined where no text is kept. */
  readonly body: string | undefined;
  readonly open: boolean;
  readonly deleted: boolean;
  readonly assigned: boolean;
  readonly labels: readonly string[];
  /** `updated_at` of the snapshot that decided. */
  readonly updatedAt: number;
  /** Its plan says that the bot cannot read the repository. */
  readonly unreadable: boolean;
}

export type Difference =
  'unknown' | 'deleted' | 'open' | 'assigned' | 'title' | 'text' | 'labels' | 'name' | 'unreadable';

/**
 * In what the store differs from the issue on Gitea, as far as plans follow from it. Contents are
 * compared, never times: Gitea's clock has whole seconds, and not every change moves `updated_at`.
 */
export function differencesOf(
  held: StoredIssue | undefined,
  issue: IssueSnapshot,
  bot: string | undefined,
): Difference[] {
  const assigned = isAssigned(issue.assignees, bot);
  if (held === undefined) return assigned ? ['unknown'] : [];
  const differs: readonly (readonly [Difference, boolean])[] = [
    ['deleted', held.deleted],
    ['open', held.open !== issue.open],
    ['assigned', held.assigned !== assigned],
    ['title', held.title !== issue.title],
    // Of issues that are somebody else's no text is kept, and no label decides anything.
    ['text', assigned && held.body !== issue.body],
    ['labels', assigned && !sameNames(held.labels, issue.labels ?? [])],
    ['name', held.repository !== issue.repository],
    ['unreadable', held.unreadable],
  ];
  return differs.filter(([, found]) => found).map(([difference]) => difference);
}

/** Gitea sends a webhook for these; for a new name or a restored access it sends none. */
export function hasWebhook(difference: Difference): boolean {
  return !['name', 'unreadable', 'deleted'].includes(difference);
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join('\n') === [...others].sort().join('\n');
}
