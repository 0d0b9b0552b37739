import type { PlannedWork } from '../planning/plan-work.ts';
import type { KnownCodes } from '../issue/codes.ts';
import type { GiteaDependencies } from '../issue/gitea-dependencies.ts';
import type { IssueFacts } from '../issue/facts.ts';

/** What a handler found out about one issue. */
export interface HandlingResult {
  readonly facts: IssueFacts;
  readonly assigned: boolean;
  /** Only while the issue is the bot's. */
  readonly plan: PlannedWork | undefined;
  /** What its codes were known to name when it was read. */
  readonly codes?: KnownCodes | undefined;
  /** What is set on Gitea as its dependencies, already part of the plan's; undefined: not asked for. */
  readonly giteaDependencies?: GiteaDependencies | undefined;
  /** True when Gitea itself was just asked: its word needs no comparing with what was told before. */
  readonly confirmed?: boolean;
}

/** All that one round of events says about an issue, to be stored in one transaction. */
export interface IssueUpdate extends HandlingResult {
  /** The repository's name in each snapshot, the superseded ones too: texts may use any of them. */
  readonly names: readonly RepositoryName[];
}

export interface RepositoryName {
  readonly repository: string;
  /** `updated_at` of the snapshot, epoch milliseconds. */
  readonly updatedAt: number;
}
