import type { Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { Schema, VerificationRow } from '../db/schema.ts';
import { formatRef } from '../issue/ref.ts';
import type { VerdictOutcome } from '../issue/verification.ts';
import { partOfTrace, tellRoot, tellSpan, traceOf } from '../lib/spans.ts';
import { findRepositoryName } from '../plans/repository-names.ts';

/**
 * What does something as a part of the trace of a verification, such as a line of the log: that of its claim, or one of
 * its own (named by its id in place of the claim's) when a person asked for it.
 */
export function partOfVerification(
  { id, claim_id: claim }: Pick<VerificationRow, 'id' | 'claim_id'>,
  act: () => void,
): () => void {
  return partOfTrace('claim', claim ?? id, act);
}

/**
 * Tells of a verification that has ended, once the transaction has committed: in the trace of the claim that asked for
 * it. One that a person asked for has a trace of its own.
 */
export async function tellVerification(
  transaction: Transaction<Schema>,
  row: VerificationRow,
  { outcome, endedAt }: { readonly outcome: VerdictOutcome; readonly endedAt: number },
): Promise<void> {
  const { id, claim_id: claim, requested_at: startedAt, repository_id, number } = row;
  const repository = await findRepositoryName(transaction, repository_id);
  const attributes = {
    'mosaic.verification': id,
    'mosaic.issue': formatRef({ repository, number }),
    'mosaic.outcome': outcome,
  };
  const span = { startedAt, endedAt, attributes };
  afterCommit(transaction, () => {
    if (claim === null) tellRoot('verification', { ...span, root: traceOf('claim', id) });
    else tellSpan('verification', { ...span, parent: traceOf('claim', claim) });
  });
}
