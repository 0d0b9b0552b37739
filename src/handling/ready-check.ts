import type { IssueEvent } from '../issue/event.ts';
import { isAssigned, refreshEvent, type IssueFacts } from '../issue/facts.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { HandlingDeps } from './handle-issue.ts';
import type { FreeingIssues } from './gitea-dependencies.ts';
import type { RepositoryCheck } from './repository-check.ts';
import type { GiteaState } from './gitea-state.ts';

export interface ReadyCheckDeps {
  readonly giteaState: Pick<GiteaState, 'currentFacts' | 'readBlockers'>;
  readonly findFacts: HandlingDeps['findFacts'];
  readonly bot: HandlingDeps['bot'];
  /** Blockers of the issue that are closed as far as the store knows. */
  readonly closedBlockers: (issue: IssueKey) => Promise<readonly IssueKey[]>;
  /** Asks Gitea about the issue's repository; false when nothing may be handed out there. */
  readonly checkRepository: RepositoryCheck['check'];
  /** Blockers of the issue that do not hold it back. */
  readonly freeingIssues: (issue: IssueKey) => Promise<FreeingIssues>;
  /** Puts refreshes into the inbox, due now. */
  readonly refresh: (events: readonly IssueEvent[]) => Promise<void>;
  readonly now: () => number;
}

/** Pause before an issue that was found changed is checked again; its refresh is queued. */
const recheckAfterMs = 5_000;

/**
 * Checks with Gitea, right before an issue is handed out, that it is unchanged since it became ready, that
 * its repository is neither archived nor closed to the bot, that its blockers are still closed, and that its page lists no open one. False: something changed, and its
 * refresh is queued. Throws `TryAgainLater`.
 */
export function createReadyCheck(deps: ReadyCheckDeps) {
  const changed = new Map<string, number>();

  async function isStillReady(issue: IssueKey, signal: AbortSignal): Promise<boolean> {
    const now = deps.now();
    for (const [id, until] of changed)
      // A clock that was set back does not make the pause longer.
      if (until <= now || until > now + recheckAfterMs) changed.delete(id);
    if (changed.has(keyOf(issue))) return false;
    const closed = await closedBlockersOnGitea(issue, signal);
    const isUnchanged = closed !== undefined && (await areStillClosed(issue, closed, signal));
    if (!isUnchanged) changed.set(keyOf(issue), deps.now() + recheckAfterMs);
    return isUnchanged;
  }

  /** The blockers that Gitea lists as closed; undefined: the issue changed, or has an open blocker. */
  async function closedBlockersOnGitea(
    issue: IssueKey,
    signal: AbortSignal,
  ): Promise<readonly IssueKey[] | undefined> {
    const stored = await deps.findFacts(issue);
    if (stored === undefined) return undefined;
    const { facts, confirmed } = await deps.giteaState.currentFacts(stored, signal);
    const bot = await deps.bot();
    const isOpen = await deps.checkRepository(facts, signal);
    if (isOpen && confirmed && sameWork(stored, facts, bot)) {
      const { repositoryId, repository, number } = facts;
      const place = { repositoryId, repository, number };
      const free = await deps.freeingIssues(issue);
      const { blocked, closed } = await deps.giteaState.readBlockers(place, free, signal);
      if (!blocked) return closed;
    }
    await deps.refresh([refreshEvent(stored)]);
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
      const stored = await deps.findFacts(blocker);
      if (stored === undefined) continue;
      const { facts, confirmed } = await deps.giteaState.currentFacts(stored, signal);
      const isUnmerged = facts.merged === false && stored.merged !== false;
      if (!confirmed || facts.deleted || (!facts.open && !isUnmerged)) continue;
      await deps.refresh([refreshEvent(stored)]);
      return false;
    }
    return true;
  }

  return isStillReady;
}

/** Whether what a worker would be given is what the plan was made for; comments change nothing. */
function sameWork(stored: IssueFacts, facts: IssueFacts, bot: string | undefined): boolean {
  return (
    facts.open &&
    !facts.deleted &&
    isAssigned(facts.assignees, bot) &&
    facts.title === stored.title &&
    (facts.body === stored.body || stored.textMissing === true) &&
    [...facts.labels].sort().join('\n') === [...stored.labels].sort().join('\n')
  );
}
