import type { Transaction } from 'kysely';
import { z } from 'zod';

import { ofIssue } from '../db/key-filter.ts';
import type { Schema, VerificationRow } from '../db/schema.ts';
import { ownContextScope } from '../issue/own-marks.ts';
import type { IssueKey } from '../issue/ref.ts';
import { verdictGate, type VerdictGate, type VerdictOutcome } from '../issue/verification.ts';
import { oneLine } from '../lib/text.ts';

/** The context that branch protection should require. */
export const verdictContext = `${ownContextScope}verdict`;

/** Maximum characters of a description: Gitea stores 255. */
const maxDescription = 200;

type StatusState = 'pending' | 'success' | 'failure' | 'error';

interface WantedStatus {
  readonly context: string;
  readonly state: StatusState;
  readonly description: string;
}

interface CommitOfIssue {
  readonly issue: IssueKey;
  readonly commit: string;
  readonly verificationId: string | null;
}

/** Wants a pending status of the verdict, and of each gate that the last verification of the repository had. */
export async function announceStatuses(
  transaction: Transaction<Schema>,
  of: CommitOfIssue,
): Promise<void> {
  const last = await transaction
    .selectFrom('verifications')
    .select('gates')
    .where('repository_id', '=', of.issue.repositoryId)
    .where('gates', 'is not', null)
    .where('state', 'in', ['passed', 'failed'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const contexts = [...countedGates(last?.gates ?? null).map(contextOf), verdictContext];
  await wantStatuses(
    transaction,
    of,
    contexts.map((context) => ({
      context,
      state: 'pending',
      description: 'Waits for a verifier.',
    })),
  );
}

/** Wants the status of each gate that counted, and of the verdict; what was announced and did not run is an error. */
export async function concludeStatuses(
  transaction: Transaction<Schema>,
  row: VerificationRow,
  outcome: VerdictOutcome,
): Promise<void> {
  const issue = { repositoryId: row.repository_id, number: row.number };
  const of = { issue, commit: row.commit_id, verificationId: row.id };
  const gates = countedGates(row.gates).map((gate) => ({
    context: contextOf(gate),
    state: stateOfGate(gate),
    description: gate.message,
  }));
  const verdict = {
    context: verdictContext,
    state: outcome === 'passed' ? 'success' : outcome === 'failed' ? 'failure' : 'error',
    description: row.cause_message ?? '',
  } as const;
  const wanted = [...gates, verdict];
  const announced = await transaction
    .selectFrom('commit_statuses')
    .select('context')
    .where('repository_id', '=', row.repository_id)
    .where('commit_id', '=', row.commit_id)
    .where('state', '=', 'pending')
    .execute();
  const left = announced.filter(({ context }) => wanted.every((each) => each.context !== context));
  const notRun = left.map(({ context }) => ({
    context,
    state: 'error' as const,
    description: `Did not run: ${row.cause_message ?? ''}`,
  }));
  await wantStatuses(transaction, of, [...notRun, ...wanted]);
}

/** Wants the verdict of a commit to be pending: something was pushed that nobody has verified. */
export async function wantPendingVerdict(
  transaction: Transaction<Schema>,
  of: CommitOfIssue,
  description: string,
): Promise<void> {
  await wantStatuses(transaction, of, [{ context: verdictContext, state: 'pending', description }]);
}

/** Whether a status of the verdict is wanted of a commit, or was. */
export async function hasVerdictStatus(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  commit: string,
): Promise<boolean> {
  const row = await transaction
    .selectFrom('commit_statuses')
    .select('context')
    .where(ofIssue(issue))
    .where('commit_id', '=', commit)
    .where('context', '=', verdictContext)
    .executeTakeFirst();
  return row !== undefined;
}

async function wantStatuses(
  transaction: Transaction<Schema>,
  { issue, commit, verificationId }: CommitOfIssue,
  wanted: readonly WantedStatus[],
): Promise<void> {
  for (const [place, { context, state, description }] of wanted.entries()) {
    const values = {
      ...{ number: issue.number, place, state, verification_id: verificationId },
      ...{ description: oneLine(description, maxDescription), written: 0, attempts: 0, due_at: 0 },
      error: null,
    };
    await transaction
      .insertInto('commit_statuses')
      .values({ repository_id: issue.repositoryId, commit_id: commit, context, ...values })
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'commit_id', 'context']).doUpdateSet(values),
      )
      .execute();
  }
  await dropOldStatuses(transaction, issue, commit);
}

/** Statuses of earlier commits that stand on Gitea, or are refused, need no row any more. */
async function dropOldStatuses(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  commit: string,
): Promise<void> {
  await transaction
    .deleteFrom('commit_statuses')
    .where(ofIssue(issue))
    .where('commit_id', '!=', commit)
    .where((eb) => eb.or([eb('written', '=', 1), eb('error', 'is not', null)]))
    .execute();
}

/** The gates of a stored verdict that are part of it. */
export function countedGates(json: string | null): VerdictGate[] {
  if (json === null) return [];
  return z
    .array(verdictGate)
    .parse(JSON.parse(json))
    .filter(({ counts }) => counts);
}

function contextOf({ gate }: VerdictGate): string {
  return `${ownContextScope}${gate}`;
}

function stateOfGate({ status }: VerdictGate): StatusState {
  if (status === 'passed') return 'success';
  return status === 'failed' ? 'failure' : 'error';
}
