import { sql, type ExpressionBuilder, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { greatest } from '../db/portable.ts';
import type { PullRequestRow, Schema } from '../db/schema.ts';
import type { PullHint } from '../issue/pull-hint.ts';
import type { IssueKey } from '../issue/ref.ts';
import { isForgeDue } from './forge.ts';

/** Issues in review whose pull request is not there, or does not tell of the commit that was verified. */
export function issuesToPublish(
  db: Database,
  { now, limit }: { readonly now: number; readonly limit: number },
) {
  return db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .leftJoin('pull_requests', (join) =>
      join
        .onRef('pull_requests.repository_id', '=', 'issues.repository_id')
        .onRef('pull_requests.number', '=', 'issues.number'),
    )
    .select(['issues.repository_id as repositoryId', 'issues.number', 'full_name as repository'])
    .select(['issues.title', 'verified_commit as commit'])
    .select(['pull_requests.pull_number as pull', 'pull_requests.state as pullState'])
    .select(['pull_requests.attempts as attempts', 'pull_requests.check_at as check_at'])
    .select('pull_requests.former_pull as former')
    .where('deleted', '=', 0)
    .where('issues.state', '=', 'in_review')
    .where('verified_commit', 'is not', null)
    .where(
      sql<boolean>`(pull_requests.number is null or pull_requests.state = 'closed'
        or pull_requests.written_commit is distinct from issues.verified_commit)`,
    )
    .where((eb) =>
      eb.or([
        eb('pull_requests.number', 'is', null),
        isForgeDue(sql.ref('pull_requests.due_at'), now).$castTo<boolean>(),
      ]),
    )
    .orderBy('issues.repository_id')
    .orderBy('issues.number')
    .limit(limit)
    .execute();
}
export type IssueToPublish = Awaited<ReturnType<typeof issuesToPublish>>[number];

/** The verification that proved the commit of an issue. */
export function findProofOf(db: Database, issue: IssueKey, commit: string) {
  return db
    .selectFrom('verifications')
    .select(['id', 'branch', 'base_branch', 'base_commit', 'gates'])
    .where(ofIssue(issue))
    .where('commit_id', '=', commit)
    .where('state', '=', 'passed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}

type Changes = Partial<Omit<PullRequestRow, 'repository_id' | 'number'>>;

/**
 * Stores what is known of the pull request of an issue. `asked`: when it was due as Gitea was asked; a hint that
 * came since stays due, since the answer may be older than what it tells of.
 */
export async function storePull(
  db: Database,
  { repositoryId, number }: IssueKey,
  changes: Changes,
  asked?: { readonly check_at: number | null },
): Promise<void> {
  const { check_at } = changes;
  const isUnchanged =
    asked &&
    sql<boolean>`pull_requests.check_at is not distinct from cast(${asked.check_at} as bigint)`;
  const changed =
    check_at === undefined || isUnchanged === undefined
      ? changes
      : {
          ...changes,
          check_at: sql<number>`case when ${isUnchanged} then ${check_at} else pull_requests.check_at end`,
        };
  const nothing = {
    ...{ pull_number: null, branch: '', commit_id: '', body_hash: null },
    ...{ written_commit: null, check_at: null, error: null, red_commit: null },
    former_pull: null,
    state: 'open',
  } as const;
  await db
    .insertInto('pull_requests')
    .values({ ...nothing, ...changes, repository_id: repositoryId, number })
    .onConflict((conflict) => conflict.columns(['repository_id', 'number']).doUpdateSet(changed))
    .execute();
}

/** Pull requests of ours that Gitea is to be asked about. */
export function pullsToCheck(
  db: Database,
  { now, limit }: { readonly now: number; readonly limit: number },
) {
  return (
    db
      .selectFrom('pull_requests')
      .innerJoin('repositories', 'repositories.id', 'pull_requests.repository_id')
      .innerJoin('issues', (join) =>
        join
          .onRef('issues.repository_id', '=', 'pull_requests.repository_id')
          .onRef('issues.number', '=', 'pull_requests.number'),
      )
      .selectAll('pull_requests')
      .select(['full_name as repository', 'issues.open', 'issues.assigned', 'issues.deleted'])
      .select(['verified_commit', 'parked_code', 'issues.state as issueState'])
      // The condition of its index.
      .where('check_at', 'is not', null)
      .where('pull_number', 'is not', null)
      .where(isForgeDue(sql.ref('check_at'), now))
      .orderBy('check_at')
      .limit(limit)
      .execute()
  );
}
export type PullToCheck = Awaited<ReturnType<typeof pullsToCheck>>[number];

/** Interval at which Gitea is asked about an open pull request. */
export const checkIntervalMs = 300_000;
/** Minimum gap between two questions: whoever repeats a captured delivery must not make us repeat ours. */
const minGapMs = 5_000;

/** Has Gitea asked about a pull request of ours now, or a moment after the last time. */
export async function checkSoon(
  transaction: Transaction<Schema>,
  hint: PullHint,
  now: number,
): Promise<void> {
  const gap = minGapMs - checkIntervalMs;
  await transaction
    .updateTable('pull_requests')
    .set({ check_at: greatest(now, sql`coalesce(check_at, 0) + ${gap}`) })
    .where(meantBy(hint))
    .execute();
}

/** Whether a hint may be about a pull request of ours. */
export async function isOurPull(db: Database, hint: PullHint): Promise<boolean> {
  const row = await db
    .selectFrom('pull_requests')
    .select('number')
    .where(meantBy(hint))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function meantBy({ repositoryId, of }: PullHint) {
  return (eb: ExpressionBuilder<Schema, 'pull_requests'>) =>
    eb.and([
      eb('repository_id', '=', repositoryId),
      'pull' in of
        ? // One that is being opened has its number on Gitea before it has it here.
          eb.or([eb('pull_number', '=', of.pull), eb('pull_number', 'is', null)])
        : 'branch' in of
          ? eb('branch', '=', of.branch)
          : eb('commit_id', '=', of.commit),
      eb.or([eb('pull_number', 'is not', null), eb('uncertain', '=', 1)]),
      eb('state', '!=', 'merged'),
    ]);
}

/** For health: pull requests that Gitea refuses. */
export async function countRefusedPulls(db: Database) {
  return db
    .selectFrom('pull_requests')
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'pull_requests.repository_id')
        .onRef('issues.number', '=', 'pull_requests.number'),
    )
    .select((eb) => [eb.fn.countAll<number>().as('refused'), eb.fn.max('error').as('refusal')])
    .where('error', 'is not', null)
    .where('issues.open', '=', 1)
    .executeTakeFirstOrThrow();
}
