import type { PlannedWork } from '../planning/plan-work.ts';
import type { KnownCodes } from '../issue/codes.ts';
import type { GiteaDependencies } from '../issue/gitea-dependencies.ts';
import type { IssueFacts } from '../issue/facts.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { RepositoryFacts } from '../issue/repository-facts.ts';
import type { UnknownTarget } from './unknown-targets.ts';

/** The result of handling one issue. */
export interface HandlingResult {
  readonly facts: IssueFacts;
  readonly assigned: boolean;
  /** Undefined unless the issue is the bot's. */
  readonly plan: PlannedWork | undefined;
  /** The issues that its codes named when it was read. */
  readonly codes?: KnownCodes | undefined;
  /** Dependencies set on Gitea, already merged into the plan; undefined: Gitea was not asked. */
  readonly giteaDependencies?: GiteaDependencies | undefined;
  /** The issues it names that Gitea did not show; undefined: Gitea was not asked. */
  readonly unknownTargets?: readonly UnknownTarget[] | undefined;
  /** The label by which a person holds it back. */
  readonly heldBy?: string | undefined;
  /** Of a closed issue: an open pull request that refers to it; undefined: none was found. */
  readonly openPull?: IssueKey | undefined;
  /** True when the facts come from Gitea itself, not from a delivery. */
  readonly confirmed?: boolean;
}

/** One handled issue, to be stored in one transaction. */
export interface IssueUpdate extends HandlingResult {
  /** The repository's name in each snapshot, superseded ones included: texts may use any of them. */
  readonly names: readonly RepositoryName[];
}

export interface RepositoryName {
  readonly repository: string;
  /** `updated_at` of the snapshot, epoch milliseconds. */
  readonly updatedAt: number;
  /** What that snapshot says of the repository. */
  readonly facts?: RepositoryFacts | undefined;
}
