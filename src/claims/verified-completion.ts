import type { Transaction } from 'kysely';
import { z } from 'zod';

import type { ClaimRow, Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import { verificationStates, type VerificationState } from '../issue/verification.ts';
import { keepHandoff } from './claim-rows.ts';
import type { ClaimEnd } from './claim.ts';

/** A commit that shall be proved, and the base it is proved against. */
export interface VerificationRequest {
  readonly issue: IssueKey;
  /** The claim that it completes; undefined when a person asks. */
  readonly claim?: { readonly id: string; readonly worker: string; readonly agent: string };
  /** Name of the caller. */
  readonly askedBy: string;
  /** Full hash. */
  readonly commit: string;
  readonly branch: string | undefined;
  readonly base: { readonly branch: string; readonly commit: string };
  /** SHA-256 of the call, by which its repetition is known after the claim has ended. */
  readonly hash?: string;
  /** True to run the gates again, whatever was proved before. */
  readonly isNew?: boolean;
}

/** Answer to a request: the verification, which may have ended at once. */
export interface RequestedVerification {
  readonly id: string;
  readonly state: VerificationState;
}

/** Queues the verification of a commit, in the transaction of the call that names it. */
export type RequestVerification = (
  transaction: Transaction<Schema>,
  request: VerificationRequest,
) => Promise<RequestedVerification>;

export const verifyingAnswerSchema = z.object({
  claimId: z.string(),
  verification: z.object({ id: z.string(), state: z.enum(verificationStates) }),
});
/** Answer to a call that completes a claim, whose commit is verified first. */
export type VerifyingAnswer = Readonly<z.infer<typeof verifyingAnswerSchema>>;

interface Completion {
  readonly now: number;
  readonly row: ClaimRow;
  readonly end: ClaimEnd;
  readonly hash: string;
}

/** Has the commit of a completion verified, which holds the claim; undefined where that is not possible. */
export async function verifyCompletion(
  requestVerification: RequestVerification | undefined,
  transaction: Transaction<Schema>,
  { row, end, hash, now }: Completion,
): Promise<VerifyingAnswer | undefined> {
  if (requestVerification === undefined || end.kind !== 'complete' || end.base === undefined)
    return undefined;
  const { id, worker, agent } = row;
  const issue = { repositoryId: row.repository_id, number: row.number };
  if (end.handoff !== undefined)
    await keepHandoff(transaction, { id, issue, handoff: JSON.stringify(end.handoff), now });
  const verification = await requestVerification(transaction, {
    ...{ issue, claim: { id, worker, agent }, askedBy: worker, hash },
    ...{ commit: end.commit, branch: end.branch, base: end.base },
  });
  return { claimId: id, verification };
}
