import { randomUUID } from 'node:crypto';

import type { Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { RequestedVerification, VerificationRequest } from '../claims/verified-completion.ts';
import { findOpen, findProof, findVerification, giveUp, pruneVerifications } from './rows.ts';
import { settleVerdict } from './settle.ts';
import type { VerificationDeps } from './deps.ts';
import { announceStatuses } from './statuses.ts';

/**
 * Puts a verification into the queue and holds the claim until it ends. One of another commit of the same issue
 * is given up. What was proved before, of the same commit on the same base and by this version of the gates, is
 * answered at once and nothing is run.
 */
export async function requestVerification(
  deps: VerificationDeps,
  transaction: Transaction<Schema>,
  request: VerificationRequest,
): Promise<RequestedVerification> {
  const { issue, claim, commit, base } = request;
  const { repositoryId } = issue;
  const now = deps.now();
  const open = await findOpen(transaction, issue);
  if (open?.commit_id === commit && open.claim_id === (claim?.id ?? null))
    return { id: open.id, state: open.state };
  if (open !== undefined) await giveUp(transaction, open, { cause: 'superseded', now });
  const { version } = deps;
  const question = { repositoryId, commit, base: base.commit, version };
  const proof = request.isNew === true ? undefined : await findProof(transaction, question);
  const id = randomUUID();
  await transaction
    .insertInto('verifications')
    .values({
      ...(proof === undefined ? nothingProved : provedBy(proof)),
      ...{ id, repository_id: repositoryId, number: issue.number },
      ...{ claim_id: claim?.id ?? null, worker: claim?.worker ?? null },
      ...{ agent: claim?.agent ?? null, asked_by: request.askedBy, commit_id: commit },
      ...{ branch: request.branch ?? null, base_branch: base.branch, state: 'queued' },
      ...{ requested_at: now, due_at: now, end_hash: request.hash ?? null },
    })
    .execute();
  if (claim !== undefined)
    await transaction
      .updateTable('claims')
      .set({ verification_id: id })
      .where('id', '=', claim.id)
      .execute();
  await announceStatuses(transaction, { issue, commit, verificationId: id });
  const row = proof && (await findVerification(transaction, id));
  if (row === undefined || proof === undefined) {
    // Also here: what is given up for the next commit is never settled.
    await pruneVerifications(transaction, issue);
    return { id, state: 'queued' };
  }
  const outcome = proof.state === 'passed' ? 'passed' : 'failed';
  return { id, state: await settleVerdict(deps, transaction, { row, outcome }) };
}

const nothingProved = {
  ...{ lease_id: null, verifier: null, lease_expires_at: null, started_at: null, ended_at: null },
  ...{ base_commit: null, tree: null, config_hash: null, environment: null, report: null },
  ...{ cause_code: null, cause_message: null, fingerprint: null },
  ...{ gates: null, findings: null, durations: null },
};

function provedBy(proof: NonNullable<Awaited<ReturnType<typeof findProof>>>) {
  const { base_commit, tree, config_hash, environment, cause_code, cause_message } = proof;
  const { fingerprint, gates, findings, durations, verifier } = proof;
  return {
    ...nothingProved,
    ...{ base_commit, tree, config_hash, environment, cause_code, cause_message },
    ...{ fingerprint, gates, findings, durations, verifier },
  };
}
