import { z } from 'zod';

import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import type { VerificationRow } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef, type IssueKey } from '../issue/ref.ts';
import { verdictGate } from '../issue/verification.ts';

/** A verification as the API shows it. Times are ISO 8601, UTC. */
export type VerificationView = Readonly<ReturnType<typeof viewOf>>;

const gates = z.array(verdictGate);
const durations = z.object({ fetchMs: z.number(), mergeMs: z.number(), gatesMs: z.number() });

type ShownRow = Pick<VerificationRow, (typeof shownColumns)[number]> & {
  readonly full_name: string;
};

function viewOf(row: ShownRow) {
  const { ended_at, started_at, cause_code, cause_message } = row;
  return {
    id: row.id,
    issue: formatRef({ repository: row.full_name, number: row.number }),
    state: row.state,
    cause: cause_code === null ? null : { code: cause_code, message: cause_message ?? '' },
    commit: row.commit_id,
    branch: row.branch,
    baseBranch: row.base_branch,
    base: row.base_commit,
    tree: row.tree,
    configHash: row.config_hash,
    environment: row.environment,
    worker: row.worker,
    verifier: row.verifier,
    /** Errors of ours so far. */
    errors: row.attempts,
    requestedAt: isoTime(row.requested_at),
    startedAt: started_at === null ? null : isoTime(started_at),
    endedAt: ended_at === null ? null : isoTime(ended_at),
    gates: row.gates === null ? [] : gates.parse(JSON.parse(row.gates)),
    /** What the agent is to fix. */
    findings: row.findings ?? '',
    fingerprint: row.fingerprint,
    durations: row.durations === null ? null : durations.parse(JSON.parse(row.durations)),
  };
}

/** All but the report, which may be a megabyte. */
const shownColumns = [
  ...(['id', 'repository_id', 'number', 'worker', 'commit_id', 'branch', 'base_branch'] as const),
  ...(['state', 'requested_at', 'attempts', 'verifier', 'started_at', 'ended_at'] as const),
  ...(['base_commit', 'tree', 'config_hash', 'environment', 'cause_code'] as const),
  ...(['cause_message', 'fingerprint', 'gates', 'findings', 'durations'] as const),
] as const;

function select(db: Database) {
  return db
    .selectFrom('verifications')
    .innerJoin('repositories', 'repositories.id', 'verifications.repository_id')
    .select(shownColumns.map((name) => `verifications.${name}` as const))
    .select('full_name');
}

/** One verification; undefined when there is none with that id. */
export async function viewVerification(
  db: Database,
  id: string,
): Promise<VerificationView | undefined> {
  const row = await select(db).where('verifications.id', '=', id).executeTakeFirst();
  return row && viewOf(row);
}

/** The newest verification of a claim. */
export async function newestOfClaim(
  db: Database,
  claimId: string,
): Promise<VerificationView | undefined> {
  const row = await select(db)
    .where('verifications.claim_id', '=', claimId)
    .orderBy('verifications.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && viewOf(row);
}

/** The newest verifications of an issue, the newest first. */
export async function listVerifications(
  db: Database,
  issue: IssueKey,
  limit: number,
): Promise<VerificationView[]> {
  const rows = await select(db)
    .where(ofIssue(issue))
    .orderBy('verifications.seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map(viewOf);
}

/** The report of the gates as JSON; undefined when it is not kept. */
export async function findReport(db: Database, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('verifications')
    .select('report')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.report ?? undefined;
}
