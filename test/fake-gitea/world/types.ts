export const giteaBot = 'coordinator-bot';

export type Permission = 'none' | 'read' | 'write' | 'admin';

/** An issue as Gitea stores it. A field that is absent is as in the recorded answer. */
export interface GiteaIssue {
  readonly title?: string;
  readonly body?: string;
  readonly open?: boolean;
  readonly assignees?: readonly string[];
  /** Names of labels, which the repository gets when it has none of that name, or ids. */
  readonly labels?: readonly (string | number)[];
  /** ISO 8601. */
  readonly updatedAt?: string;
  readonly isPull?: boolean;
  /** Of a pull request; by default it was merged if it is closed. */
  readonly merged?: boolean;
}

export interface GiteaLabel {
  readonly id: number;
  readonly name: string;
  readonly exclusive: boolean;
  readonly color: string;
  readonly description: string;
}

export interface GiteaCommit {
  readonly parents?: readonly string[];
  /** Paths that it changes. */
  readonly files?: readonly string[];
}

export interface GiteaStatus {
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
}

export interface GiteaRepository {
  name: string;
  /** From the bot; everybody else administers every repository. */
  hidden?: boolean;
  hasIssues?: boolean;
  dependenciesOff?: boolean;
  archived?: boolean;
  private?: boolean;
  /** Permission of the bot; write by default. */
  bot?: Permission;
  /** People without write access, for the list of those who may be assigned. */
  strangers?: readonly string[];
  labels?: GiteaLabel[];
  /** Of its default branch, `main`: the newest commit. Without one the repository is empty. */
  head?: string;
  /** Path of the bare repository that git fetches from; without one there is nothing to fetch. */
  bare?: string;
  /** The newest commit of every other branch, by its name. */
  branches?: Map<string, string>;
  /** All commits that are there, by their hash. */
  commits?: Map<string, GiteaCommit>;
  /** Statuses of a commit by its hash, the oldest first. */
  statuses?: Map<string, GiteaStatus[]>;
  /** Rules of branches. */
  rules?: GiteaRule[];
  /** Pull requests by their number; each is an issue, too. */
  pulls?: Map<number, GiteaPull>;
  readonly issues: Map<number, GiteaIssue>;
}

export interface GiteaRule {
  readonly rule_name: string;
  readonly enable_push: boolean;
  readonly enable_status_check: boolean;
  readonly status_check_contexts: readonly string[];
}

export interface GiteaPull {
  readonly author: string;
  /** Branches of the repository; `commit` is the head's newest one. */
  readonly head: string;
  readonly base: string;
  commit: string;
  /** Whether Gitea says that it can be merged. */
  mergeable: boolean;
  readonly reviews: GiteaReview[];
}

export interface GiteaReview {
  readonly id: number;
  readonly author: string;
  readonly state: 'APPROVED' | 'REQUEST_CHANGES' | 'COMMENT';
  readonly body: string;
  readonly updatedAt: string;
  readonly comments: readonly {
    readonly path: string;
    readonly line: number;
    readonly body: string;
  }[];
}

/** An issue by the id of its repository and its number. */
export interface IssuePlace {
  readonly repositoryId: number;
  readonly number: number;
}

export interface GiteaComment extends IssuePlace {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Refused as Gitea would; routes turn it into an answer. */
export class GiteaRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function isSame(a: IssuePlace, b: IssuePlace): boolean {
  return a.repositoryId === b.repositoryId && a.number === b.number;
}

/** Logins and names of repositories are compared without regard to case. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
