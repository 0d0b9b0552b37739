import type { IssueEvent } from '../issue/event.ts';
import { isAssigned, refreshEvent, type IssueFacts } from '../issue/facts.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { HandlerDeps } from './handler.ts';
import type { Truth } from './gitea-state.ts';

export interface ReadyCheckDeps {
  readonly truth: Pick<Truth, 'currentFacts' | 'readBlockers'>;
  readonly findFacts: HandlerDeps['findFacts'];
  readonly bot: HandlerDeps['bot'];
  /** What the issue waited for, and is closed as far as is known. */
  readonly closedBlockers: (issue: IssueKey) => Promise<readonly IssueKey[]>;
  /** Has issues looked at again. */
  readonly look: (events: readonly IssueEvent[]) => Promise<void>;
  readonly now: () => number;
}

/** An issue that has moved is not asked about again for so long: its look is on the way. */
const lookMs = 5_000;

/**
 * Asks Gitea, right before an issue is handed out, whether it is still as it was when it became ready, what
 * it waited for still closed, and no blocker set on its page. False: something has moved, and is looked at.
 * Throws `TryAgainLater`.
 */
export function createReadyCheck(deps: ReadyCheckDeps) {
  const moved = new Map<string, number>();

  async function isStillReady(issue: IssueKey, signal: AbortSignal): Promise<boolean> {
    for (const [id, until] of moved) if (until <= deps.now()) moved.delete(id);
    if (moved.has(keyOf(issue))) return false;
    const closed = await standsAsTold(issue, signal);
    const stands = closed !== undefined && (await areStillClosed(issue, closed, signal));
    if (!stands) moved.set(keyOf(issue), deps.now() + lookMs);
    return stands;
  }

  /** The blockers of which Gitea says, while it is asked, that they are closed; undefined: it has moved. */
  async function standsAsTold(
    issue: IssueKey,
    signal: AbortSignal,
  ): Promise<readonly IssueKey[] | undefined> {
    const told = await deps.findFacts(issue);
    if (told === undefined) return undefined;
    const { facts, confirmed } = await deps.truth.currentFacts(told, signal);
    const bot = await deps.bot();
    if (!confirmed) return [];
    if (sameWork(told, facts, bot)) {
      const { repositoryId, repository, number } = facts;
      const place = { repositoryId, repository, number };
      const { blocked, closed } = await deps.truth.readBlockers(place, signal);
      if (!blocked) return closed;
    }
    await deps.look([refreshEvent(told)]);
    return undefined;
  }

  async function areStillClosed(
    issue: IssueKey,
    closed: readonly IssueKey[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const asked = new Set(closed.map(keyOf));
    for (const blocker of await deps.closedBlockers(issue)) {
      if (asked.has(keyOf(blocker))) continue;
      const told = await deps.findFacts(blocker);
      if (told === undefined) continue;
      const { facts, confirmed } = await deps.truth.currentFacts(told, signal);
      if (!confirmed || facts.deleted || !facts.open) continue;
      await deps.look([refreshEvent(told)]);
      return false;
    }
    return true;
  }

  return isStillReady;
}

/** Whether what a worker would be given is what the plan was made for; comments change nothing. */
function sameWork(told: IssueFacts, facts: IssueFacts, bot: string | undefined): boolean {
  return (
    facts.open &&
    !facts.deleted &&
    isAssigned(facts.assignees, bot) &&
    facts.title === told.title &&
    (facts.body === told.body || told.textMissing === true) &&
    [...facts.labels].sort().join('\n') === [...told.labels].sort().join('\n')
  );
}
