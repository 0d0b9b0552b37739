import type { IssueKey, IssueRef } from './ref.ts';

/** An issue as Gitea names it in a list of dependencies. */
export type GiteaIssue = IssueKey & IssueRef;

/** What is set as dependencies of an issue on Gitea's own page. */
export interface GiteaDependencies {
  readonly blockedBy: readonly GiteaIssue[];
  readonly blocks: readonly GiteaIssue[];
  /** Blockers that the bot may not read. */
  readonly hidden: number;
  /** False when there may be more: what is not listed need not be gone. */
  readonly complete: boolean;
}
