import type { Database } from '../db/database.ts';
import type { CommitCheck } from '../issue/verification.ts';
import { findLiveClaim } from './claim-rows.ts';
import { commitRefused, type ClaimCall, type ClaimEnd, type RefusedCall } from './claim.ts';

/** Asks Gitea about a commit. Throws `TryAgainLater`. */
export type CheckCommit = (
  repositoryId: number,
  commit: string,
  signal: AbortSignal,
) => Promise<CommitCheck>;

interface CompletionDeps {
  readonly db: Database;
  readonly now: () => number;
  readonly checkCommit: CheckCommit | undefined;
}

/**
 * Looks for the commit that completes a live claim on Gitea. A refusal leaves the claim as it is, so that its
 * worker can push and complete again. Without a token, or where the bot may not read the code, nobody looks.
 */
export async function checkCompletion(
  { db, checkCommit, now }: CompletionDeps,
  { claimId: id, worker }: ClaimCall,
  { end, signal }: { readonly end: ClaimEnd; readonly signal: AbortSignal },
): Promise<ClaimEnd | RefusedCall> {
  if (end.kind !== 'complete' || checkCommit === undefined) return end;
  const row = await findLiveClaim(db, { id, worker, now: now() });
  // Too late: the transaction says so.
  if (row === undefined) return end;
  const check = await checkCommit(row.repository_id, end.commit, signal);
  switch (check.kind) {
    case 'change':
      return { ...end, commit: check.commit, checked: true, base: check.base };
    case 'unreadable':
      return end;
    case 'missing': {
      const text = `The commit ${end.commit} was not found in ${check.repository}: push it, and complete again.`;
      return commitRefused('commit_not_found', text);
    }
    case 'no_change': {
      const text = `The commit ${end.commit} is no change against the default branch ${check.branch} of ${check.repository}: push the work to a branch of its own, and complete again with its commit.`;
      return commitRefused('commit_no_change', text);
    }
  }
}
