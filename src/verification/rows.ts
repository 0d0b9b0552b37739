import { sql, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { placeOf } from '../db/portable.ts';
import type { Schema, VerificationRow } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import { concludeStatuses } from './statuses.ts';

/** Finds a verification by its id, ended or not. */
export function findVerification(db: Database, id: string): Promise<VerificationRow | undefined> {
  return db.selectFrom('verifications').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Somebody waits for it: the live claim that asked, or a person. */
export function isWanted() {
  return sql<boolean>`(verifications.claim_id is null or exists (select 1 from claims
    where claims.id = verifications.claim_id and claims.ended_at is null
      and claims.verification_id = verifications.id))`;
}

/** Finds the verification of an issue that has not ended; there is at most one. */
export function findOpen(db: Database, issue: IssueKey): Promise<VerificationRow | undefined> {
  return db
    .selectFrom('verifications')
    .selectAll()
    .where(ofIssue(issue))
    .where('ended_at', 'is', null)
    .executeTakeFirst();
}

/** The columns of a verification that goes back into the queue at once, and without an error. */
export function queuedAt(now: number) {
  return { state: 'queued', due_at: now, lease_id: null, lease_expires_at: null } as const;
}

/** Why a verification ended without a verdict; the first is also what a new commit does to the one before. */
const endings = {
  superseded: 'Another commit of the issue is verified instead.',
  claim_ended: 'The claim that asked for it ended.',
  verification_off:
    'Nothing is verified here any more: complete again, and a person looks at the commit.',
} as const;

/** Ends a verification without a verdict; a verifier that runs it is told by its next call. */
export async function giveUp(
  transaction: Transaction<Schema>,
  row: VerificationRow,
  { cause, now }: { readonly cause: keyof typeof endings; readonly now: number },
): Promise<void> {
  await transaction
    .updateTable('verifications')
    .set({
      ...{ state: 'error', ended_at: now, lease_id: null, lease_expires_at: null },
      ...{ cause_code: cause, cause_message: endings[cause] },
    })
    .where('id', '=', row.id)
    .where('ended_at', 'is', null)
    .execute();
  // None stays pending for ever.
  const ended = { ...row, gates: null, cause_message: endings[cause] };
  await concludeStatuses(transaction, ended, 'error');
}

/** Causes that say nothing about the commit on its base, so that a later request is a new question. */
const notProof = ['commit_not_found', ...Object.keys(endings)];

/**
 * Finds the newest verdict on the same commit and base: tree and configuration follow from these two. The gates
 * must have been of this version, and the tools those of the newest verdict: other ones may see it otherwise.
 */
export function findProof(
  db: Database,
  proof: {
    readonly repositoryId: number;
    readonly commit: string;
    readonly base: string;
    readonly version: string;
  },
): Promise<VerificationRow | undefined> {
  return (
    db
      .selectFrom('verifications')
      .selectAll()
      .where('repository_id', '=', proof.repositoryId)
      .where('commit_id', '=', proof.commit)
      // Exactly the condition of its index.
      .where('ended_at', 'is not', null)
      .where('base_commit', '=', proof.base)
      .where('state', 'in', ['passed', 'failed'])
      .where('cause_code', 'not in', notProof)
      .where(sql<boolean>`${placeOf(sql`environment || ','`, `${proof.version},`)} > 0`)
      .where('environment', '=', newestEnvironment)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
  );
}

const newestEnvironment = sql<string>`(select environment from verifications
  where ended_at is not null and state in ('passed', 'failed') order by seq desc limit 1)`;

/** Number of the newest verifications of an issue that failed with these faults on this tree, one after another. */
export async function countSameFailures(
  transaction: Transaction<Schema>,
  issue: IssueKey,
  { fingerprint, tree }: Pick<VerificationRow, 'fingerprint' | 'tree'>,
): Promise<number> {
  if (fingerprint === null) return 0;
  const newest = await transaction
    .selectFrom('verifications')
    .select(['fingerprint', 'tree'])
    .where(ofIssue(issue))
    .where('state', 'in', ['passed', 'failed'])
    .orderBy('seq', 'desc')
    .limit(20)
    .execute();
  const other = newest.findIndex((row) => row.fingerprint !== fingerprint || row.tree !== tree);
  return other < 0 ? newest.length : other;
}

/** Reports that are kept: the newest ones. What is shown of older verifications needs none. */
const reportsKept = 200;
/** Verifications that are kept of one issue. */
const keptOfIssue = 50;

/** Drops old reports, and old verifications of an issue that has many. */
export async function pruneVerifications(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<void> {
  await sql`update verifications set report = null where report is not null and seq <= (
    select seq from verifications where report is not null
    order by seq desc limit 1 offset ${reportsKept})`.execute(transaction);
  await sql`delete from verifications where ended_at is not null and
    repository_id = ${issue.repositoryId} and number = ${issue.number} and seq <= (
      select seq from verifications
      where repository_id = ${issue.repositoryId} and number = ${issue.number}
      order by seq desc limit 1 offset ${keptOfIssue})`.execute(transaction);
}
