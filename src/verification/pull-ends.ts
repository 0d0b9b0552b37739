import type { Transaction } from 'kysely';

import { park, recomputeIssues } from '../claims/parking.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { Gitea } from '../gitea/client.ts';
import type { IssueKey } from '../issue/ref.ts';
import { waitingForMergeOf } from '../plans/blockers.ts';
import type { ForgeDeps } from './forge.ts';
import { addressOf } from './pull-request.ts';
import { checkIntervalMs, storePull, type PullToCheck } from './pull-rows.ts';
import { replacedBlock, withBlock } from './pull-text.ts';

export interface PullEndsDeps extends ForgeDeps {
  readonly gitea: Pick<Gitea, 'getPull' | 'closePull' | 'getUser'>;
  /** Has Gitea asked about an issue, in the transaction that says why. */
  readonly refreshIssue: (transaction: Transaction<Schema>, issue: IssueKey) => Promise<void>;
  /** Tells whoever waits that something changed. */
  readonly wake: () => void;
}

/** Pause before Gitea is asked again about what it may not have done yet. */
export const askAgainMs = 60_000;

/** What follows from the end of a pull request, or of its issue. */
export function createPullEnds(deps: PullEndsDeps) {
  const { writes, gitea, now, log } = deps;

  /** Closes the one of another branch that it replaces; what people opened is left to them. */
  async function closeFormer(row: PullToCheck, former: number, signal: AbortSignal): Promise<void> {
    const place = addressOf({ ...keyOf(row), repository: row.repository });
    const address = { ...place, pull: former };
    const reply = await gitea.getPull(address, signal);
    const pull = reply.kind === 'ok' ? reply.value : undefined;
    const isOurs = pull?.author.id === (await gitea.getUser(signal)).id;
    if (isOurs && pull.state === 'open') {
      const body = withBlock(pull.body, replacedBlock(row.pull_number ?? 0));
      const closed = await gitea.closePull(address, body, signal);
      if (closed.kind === 'ok') log.info({ ...aboutOf(row), former }, 'pull request replaced');
      else log.warn({ ...aboutOf(row), former }, 'the pull request before cannot be closed');
    }
    await settle(row, { former_pull: null });
  }

  async function merged(row: PullToCheck): Promise<void> {
    await writes.transaction(async (transaction) => {
      const issue = keyOf(row);
      const check_at = row.open === 1 ? now() + askAgainMs : null;
      await storePull(transaction, issue, { ...endedNow('merged', row), check_at }, row);
      await recomputeIssues(transaction, await waitingForMergeOf(transaction, issue), now());
      // Gitea closes the issue, and says so; this is for a webhook that was lost.
      await deps.refreshIssue(transaction, issue);
    });
    log.info(aboutOf(row), 'pull request merged');
    deps.wake();
  }

  /** A minute after the merge: where Gitea closes no issues, and where people took the words out. */
  async function leftOpen(row: PullToCheck): Promise<void> {
    await writes.transaction(async (transaction) => {
      const issue = keyOf(row);
      await storePull(transaction, issue, { check_at: null }, row);
      if (row.issueState !== 'in_review') return;
      const params = { pull: row.pull_number ?? 0 };
      await park(transaction, issue, { code: 'merged_not_closed', params });
      await recomputeIssues(transaction, [issue], now());
    });
    deps.wake();
  }

  /** The issue is closed, and not by a merge: an open pull request matters to those that wait for its merge. */
  async function ended(row: PullToCheck, isOpen: boolean): Promise<void> {
    await writes.transaction(async (transaction) => {
      const waiting = await waitingForMergeOf(transaction, keyOf(row));
      const isAwaited = isOpen && waiting.length > 0;
      const check_at = isAwaited ? now() + checkIntervalMs : null;
      const state = isOpen ? ({ state: 'open', ended_at: null } as const) : endedNow('closed', row);
      await storePull(transaction, keyOf(row), { ...state, check_at }, row);
      await recomputeIssues(transaction, waiting, now());
    });
    deps.wake();
  }

  async function closed(row: PullToCheck): Promise<void> {
    if (row.state === 'closed') return later(row);
    const pull = row.pull_number ?? 0;
    await writes.transaction(async (transaction) => {
      const issue = keyOf(row);
      const check_at = now() + checkIntervalMs;
      await storePull(transaction, issue, { ...endedNow('closed', row), check_at }, row);
      await forgetCommit(transaction, issue);
      await park(transaction, issue, { code: 'pull_request_closed', params: { pull } });
      await recomputeIssues(transaction, [issue], now());
    });
    log.info(aboutOf(row), 'pull request closed without a merge');
    deps.wake();
  }

  /** Its end, at the time at which it became known. */
  function endedNow<S extends 'merged' | 'closed'>(state: S, { ended_at }: PullToCheck) {
    return { state, ended_at: ended_at ?? now() };
  }

  function later(row: PullToCheck): Promise<void> {
    return settle(row, { check_at: now() + checkIntervalMs });
  }

  async function settle(row: PullToCheck, changes: Parameters<typeof storePull>[2]): Promise<void> {
    await writes.transaction((transaction) => storePull(transaction, keyOf(row), changes, row));
  }

  return { closeFormer, merged, leftOpen, ended, closed, later, settle };
}

/** The commit that passed is not what is wanted; returns the rounds of review so far. */
export async function forgetCommit(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<number> {
  const row = await transaction
    .updateTable('issues')
    .set({ verified_commit: null })
    .where(ofIssue(issue))
    .returning('review_rounds')
    .executeTakeFirst();
  return row?.review_rounds ?? 0;
}

export function keyOf({ repository_id: repositoryId, number }: PullToCheck): IssueKey {
  return { repositoryId, number };
}

export function aboutOf({ repository, number, pull_number: pull }: PullToCheck) {
  return { repository, issue: number, pull };
}
