import type { Plan, PlanEdge } from '../../issue/plan.ts';
import { typedIn } from '../../issue/proposals.ts';
import { code, isAgentName, issueLink, repositoryOf, shortened } from './markdown.ts';

/** What a comment may use beside the plan. */
export interface CommentSetting {
  readonly giteaUrl: string;
  /** Login of the account that writes the comment. */
  readonly author: string;
  /** Login of the bot that issues are assigned to. */
  readonly bot: string;
  /** Names of the agents that can be chosen. */
  readonly agents: readonly string[];
  /** Names of the labels that hold an issue back. */
  readonly holdLabels: readonly string[];
  /** Lower-case names of the repositories whose issues every reader of this one may see. */
  readonly visibleRepositories: ReadonlySet<string>;
}

/** The first sentence of a comment, and what its reader can do. */
export interface ReasonAdvice {
  readonly reason: string;
  /** Full sentences. */
  readonly change: readonly string[];
}

/** An issue that is planned, as its readers may know it. */
export interface Subject {
  readonly plan: Plan;
  readonly setting: CommentSetting;
  readonly waits: Waits;
}

/**
 * What an issue waits for. Of an issue that not every reader may see, neither the name nor the state is told,
 * not even whether it exists: whoever can write an issue could ask about any other one.
 */
export interface Waits {
  readonly open: readonly PlanEdge[];
  readonly unknown: readonly PlanEdge[];
  /** Pull requests that were closed without a merge. */
  readonly notMerged: readonly PlanEdge[];
  readonly closed: readonly PlanEdge[];
  /** Those that are not named, in whatever state. */
  readonly elsewhere: readonly PlanEdge[];
}

export function createSubject(plan: Plan, setting: CommentSetting): Subject {
  const named = plan.blockedBy.filter(({ ref }) => isVisible(setting, ref));
  const inState = (state: PlanEdge['state']) => named.filter((edge) => edge.state === state);
  const waits = {
    open: inState('open'),
    unknown: inState('unknown'),
    notMerged: inState('not_merged'),
    closed: inState('closed'),
    elsewhere: plan.blockedBy.filter(({ ref }) => !isVisible(setting, ref)),
  };
  return { plan, setting, waits };
}

/**
 * The plan as its readers may know it: that a pull request elsewhere was closed without a merge is told
 * neither by the comment nor by the label.
 */
export function asReadersSee(plan: Plan, visibleRepositories: ReadonlySet<string>): Plan {
  const { reason, blockedBy } = plan;
  if (reason.code !== 'blocker_not_merged') return plan;
  const isTold = blockedBy.some(
    ({ ref, state }) => state === 'not_merged' && isVisible({ visibleRepositories }, ref),
  );
  if (isTold) return plan;
  return {
    ...plan,
    state: 'blocked',
    reason: { code: 'unknown_blockers', params: reason.params },
  };
}

export function isVisible(
  { visibleRepositories }: Pick<CommentSetting, 'visibleRepositories'>,
  ref: string,
): boolean {
  const repository = repositoryOf(ref);
  return repository !== undefined && visibleRepositories.has(repository.toLowerCase());
}

/** How issues that are not named are called. */
export function elsewhere(count: number): string {
  return count === 1 ? 'an issue elsewhere' : `${count} issues elsewhere`;
}

/** Links to the first of these issues that may be named, and how many others there are. */
export function linksTo(
  { setting }: Subject,
  refs: readonly string[],
  limit: { readonly lines: number; readonly characters: number },
): string[] {
  const distinct = [...new Set(refs)];
  const links = distinct.filter((ref) => isVisible(setting, ref)).map(issueLink);
  const others = distinct.length - links.length;
  return [...shortened(links, limit), ...(others > 0 ? [elsewhere(others)] : [])];
}

/** What an author types to name an issue: `#12`, or `acme/lib#3` in another repository. */
export function typedRef({ plan }: Subject, ref: string): string {
  return typedIn(plan.ref, ref);
}

const maxAgents = { lines: 50, characters: 1_500 };

/** The labels that choose an agent. */
export function agentLabels({ agents }: CommentSetting): string[] {
  return shortened(
    agents.filter(isAgentName).map((name) => code(`agent:${name}`)),
    maxAgents,
  );
}
