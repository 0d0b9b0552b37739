import type { Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import { withdrawClaim } from '../claims/claim-rows.ts';
import type { Schema } from '../db/schema.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { DeliveryGroup } from '../inbox/queue.ts';
import type { IssueEvent } from '../issue/event.ts';
import { refreshEvent } from '../issue/facts.ts';
import type { Reading } from '../issue/reading.ts';
import { keyOf } from '../issue/ref.ts';
import { mayPass } from '../issue/unreadable.ts';
import { storeCodes } from '../plans/codes.ts';
import { findDisagreeing } from '../plans/gitea-edges.ts';
import { storeIssue } from '../plans/issue-rows.ts';
import type { IssueUpdate } from '../plans/issue-update.ts';
import { recomputeStates } from '../plans/recompute-states.ts';
import { requestVerification, forgetDeletedComment } from '../publish/rows.ts';
import type { HandledIssue } from './handle-issue.ts';
import { settleRepository } from './repository-check.ts';
import { refreshIssues } from './refresh-issues.ts';

interface CommitDeps {
  readonly inbox: Inbox;
  readonly now: () => number;
  /** Until when Claude is not asked, epoch milliseconds; undefined while it answers. */
  readonly claudePausedUntil: () => number | undefined;
  readonly wakeLongPolls: () => void;
  readonly wakePublisher: () => void;
}

interface ReadIssue extends HandledIssue {
  readonly group: DeliveryGroup;
  /** Whether Claude came back from an outage while this issue was read. */
  readonly claudeReturned: boolean;
}

/** After these events somebody may have changed our comment or label on Gitea. */
const mayTouchOurs: readonly IssueEvent['kind'][] = ['labelled', 'commented', 'refreshed'];

/**
 * The one transaction after an issue was read: it stores what was found, recomputes the states that this
 * touches, and plans what follows. The consumer marks the deliveries as done in the same transaction, so a
 * crash repeats all of it or nothing. Returns what to log.
 */
export async function commitUpdate(
  transaction: Transaction<Schema>,
  { update, refreshes, group, claudeReturned }: ReadIssue,
  { inbox, now, claudePausedUntil, wakeLongPolls, wakePublisher }: CommitDeps,
) {
  // 1. Store the issue, and recompute every state that this can change.
  const namedByCode = await storeCodes(transaction, update);
  const outcome = await storeUpdate(transaction, update, now());
  // The text of an assigned issue is stored with it.
  const keepAt = update.assigned ? undefined : update.facts.updatedAt;
  await inbox.dropTexts(transaction, group.issue, keepAt);
  if (outcome.recomputed > 0) afterCommit(transaction, wakeLongPolls);

  // 2. Have the comment and the label on Gitea verified, where somebody may have changed them.
  if (group.events.some(({ kind }) => mayTouchOurs.includes(kind)))
    await requestVerification(transaction, [group.issue]);
  afterCommit(transaction, wakePublisher);

  // 3. Refresh the issues that read differently now, and those that Gitea has in another state.
  const disagreeing = await findDisagreeing(transaction, update);
  await refreshIssues(transaction, inbox, [...namedByCode, ...disagreeing]);
  await inbox.addRefreshes(transaction, refreshes);

  // 4. Plan to read it again when Claude did not answer, or the text was not read for a reason that may pass;
  // at once if Claude came back meanwhile.
  const { facts, plan } = update;
  if (facts.open && plan !== undefined && canReadBetter(plan.reading))
    await inbox.scheduleRefresh(transaction, refreshEvent(facts), group);
  const pausedUntil = claudePausedUntil();
  if (pausedUntil !== undefined) await inbox.bringRefreshForward(transaction, pausedUntil);
  else if (claudeReturned) await inbox.makeRefreshesDue(transaction);
  return outcome;
}

function canReadBetter({ outcome, unreadable }: Reading): boolean {
  return outcome === 'fallback' || (unreadable !== null && mayPass(unreadable));
}

/**
 * Stores what was found about one issue and recomputes every state that it touches: this issue, those that
 * wait for it, the members of cycles that it opened or closed, and the queue order of its blockers. Nothing
 * new recomputes nothing; twice changes nothing.
 */
export async function storeUpdate(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<{ state: string; reason: string; recomputed: number }> {
  const stored = await storeIssue(transaction, update, now);
  const { touched, newlyAssigned, repositoryChanged } = stored;
  if (repositoryChanged) await settleRepository(transaction, update.facts.repositoryId, now);
  if (newlyAssigned) await forgetDeletedComment(transaction, update.facts);
  await withdrawClaim(transaction, update, now);
  const { count: recomputed, decided } = await recomputeStates(transaction, touched, now);
  if (update.facts.deleted) return { state: 'gone', reason: 'deleted', recomputed };
  const own = decided.get(keyOf(update.facts));
  const after = own && { state: own.state, reason: own.reason_code };
  return { ...(after ?? stored.stateBefore ?? { state: '', reason: '' }), recomputed };
}
