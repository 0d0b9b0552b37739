import { randomUUID } from 'node:crypto';

import { sql, type Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { Database } from '../db/database.ts';
import type { Schema, VerificationRow } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef } from '../issue/ref.ts';
import {
  verdictReportLimit,
  type Verdict,
  type VerificationJob,
  type VerificationState,
} from '../issue/verification.ts';
import { inScope, type Scope } from '../plans/scope.ts';
import { isDue } from './due-times.ts';
import { findVerification, isWanted, queuedAt } from './rows.ts';
import { settleVerdict } from './settle.ts';
import { errorBackoffMs, maxErrors, verifierLeaseMs, type VerificationDeps } from './deps.ts';
import { partOfVerification } from './traces.ts';

/** Who asks for work, and for which repositories. */
export interface Verifier {
  /** Name of the caller. */
  readonly verifier: string;
  readonly scope: Scope;
}

/** A call of a verifier about the verification that it runs. */
export interface VerifierCall {
  readonly id: string;
  /** Name of the caller. */
  readonly verifier: string;
  readonly token: string | undefined;
}

export interface LeaseRefusal {
  readonly code: 'verification_token_invalid' | 'stale_lease';
  readonly message: string;
}

/** Hands the verification that is due longest to a verifier; undefined when none is due. */
export async function takeVerification(
  deps: VerificationDeps,
  { verifier, scope }: Verifier,
): Promise<VerificationJob | undefined> {
  return deps.writes.transaction(async (transaction) => {
    const now = deps.now();
    const row = await nextDue(transaction, scope, now);
    if (row === undefined) return undefined;
    const leaseId = randomUUID();
    const expiresAt = now + verifierLeaseMs;
    await transaction
      .updateTable('verifications')
      .set({
        ...{ state: 'running', lease_id: leaseId, verifier, lease_expires_at: expiresAt },
        // Of an attempt that ended with an error: every call would read it.
        ...{ started_at: now, report: null },
      })
      .where('id', '=', row.id)
      .execute();
    const taken = { verification: row.id, verifier, commit: row.commit_id };
    afterCommit(
      transaction,
      partOfVerification(row, () => deps.log.info(taken, 'verification taken')),
    );
    return {
      verificationId: row.id,
      token: deps.tokens.tokenOf(tokenSubject(row.id, leaseId)),
      leaseExpiresAt: isoTime(expiresAt),
      issue: formatRef({ repository: row.full_name, number: row.number }),
      repository: row.full_name,
      repositoryId: row.repository_id,
      commit: row.commit_id,
      branch: row.branch,
      baseBranch: row.base_branch,
      attempt: row.attempts + 1,
    };
  });
}

function nextDue(transaction: Transaction<Schema>, scope: Scope, now: number) {
  return transaction
    .selectFrom('verifications')
    .innerJoin('repositories', 'repositories.id', 'verifications.repository_id')
    .select(['verifications.id', 'number', 'repository_id', 'commit_id', 'branch', 'base_branch'])
    .select('claim_id')
    .select(['attempts', 'full_name'])
    .where('ended_at', 'is', null)
    .where('state', '=', 'queued')
    .where(isDue(sql.ref('due_at'), { now, longestMs: errorBackoffMs(maxErrors) }))
    .where(isWanted())
    .where(inScope('verifications.repository_id', scope))
    .orderBy('verifications.seq')
    .limit(1)
    .executeTakeFirst();
}

function tokenSubject(id: string, leaseId: string): string {
  return `verification ${id} ${leaseId}`;
}

/** Finds the verification that the caller runs; a lost lease is refused. */
export async function runningBy(
  { tokens }: Pick<VerificationDeps, 'tokens'>,
  db: Database,
  { id, verifier, token }: VerifierCall,
): Promise<VerificationRow | LeaseRefusal> {
  const row = await findVerification(db, id);
  if (row?.lease_id == null || row.verifier !== verifier) return lostLease;
  return tokens.isTokenOf(tokenSubject(id, row.lease_id), token) ? row : wrongToken;
}

/** Tokens of earlier leases look wrong as well: both mean that nothing more is to be done. */
const wrongToken: LeaseRefusal = {
  code: 'verification_token_invalid',
  message: 'Send the token that came with this verification as X-Verification-Token.',
};
const lostLease: LeaseRefusal = {
  code: 'stale_lease',
  message: 'This verification is not yours any more: stop it, and take the next one.',
};

/** Extends the lease of a verifier from now on. */
export function heartbeatVerification(
  deps: VerificationDeps,
  call: VerifierCall,
): Promise<{ readonly leaseExpiresAt: string } | LeaseRefusal> {
  return deps.writes.transaction(async (transaction) => {
    const row = await runningBy(deps, transaction, call);
    if ('code' in row) return row;
    const expiresAt = deps.now() + verifierLeaseMs;
    await transaction
      .updateTable('verifications')
      .set({ lease_expires_at: expiresAt })
      .where('id', '=', row.id)
      .execute();
    return { leaseExpiresAt: isoTime(expiresAt) };
  });
}

/** Stores a verdict with all that follows from it, in one transaction. */
export async function recordVerdict(
  deps: VerificationDeps,
  call: VerifierCall,
  verdict: Verdict,
): Promise<{ readonly state: VerificationState } | LeaseRefusal> {
  const result = await deps.writes.transaction(async (transaction) => {
    const row = await runningBy(deps, transaction, call);
    if ('code' in row) return row;
    const { base, tree, configHash, environment, cause, fingerprint, findings } = verdict;
    const found = {
      ...{ base_commit: base, tree, config_hash: configHash, environment },
      ...{ cause_code: cause.code, cause_message: cause.message, fingerprint, findings },
      gates: JSON.stringify(verdict.gates),
      durations: JSON.stringify(verdict.durations),
      report: reportOf(verdict),
    };
    await transaction.updateTable('verifications').set(found).where('id', '=', row.id).execute();
    const { outcome } = verdict;
    const state = await settleVerdict(deps, transaction, { row: { ...row, ...found }, outcome });
    const { code } = cause;
    const stored = { verification: row.id, verifier: call.verifier, state, code };
    afterCommit(
      transaction,
      partOfVerification(row, () => deps.log.info(stored, 'verdict stored')),
    );
    return { state };
  });
  wakeAll(deps);
  return result;
}

/** The report as JSON; null when it is longer than a verifier may send. */
function reportOf({ report }: Verdict): string | null {
  const text = report == null ? null : JSON.stringify(report);
  return text === null || text.length > verdictReportLimit ? null : text;
}

/** Puts the verification of a verifier that stops back into the queue, at once and without an error. */
export async function giveBack(
  deps: VerificationDeps,
  call: VerifierCall,
): Promise<{ readonly state: VerificationState } | LeaseRefusal> {
  const result = await deps.writes.transaction(async (transaction) => {
    const row = await runningBy(deps, transaction, call);
    if ('code' in row) return row;
    const queued = queuedAt(deps.now());
    await transaction
      .updateTable('verifications')
      .set(queued)
      .where('id', '=', row.id)
      .where('ended_at', 'is', null)
      .execute();
    return { state: queued.state };
  });
  wakeAll(deps);
  return result;
}

export function wakeAll({ longPolls, wakePublisher }: VerificationDeps): void {
  longPolls.wake();
  wakePublisher();
}
