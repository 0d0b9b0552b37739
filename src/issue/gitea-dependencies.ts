import type { IssueKey, IssueRef } from './ref.ts';

/** An issue as Gitea names it in a list of dependencies. */
export type GiteaIssue = IssueKey & IssueRef;

/** Dependencies that are set on an issue's page in Gitea. */
export interface GiteaDependencies {
  readonly blockedBy: readonly GiteaIssue[];
  readonly blocks: readonly GiteaIssue[];
  /** Number of blockers that the bot may not read. */
  readonly hidden: number;
  /** False when there may be more: an unlisted dependency may still exist. */
  readonly complete: boolean;
}
