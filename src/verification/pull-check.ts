import type { Transaction } from 'kysely';

import { keepHandoff } from '../claims/claim-rows.ts';
import type { CheckCommit } from '../claims/commit-check.ts';
import type { RequestVerification } from '../claims/verified-completion.ts';
import { park, recomputeIssues } from '../claims/parking.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import { LeadLost } from '../errors.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaPull } from '../gitea/pull-schemas.ts';
import type { IssueKey } from '../issue/ref.ts';
import { feedbackHandoff, type Feedback } from './feedback.ts';
import { retryAt, type PassResult } from './forge.ts';
import { addressOf } from './pull-request.ts';
import { checkIntervalMs, pullsToCheck, storePull, type PullToCheck } from './pull-rows.ts';
import {
  createPullEnds,
  aboutOf,
  askAgainMs,
  forgetCommit,
  keyOf,
  type PullEndsDeps,
} from './pull-ends.ts';
import { findNewRemarks, findRedChecks, type NewRemarks, type ReviewsGitea } from './reviews.ts';
import { hasVerdictStatus, wantPendingVerdict } from './statuses.ts';

export interface PullCheckDeps extends PullEndsDeps {
  readonly gitea: ReviewsGitea & PullEndsDeps['gitea'];
  readonly checkCommit: CheckCommit;
  readonly requestVerification: RequestVerification;
}

/** Pull requests of one pass. */
const maxPulls = 10;
/** Reviews with changes, red checks and conflicts, after which a person has to look. */
const maxRounds = 3;
/** Gitea computes late whether a pull request can be merged: it is asked twice. */
const unmergeableTwice = 2;

/** Parked so, an issue goes on when somebody pushes what passes. */
const redParkings: readonly string[] = ['gates_failed', 'verification_error'];

/** Who asks for the verification of what somebody pushed. */
const asker = 'coordinator';

/**
 * Asks Gitea about our pull requests and does what follows: a merge ends the issue, a close without one is for a
 * person, what was pushed is verified, and reviewers who ask for changes, or red checks, send the issue back to its
 * agent.
 */
export function createPullChecks(deps: PullCheckDeps) {
  const { db, writes, gitea, now, log } = deps;
  const { closeFormer, merged, leftOpen, ended, closed, later, settle } = createPullEnds(deps);

  /** Throws `TryAgainLater`. */
  async function pass(signal: AbortSignal): Promise<PassResult> {
    const pulls = await pullsToCheck(db, { now: now(), limit: maxPulls });
    for (const row of pulls) {
      if (signal.aborted) return { more: false };
      await checkOrPostpone(row, signal);
    }
    return { more: pulls.length === maxPulls };
  }

  async function checkOrPostpone(row: PullToCheck, signal: AbortSignal): Promise<void> {
    try {
      await check(row, signal);
    } catch (error) {
      if (signal.aborted || error instanceof LeadLost) return;
      await settle(row, { check_at: retryAt(now(), 1, error) });
      throw error;
    }
  }

  async function check(row: PullToCheck, signal: AbortSignal): Promise<void> {
    const number = row.pull_number ?? 0;
    const isOurs = row.assigned === 1 || row.open === 0;
    if (!isOurs || row.deleted === 1) return settle(row, { check_at: null });
    if (row.former_pull !== null) await closeFormer(row, row.former_pull, signal);
    if (row.state === 'merged') return leftOpen(row);
    const address = { ...addressOf({ ...keyOf(row), repository: row.repository }), pull: number };
    const reply = await gitea.getPull(address, signal);
    const pull = reply.kind === 'ok' ? reply.value : undefined;
    if (pull?.merged === true) return merged(row);
    if (row.open === 0) return ended(row, pull?.state === 'open');
    // An agent works on it: only the end of the issue matters now.
    if (row.issueState === 'in_progress') return settle(row, { check_at: null });
    if (pull?.state !== 'open') return closed(row);
    if (row.state === 'closed') return reopened(row, pull, signal);
    const isRed = redParkings.includes(row.parked_code ?? '');
    if (row.verified_commit === null && !isRed) return settle(row, { check_at: null });
    if (pull.head.commit !== row.verified_commit) return pushed(row, pull, signal);
    if (row.parked_code !== null) return later(row);
    return review(row, { pull, address }, signal);
  }

  /** Whoever closed it changed their mind: its head is verified, and then it waits for review again. */
  async function reopened(row: PullToCheck, pull: GiteaPull, signal: AbortSignal): Promise<void> {
    await settle(row, { state: 'open', ended_at: null });
    await verifyHead(row, pull, signal);
  }

  async function pushed(row: PullToCheck, pull: GiteaPull, signal: AbortSignal): Promise<void> {
    const known = await db
      .selectFrom('verifications')
      .select('id')
      .where(ofIssue(keyOf(row)))
      .where('commit_id', '=', pull.head.commit)
      .limit(1)
      .executeTakeFirst();
    // Verified already, or about to be.
    if (known !== undefined) return later(row);
    await verifyHead(row, pull, signal);
  }

  async function verifyHead(
    row: PullToCheck,
    { head: { commit: head, branch } }: GiteaPull,
    signal: AbortSignal,
  ): Promise<void> {
    const checked = await deps.checkCommit(row.repository_id, head, signal);
    await writes.transaction(async (transaction) => {
      const issue = keyOf(row);
      await storePull(transaction, issue, { check_at: now() + checkIntervalMs }, row);
      if (checked.kind === 'change') {
        const { commit, base } = checked;
        await deps.requestVerification(transaction, {
          ...{ issue, askedBy: asker, commit, branch, base },
        });
        return;
      }
      // It is no change any more: said once, since the next question gets the same answer.
      if (await hasVerdictStatus(transaction, issue, head)) return;
      const of = { issue, commit: head, verificationId: null };
      await wantPendingVerdict(transaction, of, 'Pushed after the verdict: not verified.');
    });
    log.info({ ...aboutOf(row), commit: head }, 'something was pushed to a pull request');
    deps.wake();
  }

  async function review(
    row: PullToCheck,
    { pull, address }: { readonly pull: GiteaPull; readonly address: PullAddress },
    signal: AbortSignal,
  ): Promise<void> {
    const news = await findNewRemarks(gitea, { address, seenAt: row.seen_at }, signal);
    const commit = pull.head.commit;
    // Said once of a commit: the agent may find that nothing of it is to be changed.
    const isTold = row.red_commit === commit;
    const about = { repository: addressOf(address), commit };
    const checks = isTold ? [] : await findRedChecks(gitea, about, signal);
    if (news.asksForChanges)
      return sendBack(row, { ...news, checks, commit, why: 'changes_requested' });
    const nothingSaid = { remarks: [], seenAt: row.seen_at, checks, commit };
    if (checks.length > 0) return sendBack(row, { ...nothingSaid, why: 'checks_failed' });
    if (pull.mergeable || pull.draft) {
      const seen_at = Math.max(row.seen_at, news.seenAt);
      return settle(row, { unmergeable: 0, seen_at, check_at: now() + checkIntervalMs });
    }
    const unmergeable = row.unmergeable + 1;
    if (unmergeable >= unmergeableTwice) return sendBack(row, { ...nothingSaid, why: 'conflict' });
    return settle(row, { unmergeable, check_at: now() + askAgainMs });
  }

  /** The issue is ready again, with what was said as the handoff; after some rounds it is for a person. */
  async function sendBack(
    row: PullToCheck,
    { remarks, seenAt, why, checks, commit }: SentBack,
  ): Promise<void> {
    const issue = keyOf(row);
    const pull = row.pull_number ?? 0;
    await writes.transaction(async (transaction) => {
      const found = await forgetCommit(transaction, issue);
      const rounds = found + 1;
      await transaction
        .updateTable('issues')
        .set({ review_rounds: rounds })
        .where(ofIssue(issue))
        .execute();
      await hand(transaction, issue, { pull, branch: row.branch, why, remarks, checks }, now());
      const seen_at = Math.max(row.seen_at, seenAt);
      const red = checks.length > 0 ? { red_commit: commit } : {};
      // It is looked at again once a commit has passed, if need be the same one.
      const seen = { seen_at, unmergeable: 0, check_at: null, written_commit: null, ...red };
      await storePull(transaction, issue, seen, row);
      if (rounds > maxRounds)
        await park(transaction, issue, { code: 'review_rounds', params: { pull, rounds } });
      await recomputeIssues(transaction, [issue], now());
    });
    log.info({ ...aboutOf(row), why }, 'an issue goes back to its agent');
    deps.wake();
  }

  return { pass };
}

type PullAddress = Parameters<Gitea['getPull']>[0];
/** What sends an issue back, and the head of the pull request that it is about. */
type SentBack = Pick<NewRemarks, 'remarks' | 'seenAt'> &
  Pick<Feedback, 'why' | 'checks'> & { readonly commit: string };

/** Leaves the remarks with the last claim, whose handoff the next worker gets. */
async function hand(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  feedback: Feedback,
  now: number,
): Promise<void> {
  const claims = await transaction
    .selectFrom('claims')
    .select(['id', 'handoff'])
    .where(ofIssue(issue))
    .orderBy('claimed_at', 'desc')
    .execute();
  const [last] = claims;
  // A person had the commit verified: nobody left anything to go on from.
  if (last === undefined) return;
  const before = claims.find(({ handoff }) => handoff !== null)?.handoff ?? null;
  const handoff = feedbackHandoff(feedback, before);
  await keepHandoff(transaction, { id: last.id, issue, handoff, now });
}
