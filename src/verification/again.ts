import type { Transaction } from 'kysely';

import type { CheckCommit } from '../claims/commit-check.ts';
import type { RequestedVerification } from '../claims/verified-completion.ts';
import { findLiveClaimOf } from '../claims/claim-rows.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import { requestVerification } from './request.ts';
import type { VerificationDeps } from './deps.ts';

/** What a claim waits for is due now, however often it ended with an error of ours. */
async function hasten(
  transaction: Transaction<Schema>,
  id: string,
  now: number,
): Promise<RequestedVerification> {
  const { state } = await transaction
    .updateTable('verifications')
    .set((eb) => ({ due_at: eb.fn<number>('min', ['due_at', eb.val(now)]) }))
    .where('id', '=', id)
    .returning('state')
    .executeTakeFirstOrThrow();
  return { id, state };
}

/**
 * Asks for the last commit of an issue to be verified once more, because a person says so. Answers with a sentence
 * when there is nothing to verify. Throws `TryAgainLater` when Gitea does not answer.
 */
export async function verifyAgain(
  deps: VerificationDeps & { readonly checkCommit: CheckCommit },
  { issue, caller }: { readonly issue: IssueKey; readonly caller: string },
  signal: AbortSignal,
): Promise<RequestedVerification | { readonly refusal: string }> {
  const last = await deps.db
    .selectFrom('verifications')
    .select(['commit_id', 'branch'])
    .where(ofIssue(issue))
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return { refusal: 'No commit of this issue was ever verified.' };
  const check = await deps.checkCommit(issue.repositoryId, last.commit_id, signal);
  if (check.kind !== 'change')
    return { refusal: `The commit ${last.commit_id} is not on Gitea, or is no change any more.` };
  const asked = await deps.writes.transaction(async (transaction) => {
    const row = await transaction
      .selectFrom('issues')
      .select(['open', 'assigned'])
      .where(ofIssue(issue))
      .executeTakeFirst();
    if (row?.open !== 1 || row.assigned !== 1)
      return { refusal: 'The issue is closed, or not assigned to the bot.' };
    const claim = await findLiveClaimOf(transaction, issue);
    if (claim?.verification_id != null)
      return hasten(transaction, claim.verification_id, deps.now());
    if (claim !== undefined)
      return { refusal: 'An agent works on it: its next commit is verified.' };
    return requestVerification(deps, transaction, {
      ...{ issue, askedBy: caller, commit: check.commit, base: check.base },
      branch: last.branch ?? undefined,
      isNew: true,
    });
  });
  deps.longPolls.wake();
  return asked;
}
