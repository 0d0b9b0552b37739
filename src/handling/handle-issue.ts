import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import type { KnownCodes } from '../issue/codes.ts';
import { advance, isAssigned, type IssueFacts } from '../issue/facts.ts';
import type { IssueDifficulty } from '../issue/difficulty.ts';
import type { Reading } from '../issue/reading.ts';
import { holdingLabel } from '../issue/hold-labels.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { difficultyThatCounts, planWork } from '../planning/plan-work.ts';
import type { HandlingResult, IssueUpdate } from '../plans/issue-update.ts';
import type { CodedText } from '../reading/known-issues.ts';
import type { GiteaState } from './gitea-state.ts';

/** The functions that handling an issue needs from the store, Gitea and the reader. */
export interface HandlingDeps {
  readonly findFacts: (issue: IssueKey) => Promise<IssueFacts | undefined>;
  /** Without it a code that stands alone names nothing. */
  readonly findCodes?: (issue: IssueFacts) => Promise<KnownCodes | undefined>;
  /** Tokens that finished issues like this one took; without it none are known. */
  readonly findHistory?: (
    issue: IssueKey,
    difficulty: IssueDifficulty,
  ) => Promise<readonly number[]>;
  readonly read: (issue: CodedText, signal: AbortSignal) => Promise<Reading>;
  readonly agents: readonly AgentProfile[];
  /** Whether an open issue of the bot waits for this one. */
  readonly isWaitedFor?: (issue: IssueKey) => Promise<boolean>;
  /** Names of the labels by which people hold an issue back. */
  readonly holdLabels?: readonly string[];
  /** Login of the bot; undefined: any assignee counts. Throws while it cannot be found out. */
  readonly bot: () => Promise<string | undefined>;
  /** Reads the present state from Gitea; undefined: the newest delivery counts. */
  readonly giteaState: GiteaState | undefined;
}

/** One issue to store, and the refreshes of other issues that follow from it. */
export interface HandledIssue {
  readonly update: IssueUpdate;
  readonly refreshes: readonly IssueEvent[];
}

/**
 * Folds the waiting events of one issue into its stored facts, asks Gitea for the present state where that
 * is possible, and runs the handler of its situation. Throws `TryAgainLater` while Gitea does not answer.
 */
export async function handleIssue(
  issue: IssueKey,
  events: readonly IssueEvent[],
  deps: HandlingDeps,
  signal: AbortSignal,
): Promise<HandledIssue> {
  const stored = await deps.findFacts(issue);
  const [first, ...rest] = events;
  if (first === undefined)
    throw new RangeError('an issue is handled because of at least one event');
  const reported = rest.reduce(advance, advance(stored, first));
  const bot = await deps.bot();
  const names = events.map(({ issue: { repository, updatedAt, repositoryFacts } }) => ({
    ...{ repository, updatedAt, facts: repositoryFacts },
  }));
  const handle = (facts: IssueFacts) => situations[situationOf(facts, bot)](facts, deps, signal);
  const { giteaState } = deps;
  if (giteaState === undefined)
    return { update: { ...(await handle(reported)), names }, refreshes: [] };
  const { facts, confirmed } = await giteaState.currentFacts(reported, signal);
  const result = await handle(facts);
  if (!confirmed)
    return { update: { ...(await giteaState.planFromStore(result)), names }, refreshes: [] };
  const checked = await giteaState.checkDependencies(result, signal);
  const [pull] = await openPullsOf(facts, deps, signal);
  // Stored, a pull request is watched until it is closed as well.
  const refreshes = pull === undefined ? [] : [{ kind: 'refreshed' as const, issue: pull }];
  return {
    update: { ...checked.result, names, openPull: pull },
    refreshes: [...checked.refreshes, ...refreshes],
  };
}

/** Of an issue that was closed while others wait for it: the open pull requests that refer to it. */
async function openPullsOf(
  facts: IssueFacts,
  { giteaState, isWaitedFor }: HandlingDeps,
  signal: AbortSignal,
): Promise<readonly IssueSnapshot[]> {
  if (facts.open || facts.deleted || facts.merged !== undefined) return [];
  if (giteaState === undefined || (await isWaitedFor?.(facts)) !== true) return [];
  const { repositoryId, repository, number } = facts;
  return giteaState.openPulls({ repositoryId, repository, number }, signal);
}

type Handler = (
  facts: IssueFacts,
  deps: HandlingDeps,
  signal: AbortSignal,
) => HandlingResult | Promise<HandlingResult>;

/**
 * The four situations of an issue. Every kind of event leads here: an event only says that something
 * changed, and the present facts choose the situation. Each handler returns what to store, and twice gives
 * the same; the effects (claims withdrawn, states recomputed, comment and label) follow in `commitUpdate`.
 */
const situations = {
  /** The bot's and open. */
  assigned: readAndPlan,
  /** Done. Read like an open issue, so that it ends the same whether it was read before or not. */
  closed: readAndPlan,
  /** Not the bot's: stored for its open or closed state, which matters to the issues that wait for it. */
  unassigned: (facts) => ({ facts, assigned: false, plan: undefined }),
  /** Gone from Gitea: only that fact is kept, so that a late event cannot revive the issue. */
  deleted: (facts) => ({
    facts: { ...facts, title: '', body: '', assignees: [], labels: [] },
    assigned: false,
    plan: undefined,
  }),
} satisfies Record<string, Handler>;

function situationOf(facts: IssueFacts, bot: string | undefined): keyof typeof situations {
  if (facts.deleted) return 'deleted';
  if (!isAssigned(facts.assignees, bot)) return 'unassigned';
  return facts.open ? 'assigned' : 'closed';
}

/** Reads the text, sizes the work and chooses its agent. */
async function readAndPlan(
  facts: IssueFacts,
  deps: HandlingDeps,
  signal: AbortSignal,
): Promise<HandlingResult> {
  const codes = await deps.findCodes?.(facts);
  const reading = await deps.read({ ...facts, known: codes }, signal);
  const { labels } = facts;
  const difficulty = difficultyThatCounts(reading, labels).value;
  const history = (await deps.findHistory?.(facts, difficulty)) ?? [];
  const plan = planWork({ reading, profiles: deps.agents, labels, history });
  const heldBy = holdingLabel(labels, deps.holdLabels ?? []);
  return { facts, assigned: true, plan, codes, heldBy };
}
