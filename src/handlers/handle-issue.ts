import type { IssueEvent } from '../issue/event.ts';
import { advance, isAssigned, type IssueFacts } from '../issue/facts.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from '../issue/update.ts';
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

/** Folds the waiting events of one issue into what is known of it, and runs the handler that fits. */
export async function handleIssue(
  issue: IssueKey,
  events: readonly IssueEvent[],
  deps: HandlerDeps,
  signal: AbortSignal,
): Promise<IssueUpdate> {
  const known = await deps.findFacts(issue);
  const [first, ...rest] = events;
  if (first === undefined)
    throw new RangeError('an issue is handled because of at least one event');
  const facts = rest.reduce(advance, advance(known, first));
  const finding = await handlers[situationOf(facts, deps.bot)](facts, deps, signal);
  const names = events.map((event) => ({
    repository: event.issue.repository,
    updatedAt: event.issue.updatedAt,
  }));
  return { ...finding, names };
}

function situationOf(facts: IssueFacts, bot: string | undefined): Situation {
  if (facts.deleted) return 'deleted';
  if (!isAssigned(facts.assignees, bot)) return 'unassigned';
  return facts.open ? 'assigned' : 'closed';
}
