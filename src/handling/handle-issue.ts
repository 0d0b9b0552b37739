import type { IssueEvent } from '../issue/event.ts';
import { advance, isAssigned, type IssueFacts } from '../issue/facts.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from '../plans/issue-update.ts';
import { handleAssigned } from './assigned.ts';
import { handleClosed } from './closed.ts';
import { handleDeleted } from './deleted.ts';
import type { Handler, HandlerDeps } from './handler.ts';
import { handleUnassigned } from './unassigned.ts';

/**
 * What an issue can have come to. Every kind of event leads here: an event only says that something
 * changed, and what is now decides which handler runs.
 */
type Situation = 'assigned' | 'unassigned' | 'closed' | 'deleted';

const handlers: Record<Situation, Handler> = {
  assigned: handleAssigned,
  unassigned: handleUnassigned,
  closed: handleClosed,
  deleted: handleDeleted,
};

/** What is to be stored, and the issues that are to be looked at because of it. */
export interface Handled {
  readonly update: IssueUpdate;
  readonly refreshes: readonly IssueEvent[];
}

/**
 * Folds the waiting events of one issue into what is known of it, asks Gitea what is true where that is
 * possible, and runs the handler that fits. Throws `TryAgainLater` while Gitea does not answer.
 */
export async function handleIssue(
  issue: IssueKey,
  events: readonly IssueEvent[],
  deps: HandlerDeps,
  signal: AbortSignal,
): Promise<Handled> {
  const known = await deps.findFacts(issue);
  const [first, ...rest] = events;
  if (first === undefined)
    throw new RangeError('an issue is handled because of at least one event');
  const told = rest.reduce(advance, advance(known, first));
  const bot = await deps.bot();
  const names = events.map((event) => ({
    repository: event.issue.repository,
    updatedAt: event.issue.updatedAt,
  }));
  const handle = (facts: IssueFacts) => handlers[situationOf(facts, bot)](facts, deps, signal);
  if (deps.truth === undefined)
    return { update: { ...(await handle(told)), names }, refreshes: [] };
  const current = await deps.truth.currentFacts(told, signal);
  const finding = await handle(current.facts);
  const { finding: checked, refreshes } = current.confirmed
    ? await deps.truth.checkTargets(finding, signal)
    : { finding: await deps.truth.leaveUnchecked(finding), refreshes: [] };
  return { update: { ...checked, names }, refreshes };
}

function situationOf(facts: IssueFacts, bot: string | undefined): Situation {
  if (facts.deleted) return 'deleted';
  if (!isAssigned(facts.assignees, bot)) return 'unassigned';
  return facts.open ? 'assigned' : 'closed';
}
